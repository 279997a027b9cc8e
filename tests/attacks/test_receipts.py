"""A form belongs to the person who opened it, and so does what becomes of it."""

from keydesk_sandbox import seed
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk
from tests.scenarios.forging import last

__all__ = ["http_desk"]
ADA, BEN = seed.ENGINEER, seed.SECOND_ENGINEER


async def test_a_submission_that_is_repeated_in_another_name_shows_nothing_of_the_first(http_desk: Desk) -> None:
    desk = http_desk
    answer = await desk.ask(ADA, name="secret-project", remain_quota="900k", expired_time="90d", reason="a plan")
    assert "secret-project" in str(answer.body)
    payload = last(desk, "view_submission")
    again = await desk.slack.deliveries.send("interactive", payload)
    assert "secret-project" in str(again.body)
    payload["user"] = desk.slack.workspace.people[BEN].short()
    payload["view"]["state"]["values"]["name"]["value"]["value"] = "something else"
    forged = await desk.slack.deliveries.send("interactive", payload)
    assert "secret-project" not in str(forged.body)
    assert "not by you" in str(forged.body)
    assert len(await desk.audit("asked")) == 1
