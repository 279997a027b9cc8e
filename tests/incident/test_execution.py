"""The job of a batch: each key judged, written and recorded once, whatever happens in between."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.durable.engine import Again
from bot.gateway.errors import Refusal
from bot.gateway.writes import WriteResult, WriteStatus
from bot.incident import execution as module
from bot.incident import store
from bot.incident.execution import JOB, PAUSE, SHORTEST_PAUSE, SLACK_PAUSE
from bot.incident.models import BatchKeyStatus, BatchRevocation, BatchStatus
from bot.keys import lineage, locks, owners
from bot.permissions.models import ActorKind
from keydesk_sandbox.fake_gateway import Record
from tests.approvals.kit import ADA, TEAM, person
from tests.incident.room import LOCK, Room

DISABLED, ENABLED = 2, 1


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    return Room(sqlite_database)


async def stood(room: Room, *keys: Record) -> list[BatchKeyStatus]:
    return [(await room.row(key)).status for key in keys]


def begin(room: Room, *keys: Record, rule: str = "") -> Callable[[sa.Connection], int]:
    told: dict[str, Any] = {"requester_id": "U0SAM", "requester_team": TEAM, "what": "w", "reason": "r"}
    named = {key.id: key.name for key in keys}
    return lambda c: room.execution.begin(c, delivery_id="alert:1", keys=named, channel_id="C0SEC", rule=rule, **told)


async def test_each_key_is_disabled_proved_locked_and_recorded(room: Room) -> None:
    keys = [room.key(f"key {number}") for number in range(3)]
    await room.own(keys[0])
    await room.running(*keys)
    await room.to_the_end()
    assert {room.fake.key(key.id).status for key in keys} == {DISABLED}
    assert await stood(room, *keys) == [BatchKeyStatus.DONE] * 3
    assert {(await room.row(key)).proof for key in keys} == {BatchRevocation.REFUSED}
    lock = await room.locked(keys[0])
    assert lock is not None
    assert (lock.cause, lock.by, lock.number, lock.rule) == ("incident", "U0SAM", 1, "plug")
    assert ((await room.batch()).status, room.changed > 0) == (BatchStatus.DONE, True)
    assert sorted(room.told) == [(key.id, "key.disable") for key in keys]
    assert (await room.spine.facts()).count("applied") == 3
    owner = await room.post("batch:1:owner:U0ADA")
    assert owner is not None
    assert owner.target == "dm:U0ADA"
    assert room.moved != []


async def test_who_asked_is_told_nothing_of_their_own_keys(room: Room) -> None:
    key = room.key()
    await room.own(key, "U0SAM")
    await room.running(key)
    await room.to_the_end()
    assert await room.post("batch:1:owner:U0SAM") is None


@pytest.mark.parametrize("argument", ["9", "1"])
async def test_there_is_nothing_to_run_before_the_confirmation(room: Room, argument: str) -> None:
    key = room.key()
    batch = await room.running(key)
    await room.database.run(store.move, batch.id, BatchStatus.RUNNING, BatchStatus.DRAFT)
    assert await room.execution.run(argument) is None
    assert room.fake.key(key.id).status == ENABLED


async def test_a_batch_of_an_alert_begins_once_and_is_the_policys_where_that_orders_it(room: Room) -> None:
    key = room.key()
    for _ in range(2):
        assert await room.database.run(begin(room, key, rule="[alerts] auto_disable")) == 1
    assert [one for one in room.engine.started if one[0] == JOB] == [(JOB, "batch:1:run", "1")]
    assert await room.spine.facts() == ["asked"]
    room.people["U0SAM"] = person("U0SAM", kind=ActorKind.UNKNOWN)
    await room.to_the_end()  # nobody is judged
    lock = await room.locked(key)
    assert lock is not None
    assert (lock.by, lock.rule) == ("", "[alerts] auto_disable")


async def test_keys_of_ones_own_are_tidied_up_and_not_locked(room: Room) -> None:
    key = room.key()
    batch = await room.running(key)
    await room.database.run(lambda c: c.execute(sa.text("UPDATE batch_keys SET own = true")))
    await room.to_the_end()
    assert await room.locked(key) is None
    await room.database.run(room.execution.lock_disabled, batch, 1.0)


async def test_keys_that_were_disabled_already_are_locked_when_an_incident_begins(room: Room) -> None:
    key, other = room.key(), room.key("other")
    batch = await room.running(key, other)
    await room.database.run(store.change_key, 1, key.id, status=BatchKeyStatus.ALREADY.value)
    await room.database.run(room.execution.lock_disabled, batch, 5.0)
    lock = await room.locked(key)
    assert lock is not None
    assert (lock.cause, lock.at, await room.locked(other)) == ("incident", 5.0, None)
    enabling = batch.model_copy(update={"operation": "key.enable"})
    await room.lock(other)
    await room.database.run(room.execution.lock_disabled, enabling, 6.0)
    assert await room.locked(other) == LOCK


async def test_a_key_that_the_policy_no_longer_allows_is_left_alone_and_said(room: Room) -> None:
    key = room.key()
    await room.running(key, by=ADA)
    await room.to_the_end()
    row = await room.row(key)
    assert (row.status, room.fake.key(key.id).status) == (BatchKeyStatus.FAILED, ENABLED)
    assert row.sentence.startswith("The policy no longer allows it.")
    assert (await room.batch()).status is BatchStatus.DONE


async def test_while_slack_does_not_say_who_asked_it_waits(room: Room) -> None:
    await room.running(room.key())
    room.people["U0SAM"] = person("U0SAM", kind=ActorKind.UNKNOWN)
    assert await room.execution.run("1") == Again(SLACK_PAUSE)


@pytest.mark.parametrize(("fault", "least"), [("empty", PAUSE), ("empty_429", SHORTEST_PAUSE)])
async def test_while_the_gateway_does_not_answer_it_waits(room: Room, fault: str, least: float) -> None:
    key = room.key()
    await room.running(key)
    room.fake.arm(fault, times=None, method="GET")
    again = await room.execution.run("1")
    assert again is not None
    assert again.seconds >= least
    room.fake.disarm()
    room.pass_time(300.0)
    await room.to_the_end()
    assert room.fake.key(key.id).status == DISABLED


async def test_no_round_is_begun_without_room_for_its_calls(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.running(room.key())
    monkeypatch.setattr(room.client.limiter, "room", lambda: 0)
    monkeypatch.setattr(room.client.limiter, "until_room", lambda _calls: 12.0)
    assert await room.execution.run("1") == Again(12.0)


async def test_how_long_the_rest_takes_is_shown_as_soon_as_it_is_known(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.running(room.key())
    monkeypatch.setattr(room.client.limiter, "forecast", lambda _calls: 600.0)
    room.people["U0SAM"] = person("U0SAM", kind=ActorKind.UNKNOWN)
    for _ in range(2):
        await room.execution.run("1")
    progress = await room.post("batch:1:progress")
    assert progress is not None
    assert progress.wanted == 1


async def test_a_batch_that_was_stopped_writes_no_further_key(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    one, other = room.key("one"), room.key("other")
    await room.running(one, other)

    async def stopped() -> None:
        await room.database.run(store.move, 1, BatchStatus.RUNNING, BatchStatus.STOPPED)

    room.writes.meanwhile = stopped
    await room.to_the_end()
    # What was begun is ended; the batch stays stopped.
    assert sorted(await stood(room, one, other)) == [BatchKeyStatus.DONE, BatchKeyStatus.WAITING]
    assert (await room.batch()).status is BatchStatus.STOPPED


async def test_a_key_that_another_process_writes_is_looked_at_later(room: Room) -> None:
    key = room.key()
    await room.running(key)
    room.writes.busy = True
    assert await room.execution.run("1") == Again(PAUSE)
    assert (await room.row(key)).status is BatchKeyStatus.WAITING


async def test_what_another_process_settled_meanwhile_is_not_written_again(room: Room) -> None:
    key = room.key()
    await room.running(key)

    async def settled() -> None:
        await room.database.run(store.change_key, 1, key.id, status=BatchKeyStatus.DONE.value)

    room.writes.meanwhile = settled
    await room.to_the_end()
    assert room.fake.key(key.id).status == ENABLED
    assert room.told == []


async def meanwhile_locked(room: Room, key: Record) -> None:
    await room.database.run(locks.lock, key.id, LOCK)


async def meanwhile_replaced(room: Room, key: Record) -> None:
    await room.database.run(lambda c: lineage.claim(c, key.id, born_at=1, rotation=9))


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (meanwhile_locked, "The key was disabled and locked meanwhile, so it stays out of use."),
        (meanwhile_replaced, "The key is being replaced by request #9, so it stays out of use."),
    ],
)
async def test_a_key_that_was_taken_out_of_use_after_it_was_judged_stays_so(
    room: Room, happens: Callable[[Room, Record], Awaitable[None]], words: str
) -> None:
    key = room.key(status=DISABLED)
    await room.running(key, operation="key.enable")
    room.writes.meanwhile = lambda: happens(room, key)
    await room.to_the_end()
    row = await room.row(key)
    assert (row.status, row.sentence, room.fake.key(key.id).status) == (BatchKeyStatus.FAILED, words, DISABLED)


async def test_keys_come_back_and_are_in_use_again_on_our_list(room: Room) -> None:
    key = room.key(status=DISABLED)
    await room.own(key)
    await room.database.run(owners.set_disabled, key.id, at=1.0)
    await room.running(key, operation="key.enable")
    await room.to_the_end()
    assert room.fake.key(key.id).status == ENABLED
    line = await room.database.read(owners.find, key.id)
    assert line is not None
    assert line.disabled_at is None
    assert room.told == [(key.id, "key.enable")]


def failed(**more: Any) -> WriteResult:
    return WriteResult(status=WriteStatus.FAILED, sentence="No.", **more)


@pytest.mark.parametrize(
    ("result", "pause", "tries"),
    [
        (failed(again_after=4.0), 5.0, 1),
        (failed(again_after=0.5), 2.5, 1),
        (failed(refusal=Refusal.BAD_PAT), 2.5, 1),
        (failed(again_after=100.0), 30.0, 1),
        (failed(again_after=90.0, limited=True), 90.0, 0),  # its turn will come; that is no failure
    ],
)
async def test_what_can_be_tried_again_is_with_growing_pauses(
    room: Room, result: WriteResult, pause: float, tries: int
) -> None:
    key = room.key()
    await room.running(key)
    room.writes.results = [result]
    assert await room.execution.run("1") == Again(pause)
    assert (await room.row(key)).progress["tries"] == tries


@pytest.mark.parametrize(("result", "words"), [(failed(), "No."), (failed(alarm="Delete it now."), "Delete it now.")])
async def test_what_cannot_be_done_fails_with_its_reason(room: Room, result: WriteResult, words: str) -> None:
    key = room.key()
    await room.running(key)
    room.writes.results = [result]
    assert await room.execution.run("1") is None
    row = await room.row(key)
    assert (row.status, row.sentence) == (BatchKeyStatus.FAILED, words)
    assert (await room.spine.facts())[-1] == "failed"


async def test_a_key_is_given_up_after_many_tries(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TRIES", 2)
    key = room.key()
    await room.running(key)
    room.writes.results = [failed(again_after=1.0)] * 2
    await room.to_the_end()
    assert (await room.row(key)).status is BatchKeyStatus.FAILED


async def test_a_key_that_is_gone_is_done_without_a_record(room: Room) -> None:
    key = room.key()
    await room.running(key)
    room.writes.results = [WriteResult(status=WriteStatus.DONE, notes=("The key is gone.",))]
    await room.execution.run("1")
    row = await room.row(key)
    assert (row.status, row.sentence, await room.locked(key)) == (BatchKeyStatus.DONE, "The key is gone.", None)


async def test_a_batch_that_waits_for_a_moment_to_come_says_when(room: Room) -> None:
    key = room.key()
    await room.running(key)
    await room.database.run(store.change_key, 1, key.id, progress={"after": room.spine.now + 7.0})
    assert await room.execution.run("1") == Again(7.0)


async def test_places_are_given_back_when_a_batch_is_stopped(room: Room) -> None:
    key = room.key(status=DISABLED)
    await room.own(key)
    await room.running(key, operation="key.enable")
    await room.database.run(store.change_key, 1, key.id, progress={"place": True})
    await room.database.run(room.execution.give_places_back, 1)
    line = await room.database.read(owners.find, key.id)
    assert line is not None
    assert line.disabled_at == room.spine.now


async def test_keys_that_are_accepted_to_the_end_are_an_alarm_of_their_own(room: Room) -> None:
    await room.running(room.key())
    await room.database.run(room.execution._alarm, 1)
    alarm = await room.post("batch:1:alarm")
    assert alarm is not None
    assert alarm.target == "C0SEC"
