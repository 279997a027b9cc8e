"""Incident mode in Slack: which keys a command means, what the preview says, and who may begin, agree to or stop it."""

from typing import Any

import pytest

from bot.db.engine import Database
from bot.errors import ApprovalConflict, InputError, PermissionDenied
from bot.incident import listeners as module
from bot.incident import store
from bot.incident.execution import JOB
from bot.incident.listeners import draw, draw_alarm, draw_owner, register
from bot.incident.models import BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.preview import CONFIRM, PREVIEW, REASON
from bot.incident.views import AGREE, STOP, UNDO
from bot.permissions.models import Actor
from bot.permissions.rules import parse_policy
from bot.slack.blocks import Message
from bot.slack.delivery import Delivery, Kind, Replace
from bot.slack.router import Router
from keydesk_sandbox.fake_gateway import Record
from tests.approvals.kit import ADA, SAM
from tests.incident.room import POLICY, SUE, Room
from tests.slack.outboxes import post_row

UNLOCK = '[[rules]]\nname = "unlock"\nwho = ["security"]\ndo = ["key.unlock"]\non = "any"\napproval = { from = ["security"] }\n'
DENYING = '[[rules]]\nname = "spared"\nwho = ["*"]\ndo = ["key.disable"]\non = "any"\nwhen = { group_in = ["vip"] }\ndeny = "Not these."\n'


def with_first(rule: str) -> str:
    head, first, rest = POLICY.partition("[[rules]]")
    return head + rule + first + rest


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    return Room(sqlite_database)


async def previewed(room: Room, text: str, who: Actor = SAM, *, enable: bool = False, number: int = 1) -> str:
    """The preview that a command shows, without the marks around names."""
    handler = room.listeners.enable if enable else room.listeners.disable
    assert await handler(room.command(text, who, number=number)) is None
    return (await room.done()).replace("\\u2068", "").replace("\\u2069", "")


def confirmed(room: Room, word: str, reason: str = "leaked", *, who: Actor = SAM, metadata: str = "1") -> Delivery:
    state = {CONFIRM: {"value": {"value": word}}, REASON: {"value": {"value": reason}}}
    view = {"type": "modal", "id": "V1", "private_metadata": metadata, "state": {"values": state}}
    return room.delivery(Kind.VIEW_SUBMISSION, who, payload={"view": view})


def named(*keys: Record) -> str:
    return " ".join(str(key.id) for key in keys)


def jobs(room: Room) -> list[str]:
    return [name for job, name, _ in room.engine.started if job == JOB]


async def test_a_batch_is_previewed_confirmed_and_begun_once(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    shown = await previewed(room, named(one, other))
    assert "*2 keys will be disabled*" in shown
    assert (await room.batch()).status is BatchStatus.DRAFT
    for _ in range(2):
        answer = await room.listeners.submit(confirmed(room, " disable  2 "))
        assert isinstance(answer, Replace)
        assert "2 keys are being disabled. Batch 1 shows its progress in <#C0SEC>." in str(answer.view)
    batch = await room.batch()
    assert (batch.status, batch.reason, jobs(room)) == (BatchStatus.RUNNING, "leaked", ["batch:1:run"])
    assert await room.spine.facts() == ["asked"]


@pytest.mark.parametrize(
    ("word", "reason", "field"), [("DISABLE 3", "leaked", CONFIRM), ("", "leaked", CONFIRM), ("DISABLE 2", " ", REASON)]
)
async def test_nothing_happens_without_the_word_and_the_reason(room: Room, word: str, reason: str, field: str) -> None:
    await previewed(room, named(room.key("one"), room.key("other")))
    with pytest.raises(InputError) as wrong:
        await room.listeners.submit(confirmed(room, word, reason))
    assert list(wrong.value.fields) == [field]
    assert (await room.batch()).status is BatchStatus.DRAFT


@pytest.mark.parametrize(("who", "metadata"), [(SUE, "1"), (SAM, "9"), (SAM, "x")])
async def test_a_preview_is_confirmed_by_whoever_saw_it(room: Room, who: Actor, metadata: str) -> None:
    await previewed(room, named(room.key("one"), room.key("other")))
    with pytest.raises(ApprovalConflict, match="no such preview of yours"):
        await room.listeners.submit(confirmed(room, "DISABLE 2", who=who, metadata=metadata))


async def test_who_may_do_it_to_none_of_them_is_refused_and_that_is_recorded(room: Room) -> None:
    with pytest.raises(PermissionDenied):
        await room.listeners.enable(room.command("1 2", room.people["U0OMAR"]))
    await room.own(room.key("one"), "U0SAM")
    assert "does not allow disabling keys beyond one's own" in await previewed(room, "all of <@U0SAM>", ADA)
    assert await room.spine.facts() == ["refused", "refused"]
    assert await room.database.read(store.find, 1) is None


async def test_keys_that_the_policy_spares_are_left_out_and_said(room: Room) -> None:
    room.spine.policy = parse_policy(with_first(DENYING))
    one, _ = room.key("one", created_time=1), room.key("vip", group="vip", created_time=1)
    assert ":warning: 1 is left out: Not these." in await previewed(room, "created before 2001-01-01")
    rows = await room.database.read(store.keys_of, 1)
    assert [row.key_id for row in rows] == [one.id]


async def test_too_many_keys_at_a_time_are_refused(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 1)
    assert "These are 2 keys; at most 1 at a time." in await previewed(room, named(room.key("one"), room.key("other")))


async def test_all_of_a_person_and_all_before_a_day_are_meant_by_their_words(room: Room) -> None:
    mine, others, young = room.key("mine", created_time=1), room.key("others", created_time=1), room.key("young")
    for key in (mine, young):
        await room.own(key)
    assert "*2 keys will be disabled*" in await previewed(room, "all of <@U0ADA>")
    assert "*2 keys will be disabled*" in await previewed(room, "created before 2001-01-01", number=2)
    both = await previewed(room, "all of <@U0ADA> created before 2001-01-01", number=3)
    assert "*1 key will be disabled*" in both
    assert others.name not in both


async def test_what_is_so_already_stays_as_it_is_also_when_it_is_taken_back(room: Room) -> None:
    one, dead = room.key("one"), room.key("dead", status=2)
    assert "1 is disabled already and stays as it is" in await previewed(room, named(one, dead))
    await room.listeners.submit(confirmed(room, "DISABLE 1"))
    # Nobody writes it, and an incident locks it all the same.
    assert await room.locked(dead) is not None


async def finished(room: Room, *keys: Record) -> None:
    await previewed(room, named(*keys))
    await room.listeners.submit(confirmed(room, f"DISABLE {len(keys)}"))
    await room.to_the_end()


async def test_a_finished_batch_is_taken_back_by_its_button_or_by_its_number(room: Room) -> None:
    keys = [room.key("one"), room.key("other")]
    await finished(room, *keys)
    assert await room.listeners.undo(room.click()) is None
    assert "*2 keys will be enabled*: the keys of batch 1." in await room.done()
    with pytest.raises(InputError, match="enable batch N"):
        await room.listeners.disable(room.command("batch 1"))
    room.spine.policy = parse_policy(POLICY + UNLOCK)
    assert "will be enabled" in await previewed(room, "batch 1", enable=True, number=2)
    answer = await room.listeners.submit(confirmed(room, "ENABLE 2", metadata="3"))
    assert isinstance(answer, Replace)
    assert "Nothing is done yet: somebody else must agree to batch 3" in str(answer.view)


@pytest.mark.parametrize(("status", "words"), [("draft", "There is no batch 1"), ("running", "still running")])
async def test_what_is_not_over_cannot_be_taken_back(room: Room, status: str, words: str) -> None:
    await previewed(room, named(room.key("one"), room.key("other")))
    if status == "running":
        await room.listeners.submit(confirmed(room, "DISABLE 2"))
    assert words in await previewed(room, "batch 1", enable=True, number=2)


class Asking:
    """A batch that brings back a locked key and waits for somebody else."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.keys = [room.key("locked", status=2), room.key("free", status=2)]

    async def begun(self) -> None:
        self.room.spine.policy = parse_policy(POLICY + UNLOCK)
        await self.room.lock(self.keys[0])
        shown = await previewed(self.room, named(*self.keys), enable=True)
        assert "security" in shown
        await self.room.listeners.submit(confirmed(self.room, "ENABLE 2"))
        assert (await self.room.batch()).status is BatchStatus.ASKING


async def test_a_locked_key_comes_back_when_somebody_else_agrees(room: Room) -> None:
    asking = Asking(room)
    await asking.begun()
    assert jobs(room) == []
    with pytest.raises(PermissionDenied, match="own request"):
        await room.listeners.agree(room.click())
    assert await room.listeners.agree(room.click(who=SUE)) is None
    batch = await room.batch()
    assert (batch.status, batch.agreed_by, jobs(room)) == (BatchStatus.RUNNING, "U0SUE", ["batch:1:run"])
    with pytest.raises(ApprovalConflict, match="nobody's agreement any more"):
        await room.listeners.agree(room.click(who=SUE))
    await room.to_the_end()
    assert {room.fake.key(key.id).status for key in asking.keys} == {1}
    assert await room.locked(asking.keys[0]) is None


async def test_of_two_who_agree_at_once_one_did(room: Room) -> None:
    await Asking(room).begun()
    await room.database.run(store.move, 1, BatchStatus.ASKING, BatchStatus.STOPPED)
    answer = await room.database.run(room.listeners._agree, 1, (SUE, SAM), {}, {})
    assert isinstance(answer, ApprovalConflict)


async def test_keys_of_a_preview_of_an_earlier_version_are_judged_when_they_are_written(room: Room) -> None:
    asking = Asking(room)
    await asking.begun()
    for key in asking.keys:
        await room.database.run(store.change_key, 1, key.id, progress={})
    await room.listeners.agree(room.click(who=SUE))
    assert (await room.batch()).status is BatchStatus.RUNNING


async def test_an_undo_that_was_agreed_to_is_shown_on_the_batch_it_takes_back(room: Room) -> None:
    keys = [room.key("one"), room.key("other")]
    await finished(room, *keys)
    room.spine.policy = parse_policy(POLICY + UNLOCK)
    await previewed(room, "batch 1", enable=True, number=2)
    before = await room.post("batch:1:progress")
    await room.listeners.submit(confirmed(room, "ENABLE 2", metadata="2"))
    await room.listeners.agree(room.click("2", SUE))
    after = await room.post("batch:1:progress")
    assert before is not None
    assert after is not None
    assert after.wanted == before.wanted + 2


@pytest.mark.parametrize("who", [SAM, SUE])
async def test_whoever_began_it_or_may_do_it_to_any_key_stops_it(room: Room, who: Actor) -> None:
    await previewed(room, named(room.key("one"), room.key("other")))
    await room.listeners.submit(confirmed(room, "DISABLE 2"))
    assert await room.listeners.stop(room.click(who=who)) is None
    batch = await room.batch()
    assert (batch.status, batch.stopped_by) == (BatchStatus.STOPPED, who.slack_user_id)
    with pytest.raises(ApprovalConflict, match="Batch 1 is over already"):
        await room.listeners.stop(room.click(who=who))


async def test_others_stop_nothing(room: Room) -> None:
    await previewed(room, named(room.key("one"), room.key("other")))
    await room.listeners.submit(confirmed(room, "DISABLE 2"))
    with pytest.raises(PermissionDenied):
        await room.listeners.stop(room.click(who=ADA))
    with pytest.raises(ApprovalConflict, match="There is no such batch any more"):
        await room.listeners.stop(room.click("9"))
    assert (await room.batch()).status is BatchStatus.RUNNING


def drawn(room: Room, draws: Any, subject: str = "1") -> Message | None:
    message: Message | None = room.database.run_here(lambda c: draws(c, post_row("batch", subject)))
    return message


async def test_its_messages_are_drawn_from_the_rows(room: Room) -> None:
    key, failed = room.key("one"), room.key("other")
    await room.own(key)
    await finished(room, key, failed)
    progress = drawn(room, draw)
    assert progress is not None
    assert "2" in progress.text
    owner = drawn(room, draw_owner, "1:U0ADA")
    assert owner is not None
    assert "one" in str(owner.blocks)
    assert drawn(room, draw_alarm) is None
    await room.database.run(store.change_key, 1, failed.id, proof=BatchRevocation.ALIVE.value)
    alarm = drawn(room, draw_alarm)
    assert alarm is not None
    assert "other" in str(alarm.blocks)
    await room.database.run(store.change_key, 1, failed.id, status=BatchKeyStatus.FAILED.value, sentence="It broke.")
    again = drawn(room, draw)
    assert again is not None
    assert "It broke." in str(again.blocks)


async def test_what_is_gone_is_not_drawn(room: Room) -> None:
    assert [drawn(room, one, "9") for one in (draw, draw_alarm)] == [None, None]
    assert drawn(room, draw_owner, "9:U0ADA") is None


def test_every_way_in_has_its_name(room: Room) -> None:
    router = Router()
    register(router, room.listeners)
    assert router.names("action") >= {STOP, AGREE, UNDO}
    assert router.names("view") == {PREVIEW}
