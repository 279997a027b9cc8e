"""The proof of a batch beside its writes: these go first, and no value outlives its trial."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

import pytest
from pydantic import SecretStr

from bot.audit import Fact
from bot.audit import read as read_audit
from bot.db import named_values
from bot.db.engine import Database
from bot.gateway.gateways import KeyReader
from bot.gateway.limiter import CallLimiter, Priority, prioritized
from bot.gateway.models import CheckOutcome, KeyCheck
from bot.incident import store
from bot.incident.models import UNSETTLED, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus, values_from_name
from bot.incident.revocation_check import MARK, ROUND, BatchRevocationCheck, begun
from bot.languages.sentence import from_stored
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.alerts.kit import NOW
from tests.gateway.kit import client_of, fake_gateway
from tests.incident.kit import execution_of

KEYS = 20


class SlowClock:
    """A slow gateway: each trial takes a second."""

    def __init__(self, fake: FakeGateway) -> None:
        self._fake = fake

    @property
    def now(self) -> float:
        return NOW + sum(seen.path == "/v1/models" for seen in self._fake.requests)

    def __call__(self) -> float:
        return self.now


async def disabled(database: Database, fake: FakeGateway) -> None:
    """Batch 1: so many disabled keys that are to be tried, and one that waits until the tenth trial."""
    records = [fake.add_key(name=f"svc-{n}", unlimited_quota=True, status=2) for n in range(KEYS)]
    waiting = fake.add_key(name="waiting", unlimited_quota=True)
    keys = [BatchKey(key_id=key.id, name=key.name, own=False, status_before=1) for key in (*records, waiting)]
    asked = {"delivery_id": "cmd:1", "operation": "key.disable", "requester_id": "U1", "requester_team": "T1"}
    await database.run(store.draft, keys, **asked, what="w", asked_at=NOW)
    await database.run(store.move, 1, BatchStatus.DRAFT, BatchStatus.RUNNING)
    done = {
        "status": BatchKeyStatus.DONE.value,
        "proof": BatchRevocation.TRYING.value,
        "progress": {MARK: begun(masked=True)},
    }
    for record in records:
        await database.run(store.change_key, 1, record.id, **done)
    await database.run(store.change_key, 1, waiting.id, progress={"after": NOW + 10})


def proof_of(database: Database, client: KeyReader, write: Callable[[int], Awaitable[None]]) -> BatchRevocationCheck:
    return BatchRevocationCheck(
        database=database,
        client=client,
        leaked=lambda _key_id: None,
        write=write,
        show=lambda *_: None,
        alarm=lambda *_: None,
        clock=lambda: NOW,
    )


async def test_a_write_that_comes_due_during_a_long_pass_goes_before_the_next_trials(sqlite_database: Database) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    run = execution_of(sqlite_database, fake, SlowClock(fake))
    assert await run.run("1") is None
    seen = [(each.method, each.path) for each in fake.requests]
    write = next(place for place, (method, _) in enumerate(seen) if method == "PUT")
    # Due after ten trials: the round that was begun is ended, and no other comes before it.
    assert seen[:write].count(("GET", "/v1/models")) == 2 * ROUND
    assert seen.count(("GET", "/v1/models")) == KEYS + 1
    # One call for the values of all, which the pass goes on with, and one for the key that came last.
    assert seen.count(("POST", "/api/token/batch/keys")) == 2
    assert (await sqlite_database.read(store.proved, 1))[BatchRevocation.REFUSED] == KEYS + 1


async def test_a_value_is_dropped_when_its_key_is_refused(sqlite_database: Database) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    client, records, held = client_of(fake), fake.keys(), list[int]()

    async def write(_batch_id: int) -> None:
        held.append(sum(client.held.of_key(record.id) is not None for record in records))

    assert await proof_of(sqlite_database, client, write).try_due(1) == 0.0
    assert held == [KEYS - ROUND, KEYS - 2 * ROUND]


async def test_a_refused_access_token_is_named_as_the_reason(sqlite_database: Database) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    fake.arm("empty", method="POST", status=401, lands=False, times=None)

    async def write(_batch_id: int) -> None:
        """Nothing is due."""

    await proof_of(sqlite_database, client_of(fake), write).try_due(1)
    keys = await sqlite_database.read(store.keys_of, 1, proofs=UNSETTLED)
    why = "The gateway does not take our access token; an administrator must renew COMETAPI_ACCESS_TOKEN."
    assert [from_stored(key.progress[MARK]["why"]) for key in keys] == [why] * KEYS


async def test_the_few_of_a_large_batch_that_are_due_first_are_not_revealed_one_by_one(
    sqlite_database: Database,
) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    for key in (await sqlite_database.read(store.keys_of, 1, proofs=UNSETTLED))[3:]:
        await sqlite_database.run(store.change_key, 1, key.key_id, progress={MARK: {"masked": True, "after": NOW + 1}})

    async def write(_batch_id: int) -> None:
        """Nothing is due."""

    assert await proof_of(sqlite_database, client_of(fake), write).try_due(1) == 0.0
    assert [each.path for each in fake.requests if each.method == "POST"] == ["/api/token/batch/keys"]
    assert (await sqlite_database.read(store.proved, 1))[BatchRevocation.REFUSED] == 3


def proved(counts: Mapping[BatchRevocation, int]) -> tuple[int, int]:
    """How many are refused, and how many ended without a trial."""
    return counts[BatchRevocation.REFUSED], counts[BatchRevocation.UNTRIED]


@pytest.mark.thorough
async def test_a_batch_larger_than_the_limit_on_reveals_is_proved_a_hundred_a_call_and_none_is_given_up(
    sqlite_database: Database,
) -> None:
    fake = fake_gateway("upstream-g2", ip_limit=None)
    records = [fake.add_key(name=f"svc-{n}", unlimited_quota=True, status=2) for n in range(950)]
    keys = [BatchKey(key_id=key.id, name=key.name, own=False, status_before=1) for key in records]
    asked = {"delivery_id": "cmd:1", "operation": "key.disable", "requester_id": "U1", "requester_team": "T1"}
    await sqlite_database.run(store.draft, keys, **asked, what="w", asked_at=NOW)
    await sqlite_database.run(store.move, 1, BatchStatus.DRAFT, BatchStatus.RUNNING)
    client, done = client_of(fake, limiter=CallLimiter(clock=fake.clock, sleep=fake.clock.sleep)), 0

    async def write(_batch_id: int) -> None:
        """Nothing is due."""

    proof = proof_of(sqlite_database, client, write)
    proof = replace(proof, clock=fake.clock)
    # A minute's writes at a time, as the limit on calls lets them through.
    while done < len(records):
        for record in records[done : done + 60]:
            mark = {MARK: begun(masked=True)}
            change = {"status": BatchKeyStatus.DONE.value, "proof": BatchRevocation.TRYING.value, "progress": mark}
            await sqlite_database.run(store.change_key, 1, record.id, **change)
        done += 60
        fake.advance(60)
        while await proof.try_due(1) == 0.0:
            pass
    calls = [each.path for each in fake.requests if each.method == "POST"]
    # Eight of the twenty calls are for proofs; the rest belongs to people.
    assert calls == ["/api/token/batch/keys"] * 8
    assert proved(await sqlite_database.read(store.proved, 1)) == (800, 0)
    pause = await proof.try_due(1)
    assert pause is not None
    assert pause > 60
    assert await sqlite_database.read(named_values.get, values_from_name(1)) == pytest.approx(fake.clock() + pause)
    fake.advance(pause)
    while (pause := await proof.try_due(1)) is not None:
        fake.advance(pause)
    assert proved(await sqlite_database.read(store.proved, 1)) == (950, 0)
    assert sum(each.method == "POST" for each in fake.requests) == 10
    assert await sqlite_database.read(named_values.get, values_from_name(1)) is None


async def test_a_refused_call_for_values_is_a_trial_once_and_then_waited_for(sqlite_database: Database) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    fake.arm("empty_429", method="POST", times=1)

    async def write(_batch_id: int) -> None:
        """Nothing is due."""

    client = client_of(fake, limiter=CallLimiter(clock=fake.clock, sleep=fake.clock.sleep))
    proof = replace(proof_of(sqlite_database, client, write), clock=fake.clock)
    with prioritized(Priority.KILL):
        while (pause := await proof.try_due(1)) is not None:
            fake.advance(pause)
    assert proved(await sqlite_database.read(store.proved, 1)) == (KEYS, 0)
    assert sum(each.method == "POST" for each in fake.requests) == 2


@pytest.mark.parametrize("mine", ["refused", "accepted"])
async def test_who_was_frozen_in_a_trial_changes_nothing_that_another_process_proved(
    sqlite_database: Database, mine: str
) -> None:
    """Each key is tried once in the record, and an old answer raises no alarm about a key that is refused by now."""
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    client, told = client_of(fake), list[int]()
    told_by_record = partial(read_audit, limit=500)

    async def write(_batch_id: int) -> None:
        """Nothing is due."""

    heir = proof_of(sqlite_database, client_of(fake), write)
    check_key, frozen = client.check_key, list[bool]()

    async def frozen_within(value: SecretStr) -> KeyCheck:
        """Its first trial ends only after the heir has done everything."""
        answer = await check_key(value)
        if frozen:
            return answer
        frozen.append(True)
        while await heir.try_due(1) is not None:
            pass
        return answer if mine == "refused" else answer.model_copy(update={"outcome": CheckOutcome.ACCEPTED})

    client.check_key = frozen_within  # type: ignore[method-assign]
    victim = replace(proof_of(sqlite_database, client, write), alarm=lambda _c, batch_id: told.append(batch_id))
    await victim.try_due(1)
    tried = [line["key_id"] for line in await sqlite_database.read(told_by_record) if line["fact"] == Fact.PROBE]
    assert len(tried) == len(set(tried)) == KEYS
    assert (await sqlite_database.read(store.proved, 1))[BatchRevocation.REFUSED] == KEYS
    assert told == []
