"""Whatever Slack refuses for good, by whichever method: somebody is told another way, readiness names it, nothing is lost."""

import pytest

from bot.db.engine import Database
from bot.slack.directory import Directory
from bot.slack.errors import APP_CODES, CLOSED_CODES, FATAL_CODES, NOBODY_CODES
from bot.slack.outbox import GONE, SLOWEST_RETRY
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Clock
from tests.narrow import present
from tests.slack.outboxes import Desk

pytestmark = pytest.mark.thorough

# Every error word that Slack documents for posting or changing a message, or for opening a conversation, and one that
# it will invent.
WORDS = sorted(
    CLOSED_CODES
    | APP_CODES
    | NOBODY_CODES
    | GONE
    | {
        "as_user_not_supported", "block_mismatch", "cant_broadcast_message", "duplicate_channel_not_found",
        "duplicate_message_not_found", "external_channel_migrating", "invalid_blocks", "invalid_blocks_format",
        "invalid_metadata_format", "markdown_text_conflict", "message_limit_exceeded_for_team",
        "messages_tab_disabled", "metadata_must_be_sent_from_app", "metadata_too_large", "method_deprecated",
        "method_not_supported_for_channel_type", "msg_blocks_too_long", "msg_too_long", "no_text",
        "slack_connect_blocked_file_type", "slack_connect_canvas_sharing_blocked", "slack_connect_file_link_sharing_blocked",
        "team_not_found", "too_many_attachments", "too_many_contact_cards", "two_factor_setup_required",
        "a_word_of_next_year",
    }
)  # fmt: skip
THIRTY_SECONDS, A_MINUTE, A_DAY = 30, 60, 86_400


@pytest.fixture
def desk(sqlite_database: Database, web: SlackWebClient, directory: Directory, clock: Clock) -> Desk:
    return Desk(database=sqlite_database, web=web, directory=directory, clock=clock)


def texts(fake: FakeSlack, channel: str = "C1GENERAL") -> list[str]:
    return [message.text for message in fake.messages(channel)]


def refuse(fake: FakeSlack, method: str, code: str) -> None:
    fake.faults.armed.clear()
    fake.faults.add(method, "refuse", code=code, times=100_000)


async def test_a_channel_that_refuses_a_new_message_is_told_within_half_a_minute_and_named(
    desk: Desk, fake: FakeSlack, clock: Clock
) -> None:
    for code in WORDS:
        desk.refusals.clear()
        refuse(fake, "chat.postMessage", code)
        await desk.want(code, subject=code)
        await desk.run(seconds=THIRTY_SECONDS)
        (problem,) = await desk.outbox.problems()
        assert "C1GENERAL" in problem
        assert f"({code})" in problem
        # What hits every message alike cannot be told in Slack: readiness alone says it.
        assert desk.refusals == ([] if code in APP_CODES else [(code, code)])
        assert (desk.outbox.fatal == code) is (code in FATAL_CODES)
        await desk.run(seconds=600, turns=20)
        assert len(desk.refusals) <= 1
        fake.faults.armed.clear()
        opened = clock.now
        await desk.run(seconds=A_DAY, turns=3)
        assert texts(fake)[-1] == f"card of {code}"
        assert clock.now - opened <= (A_MINUTE if code in CLOSED_CODES - APP_CODES else SLOWEST_RETRY)
        assert await desk.outbox.problems() == []
        assert desk.outbox.fatal is None


async def test_a_channel_that_refuses_a_change_is_told_and_named_too(desk: Desk, fake: FakeSlack) -> None:
    await desk.want()
    await desk.run()
    for code in sorted(set(WORDS) - GONE):
        desk.refusals.clear()
        refuse(fake, "chat.update", code)
        desk.texts["7"] = code
        await desk.want()
        await desk.run(seconds=THIRTY_SECONDS)
        (problem,) = await desk.outbox.problems()
        assert f"({code})" in problem
        assert desk.refusals == ([] if code in APP_CODES else [("p1", code)])
        fake.faults.armed.clear()
        await desk.run(seconds=A_DAY, turns=3)
        assert texts(fake) == [code]
        assert await desk.outbox.problems() == []


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
async def test_a_person_who_cannot_be_written_to_is_told_of(desk: Desk, fake: FakeSlack, method: str) -> None:
    for code in WORDS:
        desk.refusals.clear()
        desk.directory._dms.clear()
        desk.queue.waiting.clear()
        refuse(fake, method, code)
        await desk.want(code, subject=code, target="dm:U1ALICE")
        await desk.run(seconds=THIRTY_SECONDS)
        assert (await desk.row(code)).error == code
        assert desk.refusals == ([] if code in APP_CODES else [(code, code)])
        # A direct message concerns one person: it is no trouble of a channel.
        assert await desk.outbox.problems() == []
        fake.faults.armed.clear()
        await desk.want(code, subject=code, target="dm:U1ALICE")
        await desk.run(turns=5)
        assert texts(fake, present((await desk.row(code)).channel))[-1] == f"card of {code}"
        assert desk.refusals[1:] == ([] if code in APP_CODES else [(code, None)])


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
async def test_a_history_that_is_refused_for_good_keeps_nothing_back(desk: Desk, fake: FakeSlack, method: str) -> None:
    thread = {"thread_of": "p1"} if method == "conversations.replies" else {}
    await desk.want()
    await desk.run()
    for code in WORDS:
        await desk.want(code, subject=code, **thread)
        refuse(fake, method, code)
        fake.faults.add("chat.postMessage", "reset")
        await desk.run(seconds=300, turns=10)
        assert texts(fake)[-1] == f"card of {code}"


async def test_each_message_to_a_closed_channel_is_told_of_within_half_a_minute(desk: Desk, fake: FakeSlack) -> None:
    refuse(fake, "chat.postMessage", "is_archived")
    for number in range(5):
        await desk.want(f"p{number}", subject=str(number))
    await desk.run(seconds=THIRTY_SECONDS)
    assert sorted(desk.refusals) == [(f"p{number}", "is_archived") for number in range(5)]
    assert len([call for call in fake.calls if call.method == "chat.postMessage"]) == 1
    await desk.run(seconds=600)
    assert len(desk.refusals) == 5


async def test_two_replicas_say_the_same_of_a_channel_whichever_was_refused(desk: Desk, fake: FakeSlack) -> None:
    other = desk.another("two")
    fake.faults.add("chat.postMessage", "refuse", code="is_archived", times=100_000)
    await desk.want()
    await desk.run(seconds=THIRTY_SECONDS)
    assert len(await other.problems()) == 1
    fake.faults.armed.clear()
    await desk.queue.run(other, seconds=A_MINUTE)
    assert texts(fake) == ["card of 7"]
    assert await desk.outbox.problems() == []


async def test_what_waits_is_tried_at_once_when_slack_says_that_the_channel_is_open(
    desk: Desk, fake: FakeSlack, clock: Clock
) -> None:
    fake.faults.add("chat.postMessage", "refuse", code="is_archived", times=100_000)
    await desk.want()
    await desk.want("p2", subject="8")
    await desk.run(seconds=THIRTY_SECONDS)
    fake.faults.armed.clear()
    now = clock.now
    await desk.outbox.channel_opened("C2OTHER", "evt:1")
    await desk.outbox.channel_opened("C1GENERAL", "evt:2")
    await desk.run(seconds=5, turns=10)
    assert sorted(texts(fake)) == ["card of 7", "card of 8"]
    assert clock.now - now <= 5


async def test_a_succession_of_refusals_is_told_once_and_the_next_one_again(desk: Desk, fake: FakeSlack) -> None:
    for number in (1, 2):
        fake.faults.add("chat.postMessage" if number == 1 else "chat.update", "refuse", code="is_archived", times=3)
        desk.texts["7"] = f"version {number}"
        await desk.want()
        await desk.run()
    assert desk.refusals == [("p1", "is_archived"), ("p1", None)] * 2
