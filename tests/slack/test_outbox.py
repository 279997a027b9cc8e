import asyncio
import contextlib
import dataclasses
import itertools
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from sqlalchemy.engine.base import Connection

from bot.db.engine import Database
from bot.durable.engine import Again
from bot.slack import post_store
from bot.slack.blocks import Message, section
from bot.slack.directory import Directory
from bot.slack.post_store import PostRow
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Clock
from tests.slack.outboxes import Desk
from tests.tools.leases import holder_of


@pytest.fixture
def desk(sqlite_database: Database, web: SlackWebClient, directory: Directory, clock: Clock) -> Desk:
    return Desk(database=sqlite_database, web=web, directory=directory, clock=clock)


@pytest.fixture
def both(database: Database, web: SlackWebClient, directory: Directory, clock: Clock) -> Desk:
    return Desk(database=database, web=web, directory=directory, clock=clock)


def texts(fake: FakeSlack, channel: str = "C1GENERAL") -> list[str]:
    return [message.text for message in fake.messages(channel)]


def calls(fake: FakeSlack, method: str) -> list[Any]:
    return [call for call in fake.calls if call.method == method]


@contextlib.asynccontextmanager
async def held_post(fake: FakeSlack) -> AsyncIterator[None]:
    """Within it Slack keeps the next post waiting."""
    until = asyncio.Event()
    fake.faults.add("chat.postMessage", "delay", until=until)
    yield
    until.set()


async def at_slack(fake: FakeSlack) -> None:
    """Until the call that is held back has come."""
    while fake.faults.armed:  # noqa: ASYNC110  # the fault is taken in the server's own task
        await asyncio.sleep(0.005)


async def test_a_card_is_posted_once_and_its_place_recorded(both: Desk, fake: FakeSlack) -> None:
    await both.want()
    await both.run()
    [message] = fake.messages("C1GENERAL")
    row = await both.row()
    assert (row.channel, row.ts, row.drawn, row.intent_at, row.error) == ("C1GENERAL", message.ts, 1, None, None)
    assert message.metadata == {"event_type": "keydesk_post", "event_payload": {"id": "p1"}}
    assert both.queue.started == [("post", "p1:1", "p1#1")]


async def test_a_change_is_drawn_into_the_same_message(both: Desk, fake: FakeSlack) -> None:
    await both.want()
    await both.run()
    both.texts["7"] = "approved"
    await both.want(body={"n": 1})
    await both.run()
    assert texts(fake) == ["approved"]
    assert fake.messages("C1GENERAL")[0].blocks[0]["text"] == section("approved")["text"]
    assert (await both.row()).body == {"n": 1}
    await both.want()
    assert (await both.row()).body == {"n": 1}


async def test_wants_before_the_first_post_become_one_message(desk: Desk, fake: FakeSlack) -> None:
    for _ in range(5):
        await desk.want()
    await desk.run()
    assert len(calls(fake, "chat.postMessage")) == 1
    assert calls(fake, "chat.update") == []
    assert desk.drawn == 1


async def test_a_change_while_it_is_drawn_is_drawn_at_the_end(desk: Desk, fake: FakeSlack) -> None:
    await desk.want()
    async with held_post(fake):
        delivering = asyncio.create_task(desk.outbox.deliver("p1#1"))
        await at_slack(fake)
        desk.texts["7"] = "newer"
        await desk.want()
    await delivering
    assert texts(fake) == ["newer"]
    assert (await desk.row()).drawn == 2


async def test_two_replicas_post_once(both: Desk, fake: FakeSlack) -> None:
    await both.want()
    other = both.another("two")
    async with held_post(fake):
        first = asyncio.create_task(both.outbox.deliver("p1"))
        await at_slack(fake)
        assert await other.deliver("p1") == Again(5.0)
    assert await first is None
    assert texts(fake) == ["card of 7"]
    assert await both.database.read(holder_of, "post:p1", now=both.clock.now) is None


async def test_nothing_to_show_posts_nothing(desk: Desk, fake: FakeSlack) -> None:
    desk.texts["7"] = None
    await desk.want()
    await desk.run()
    assert fake.calls == []
    assert (await desk.row()).drawn == 1


async def test_an_answer_that_got_lost_leaves_one_message(desk: Desk, fake: FakeSlack) -> None:
    await desk.want()
    fake.faults.add("chat.postMessage", "lost_answer")
    await desk.run()
    assert texts(fake) == ["card of 7"]
    row = await desk.row()
    assert (row.ts, row.attempts, row.intent_at) == (fake.messages("C1GENERAL")[0].ts, 0, None)


async def test_a_post_that_never_arrived_is_posted_after_a_look(desk: Desk, fake: FakeSlack) -> None:
    await desk.want()
    fake.faults.add("chat.postMessage", "reset")
    await desk.run()
    assert texts(fake) == ["card of 7"]
    assert calls(fake, "conversations.history")


async def test_a_crash_between_intent_and_post_posts_once(desk: Desk, fake: FakeSlack, clock: Clock) -> None:
    await desk.want()
    await desk.database.run(post_store.change, "p1", intent_at=clock.now)
    await desk.run()
    assert texts(fake) == ["card of 7"]


async def test_a_crash_after_the_post_adopts_the_message_and_draws_what_is_true_now(
    desk: Desk, fake: FakeSlack, web: SlackWebClient, clock: Clock
) -> None:
    await desk.want()
    await desk.database.run(post_store.change, "p1", intent_at=clock.now)
    metadata = {"event_type": "keydesk_post", "event_payload": {"id": "p1"}}
    await web.write("chat.postMessage", channel="C1GENERAL", text="old", metadata=metadata)
    for number in range(250):
        await fake.say("U2BOB", "C1GENERAL", f"noise {number}")
    desk.texts["7"] = "true now"
    await desk.run()
    assert texts(fake)[0] == "true now"
    assert texts(fake).count("true now") == 1
    assert len(calls(fake, "conversations.history")) == 2


async def test_a_history_that_is_closed_to_us_costs_one_double_at_most(desk: Desk, fake: FakeSlack) -> None:
    fake.workspace.channels["C1GENERAL"].members.remove("U0KEYDESK")
    fake.core.app = _with_scopes(fake, [*fake.core.app.scopes, "chat:write.public"])
    await desk.want()
    fake.faults.add("chat.postMessage", "lost_answer")
    await desk.run()
    assert texts(fake) == ["card of 7"] * 2
    assert (await desk.row()).error is None


def _with_scopes(fake: FakeSlack, scopes: Iterable[str]) -> Any:
    return dataclasses.replace(fake.core.app, scopes=tuple(scopes))


async def test_slack_being_down_delays_and_loses_nothing(desk: Desk, fake: FakeSlack) -> None:
    fake.switches.down = "503"
    await desk.want()
    await desk.run(seconds=600)
    assert desk.queue.delays[:1] == [2.0]
    assert max(desk.queue.delays) <= 30
    assert (await desk.row()).drawn == 0
    fake.switches.down = "up"
    await desk.run()
    assert texts(fake) == ["card of 7"]


async def test_a_limit_is_obeyed(desk: Desk, fake: FakeSlack) -> None:
    fake.limits.force("chat.postMessage", retry_after=7)
    await desk.want()
    await desk.run()
    assert desk.queue.delays[0] == 7.0
    assert texts(fake) == ["card of 7"]


async def test_many_cards_for_one_channel_come_one_a_second_in_order(desk: Desk, fake: FakeSlack, clock: Clock) -> None:
    for number in range(8):
        await desk.want(f"p{number}", subject=str(number))
    start = clock.now
    await desk.run(turns=100)
    assert texts(fake) == [f"card of {number}" for number in range(8)]
    times = [call.at - start for call in calls(fake, "chat.postMessage")]
    assert times[:3] == [0, 0, 0]
    assert all(later - sooner >= 1 for sooner, later in itertools.pairwise(times[2:]))
    # Each was started for its turn: no job ran only to be told to wait.
    assert desk.queue.delays == []


async def test_another_channel_does_not_wait(desk: Desk, fake: FakeSlack, clock: Clock) -> None:
    for number in range(5):
        await desk.want(f"p{number}")
    await desk.want("other", target="C4SHARED")
    start = clock.now
    await desk.run(seconds=0)
    assert texts(fake, "C4SHARED") == ["card of 7"]
    assert clock.now == start


async def test_a_burst_of_updates_stays_within_the_limit(desk: Desk, fake: FakeSlack) -> None:
    for number in range(70):
        await desk.want(f"p{number}", target="C1GENERAL" if number % 2 else "C4SHARED")
    await desk.run(turns=300)
    for number in range(70):
        await desk.want(f"p{number}")
    await desk.run(turns=300)
    assert not [call for call in fake.calls if call.status == 429]
    assert len(calls(fake, "chat.update")) == 70


@pytest.mark.parametrize("how", ["deleted", "edit window"])
async def test_a_message_that_cannot_be_changed_is_posted_anew_once(desk: Desk, fake: FakeSlack, how: str) -> None:
    await desk.want()
    await desk.run()
    if how == "deleted":
        await fake.changes.delete_message(fake.messages("C1GENERAL")[0])
    else:
        fake.switches.edit_window_open = False
    desk.texts["7"] = "newer"
    await desk.want()
    await desk.run()
    assert texts(fake)[-1] == "newer"
    assert len(calls(fake, "chat.postMessage")) == 2
    assert (await desk.row()).ts == fake.messages("C1GENERAL")[-1].ts


@pytest.mark.parametrize(("channel", "code"), [("C5OLD", "is_archived"), ("C404", "channel_not_found")])
async def test_a_closed_channel_is_recorded_and_tried_by_the_minute(
    desk: Desk, fake: FakeSlack, channel: str, code: str
) -> None:
    await desk.want(target=channel)
    await desk.run(seconds=1000)
    row = await desk.row()
    assert (row.error, row.drawn) == (code, 0)
    assert set(desk.queue.delays) == {45.0}
    assert len(calls(fake, "chat.postMessage")) <= 1000 / 45 + 1
    if channel == "C5OLD":
        await fake.changes.archive("C5OLD", archived=False)
        await desk.run()
        assert texts(fake, "C5OLD") == ["card of 7"]
        assert (await desk.row()).error is None


async def test_a_thread_waits_for_its_card(desk: Desk, fake: FakeSlack) -> None:
    await desk.want("p2", subject="outcome", thread_of="p1", body={"broadcast": True})
    await desk.want("p1")
    await desk.run()
    card, outcome = fake.messages("C1GENERAL")
    assert (outcome.thread_ts, outcome.reply_broadcast) == (card.ts, True)
    assert outcome.text == "card of outcome"


async def test_a_reply_whose_answer_got_lost_is_found_in_the_thread(desk: Desk, fake: FakeSlack) -> None:
    await desk.want("p1")
    await desk.run()
    fake.faults.add("chat.postMessage", "lost_answer")
    await desk.want("p2", thread_of="p1")
    await desk.run()
    assert len(fake.messages("C1GENERAL")) == 2
    assert calls(fake, "conversations.replies")


async def test_a_reply_to_a_card_that_is_gone_stands_in_the_channel(desk: Desk, fake: FakeSlack) -> None:
    await desk.want("p1")
    await desk.run()
    await fake.changes.delete_message(fake.messages("C1GENERAL")[0])
    await desk.want("p2", subject="outcome", thread_of="p1")
    await desk.run()
    assert [(message.text, message.thread_ts) for message in fake.messages("C1GENERAL")] == [("card of outcome", None)]


async def test_a_card_slack_does_not_understand_is_told_in_words(
    desk: Desk, fake: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    desk.outbox._drawers["card"] = lambda c, row: Message("In words.", [{"type": "section"}])
    await desk.want()
    await desk.run()
    assert texts(fake) == ["In words."]
    assert "does not understand" in caplog.text
    await desk.want()
    await desk.run()
    assert (await desk.row()).drawn == 2


async def test_a_kind_of_a_newer_version_is_left_to_it(desk: Desk, fake: FakeSlack) -> None:
    await desk.want(kind="from the future")
    await desk.run(seconds=100)
    assert fake.calls == []
    assert (await desk.row()).drawn == 0
    assert desk.queue.waiting


async def test_a_drawer_that_breaks_gives_the_lease_back(desk: Desk, clock: Clock) -> None:
    def broken(c: Connection, row: PostRow) -> None:
        raise RuntimeError("boom")

    desk.outbox._drawers["card"] = broken
    await desk.want()
    with pytest.raises(RuntimeError):
        await desk.outbox.deliver("p1#1")
    assert await desk.database.read(holder_of, "post:p1", now=clock.now) is None
    assert (await desk.row()).intent_at is None


async def test_a_job_without_a_row_or_overtaken_is_over(desk: Desk, fake: FakeSlack) -> None:
    assert await desk.outbox.deliver("nothing#1") is None
    await desk.want()
    await desk.want()
    assert await desk.outbox.deliver("p1#1") is None
    assert fake.calls == []
    assert await desk.outbox.deliver("p1#2") is None
    assert texts(fake) == ["card of 7"]


async def test_an_id_may_hold_colons(desk: Desk, fake: FakeSlack) -> None:
    await desk.want("req:7:card")
    await desk.run()
    assert (await desk.row("req:7:card")).drawn == 1


@pytest.mark.parametrize("target", ["C1GENERAL", "dm:U2BOB"])
async def test_what_stands_in_no_thread_waits_for_nothing_else(
    desk: Desk, fake: FakeSlack, clock: Clock, target: str
) -> None:
    await desk.want("older")
    clock.now += 1
    await desk.want("newer", target=target)
    assert await desk.outbox.deliver("newer#1") is None
    assert (await desk.row("newer")).ts is not None
    assert (await desk.row("older")).ts is None


async def test_a_thread_is_posted_in_the_order_in_which_it_was_wanted(
    desk: Desk, fake: FakeSlack, clock: Clock
) -> None:
    desk.texts |= {"first": "approved", "second": "was created"}
    await desk.want()
    await desk.run()
    await desk.want("p2", subject="first", thread_of="p1")
    clock.now += 1
    await desk.want("p3", subject="second", thread_of="p1")
    # The older one is sent back once, so the newer one's turn comes first.
    fake.limits.force("chat.postMessage", times=1, retry_after=5)
    await desk.run()
    assert texts(fake) == ["card of 7", "approved", "was created"]


async def test_a_thread_keeps_its_order_when_its_channel_was_closed(desk: Desk, fake: FakeSlack, clock: Clock) -> None:
    desk.texts |= {"first": "approved", "second": "was created"}
    await desk.want()
    await desk.run()
    # The channel opens again between the tries of the two.
    fake.faults.add("chat.postMessage", "refuse", code="is_archived")
    await desk.want("p2", subject="first", thread_of="p1")
    await desk.run(seconds=100)
    clock.now += 10
    await desk.want("p3", subject="second", thread_of="p1")
    await desk.run()
    assert texts(fake) == ["card of 7", "approved", "was created"]


async def test_a_thread_goes_on_without_a_message_that_slack_does_not_take(
    desk: Desk, fake: FakeSlack, clock: Clock
) -> None:
    desk.texts |= {"first": "odd", "second": "was created"}
    await desk.want()
    await desk.run()
    fake.faults.add("chat.postMessage", "refuse", code="no_text", times=1)
    await desk.want("p2", subject="first", thread_of="p1")
    await desk.run(seconds=100)
    await desk.want("p3", subject="second", thread_of="p1")
    await desk.run(seconds=100)
    assert texts(fake) == ["card of 7", "was created"]
