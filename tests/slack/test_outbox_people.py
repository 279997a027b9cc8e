"""Words to one person: given up when there is nobody, or when Slack has refused them for a day."""

import pytest

from bot.db.engine import Database
from bot.slack.directory import Directory
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Clock
from tests.narrow import present
from tests.slack.outboxes import Desk


@pytest.fixture
def desk(sqlite_database: Database, web: SlackWebClient, directory: Directory, clock: Clock) -> Desk:
    return Desk(database=sqlite_database, web=web, directory=directory, clock=clock)


async def test_a_person_gets_a_dm(desk: Desk, fake: FakeSlack) -> None:
    await desk.want(target="dm:U1ALICE")
    await desk.run()
    assert [message.text for message in fake.dm("U1ALICE")] == ["card of 7"]
    assert present((await desk.row()).channel).startswith("D")
    desk.texts["7"] = "newer"
    await desk.want(target="dm:U1ALICE")
    await desk.run()
    assert [message.text for message in fake.dm("U1ALICE")] == ["newer"]


@pytest.mark.parametrize("user", ["U7GONE", "U8BOT", "U404"])
async def test_a_person_who_cannot_be_written_to_is_recorded_and_left_alone(desk: Desk, user: str) -> None:
    await desk.want(target=f"dm:{user}")
    await desk.run()
    assert (await desk.row()).error
    assert desk.queue.delays == []


async def test_a_person_who_cannot_be_written_to_now_is_tried_for_a_day(
    desk: Desk, fake: FakeSlack, clock: Clock
) -> None:
    fake.faults.add("conversations.open", "refuse", code="org_login_required", times=2)
    await desk.want(target="dm:U1ALICE")
    await desk.run(seconds=2000)
    assert [message.text for message in fake.dm("U1ALICE")] == ["card of 7"]
    fake.faults.add("conversations.open", "refuse", code="org_login_required", times=1000)
    await desk.want("req:9:dm", target="dm:U2BOB")
    await desk.run(seconds=2 * 86_400)
    assert fake.faults.armed[0].times > 900
    assert (await desk.row("req:9:dm")).error == "org_login_required"


async def test_the_day_counts_from_the_first_refusal_in_succession(desk: Desk, fake: FakeSlack, clock: Clock) -> None:
    await desk.want(target="dm:U1ALICE")
    await desk.run()
    clock.now += 2 * 86_400
    fake.faults.add("chat.update", "refuse", code="org_login_required", times=2)
    desk.texts["7"] = "two days later"
    await desk.want(target="dm:U1ALICE")
    await desk.run(seconds=2000)
    assert [message.text for message in fake.dm("U1ALICE")] == ["two days later"]
    # Refused once more, after it went well: the day begins anew.
    clock.now += 2 * 86_400
    fake.faults.add("chat.update", "refuse", code="org_login_required", times=1)
    desk.texts["7"] = "four days later"
    await desk.want(target="dm:U1ALICE")
    await desk.run(seconds=2000)
    assert [message.text for message in fake.dm("U1ALICE")] == ["four days later"]


async def test_what_was_given_up_is_tried_for_another_day_when_it_changes(desk: Desk, fake: FakeSlack) -> None:
    fake.faults.add("conversations.open", "refuse", code="org_login_required", times=1000)
    await desk.want(target="dm:U1ALICE")
    await desk.run(seconds=2 * 86_400)
    assert desk.queue.waiting == []
    await desk.want(target="dm:U1ALICE")
    await desk.run(seconds=2000)
    assert desk.queue.waiting != []
    fake.faults.armed.clear()
    await desk.run()
    assert [message.text for message in fake.dm("U1ALICE")] == ["card of 7"]


async def test_a_scope_that_the_app_lacks_is_waited_for_and_does_not_count(desk: Desk, fake: FakeSlack) -> None:
    fake.faults.add("conversations.open", "refuse", code="missing_scope", times=120)
    fake.faults.add("conversations.open", "refuse", code="org_login_required", times=2)
    await desk.want(target="dm:U1ALICE")
    await desk.run(seconds=3 * 86_400, turns=200)
    assert [message.text for message in fake.dm("U1ALICE")] == ["card of 7"]


async def test_a_revoked_token_is_shown_and_tried_slowly(desk: Desk, fake: FakeSlack) -> None:
    fake.switches.token = "token_revoked"
    await desk.want(target="dm:U1ALICE")
    await desk.run(seconds=400)
    assert desk.outbox.fatal == "token_revoked"
    assert desk.queue.delays[0] == 300.0
    fake.switches.token = "valid"
    await desk.run()
    assert desk.outbox.fatal is None
    assert [message.text for message in fake.dm("U1ALICE")] == ["card of 7"]
