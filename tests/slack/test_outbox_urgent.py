import itertools
from typing import Any

import pytest

from bot.db.engine import Database
from bot.slack.directory import Directory
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Clock
from tests.slack.outboxes import Desk


@pytest.fixture
def desk(sqlite_database: Database, web: SlackWebClient, directory: Directory, clock: Clock) -> Desk:
    return Desk(database=sqlite_database, web=web, directory=directory, clock=clock)


def posted(fake: FakeSlack) -> list[Any]:
    return [call for call in fake.calls if call.method == "chat.postMessage" and call.status == 200]


async def test_an_alert_overtakes_five_hundred_messages_and_the_pace_stays(
    desk: Desk, fake: FakeSlack, clock: Clock
) -> None:
    for number in range(500):
        await desk.want(f"p{number}", subject=str(number))
    await desk.run(seconds=5, turns=2_000)
    came = clock.now
    for number in range(4):
        await desk.want(f"a{number}", kind="alert", subject=f"alert {number}")
    await desk.run(seconds=20, turns=4_000)
    alerts = [call for call in posted(fake) if "alert" in str(call.arguments)]
    assert [round(call.at - came) <= 3 * (place + 1) for place, call in enumerate(alerts)] == [True] * 4
    assert alerts[0].at - came <= 3.0
    assert not [call for call in fake.calls if call.status == 429]
    late = [call.at for call in posted(fake) if call.at > came + 1]
    assert all(later - sooner >= 0.9 for sooner, later in itertools.pairwise(late))


@pytest.mark.parametrize("code", ["is_archived", "restricted_action", "channel_not_found", "not_in_channel"])
async def test_a_closed_channel_is_told_once_and_tried_again_soon(
    desk: Desk, fake: FakeSlack, clock: Clock, code: str
) -> None:
    fake.faults.add("chat.postMessage", "refuse", code=code, times=10_000)
    await desk.want()
    await desk.run(seconds=100)
    assert desk.refusals == [("p1", code)]
    (problem,) = await desk.outbox.problems()
    assert code in problem
    fake.faults.armed.clear()
    opened = clock.now
    await desk.run(seconds=60)
    assert (await desk.row()).ts is not None
    assert clock.now - opened <= 60
    assert await desk.outbox.problems() == []
    assert desk.refusals == [("p1", code), ("p1", None)]
