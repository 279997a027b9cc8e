"""The one way to write: what the gateway's errors become, and that a lost lock sends nothing and stores nothing."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals.verified_write import BUSY_SECONDS, VerifiedWriter, VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.gateway.errors import CallFacts, GatewayOutcomeUnknown, GatewayRejected, GatewayUnavailable, Refusal
from bot.gateway.gateways import KeyReader
from bot.gateway.models import KeyId
from bot.gateway.writes import Journal, WriteResult, WriteStatus, disable
from tests.gateway.kit import client_of, fake_gateway

FACTS = CallFacts(operation="PUT", key_id=7, request_id=None, reference="r", status=200)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def writes_of(database: Database, client: Any, clock: Clock, holder: str = "here") -> VerifiedWrites:
    locks = WriteLocks(database=database, holder=holder, operations={}, clock=clock)
    return VerifiedWrites(client=client, database=database, write_locks=locks)


def keep_nothing(_c: sa.Connection, _name: str, _value: Any) -> None:
    pass


ERRORS = {
    "refused": (GatewayRejected(Refusal.UNKNOWN, facts=FACTS), WriteStatus.REFUSED, None),
    "lost": (GatewayOutcomeUnknown("lost", facts=FACTS), WriteStatus.UNKNOWN, 1.0),
    "away": (GatewayUnavailable("away", facts=FACTS), WriteStatus.FAILED, 1.0),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_becomes_a_result(sqlite_database: Database, name: str) -> None:
    error, status, again = ERRORS[name]

    async def call(_client: KeyReader, _journal: Journal, _processing: float) -> WriteResult:
        raise error

    async def work(writer: VerifiedWriter) -> WriteResult:
        return await writer.write(call, checkpoints={}, keep=keep_nothing)

    result = await writes_of(sqlite_database, None, Clock()).of_key(7, work)
    assert isinstance(result, WriteResult)
    assert (result.status, result.again_after) == (status, again)


@pytest.mark.postgres
@pytest.mark.parametrize("frozen_at", ["before the checkpoint", "before the bytes", "before the outcome"])
async def test_who_was_frozen_and_taken_for_dead_writes_nothing_late(
    postgres_database: Database, frozen_at: str
) -> None:
    fake, clock = fake_gateway(), Clock()
    key = fake.add_key(name="svc")
    ours = writes_of(postgres_database, client_of(fake), clock)
    theirs = writes_of(postgres_database, client_of(fake), clock, "there")
    outcomes: list[str] = []

    async def write(client: KeyReader, journal: Journal, processing: float) -> WriteResult:
        return await disable(client.of(1), KeyId(key.id), journal, processing=processing)

    async def taken_over(writer: VerifiedWriter) -> None:
        await writer.write(write, checkpoints={}, keep=keep_nothing)
        outcomes.append("theirs")

    async def freeze() -> None:
        clock.now += 60
        assert await theirs.of_key(key.id, taken_over) is None
        fake.edit_behind(key.id, status=1)  # somebody enables it again: a late write would be seen

    def store_outcome(c: sa.Connection, writer: VerifiedWriter) -> None:
        writer.check(c)
        outcomes.append("ours")

    async def late(client: KeyReader, journal: Journal, processing: float) -> WriteResult:
        if frozen_at == "before the checkpoint":
            await freeze()
        if frozen_at == "before the bytes":
            journal.record = _after(journal.record, freeze)  # type: ignore[method-assign]
        return await write(client, journal, processing)

    async def work(writer: VerifiedWriter) -> None:
        await writer.write(late, checkpoints={}, keep=keep_nothing)
        if frozen_at == "before the outcome":
            await freeze()
        await postgres_database.run(store_outcome, writer)

    assert await ours.of_key(key.id, work) == Again(BUSY_SECONDS)
    assert outcomes == ["theirs"]
    assert fake.key(key.id).status == 1


def _after(record: Any, freeze: Any) -> Any:
    frozen: list[bool] = []

    async def recording(name: str, value: Any) -> None:
        await record(name, value)
        if not frozen:
            frozen.append(True)
            await freeze()

    return recording


@pytest.mark.postgres
async def test_what_another_replica_writes_is_looked_at_again(postgres_database: Database) -> None:
    clock = Clock()
    ours, theirs = (writes_of(postgres_database, None, clock, holder) for holder in ("here", "there"))

    async def never(_writer: VerifiedWriter) -> None:
        raise AssertionError("two writers of one key")

    async def meanwhile(_writer: VerifiedWriter) -> Again | None:
        return await theirs.of_key(7, never)

    assert await ours.of_key(7, meanwhile) == Again(BUSY_SECONDS)


@pytest.mark.postgres
async def test_a_second_key_that_another_replica_writes_stops_the_write(postgres_database: Database) -> None:
    clock = Clock()
    ours, theirs = (writes_of(postgres_database, None, clock, holder) for holder in ("here", "there"))

    async def both(writer: VerifiedWriter) -> None:
        async with writer.holding(8):
            raise AssertionError("two writers of one key")

    async def meanwhile(_writer: VerifiedWriter) -> Again | None:
        return await ours.of_key(7, both)

    assert await theirs.of_key(8, meanwhile) == Again(BUSY_SECONDS)
