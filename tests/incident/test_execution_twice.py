"""A batch's keys are settled once, although its job may run in two processes: one is frozen and wakes up late."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.audit import Fact
from bot.audit import read as read_audit
from bot.db.engine import Database
from bot.gateway.models import KeyId
from bot.incident import store
from bot.incident.models import BatchKey, BatchKeyStatus, BatchStatus
from bot.keys import locks
from bot.permissions.models import Lock
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.alerts.kit import NOW
from tests.gateway.kit import fake_gateway
from tests.incident.kit import POLICY, execution_of


class Clock:
    """It stands still."""

    now = NOW

    def __call__(self) -> float:
        return self.now


async def one_key(database: Database, fake: FakeGateway, operation: str) -> int:
    """Batch 1 is running, about one key."""
    status = 2 if operation == "key.enable" else 1
    record = fake.add_key(name="svc", unlimited_quota=True, status=status)
    keys = [BatchKey(key_id=record.id, name="svc", own=False, status_before=status)]
    asked = {"delivery_id": "cmd:1", "operation": operation, "requester_id": "U1", "requester_team": "T1"}
    await database.run(store.draft, keys, **asked, what="w", asked_at=NOW)
    await database.run(store.move, 1, BatchStatus.DRAFT, BatchStatus.RUNNING)
    return int(record.id)


def settle(c: sa.Connection, key_id: int) -> None:
    """What another process does meanwhile: the key is done, and it is to be tried."""
    store.change_key(c, 1, key_id, status=BatchKeyStatus.DONE.value, progress={"probe": {"tries": 0}})


def when_first(database: Database, monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any], do: Any) -> None:
    """Have `do` done in a transaction right after the first `read` of this process, which was frozen there."""
    original, done = database.read, list[bool]()

    async def reading(work: Any, *args: Any, **kwargs: Any) -> Any:
        found = await original(work, *args, **kwargs)
        if work is read and not done:
            done.append(True)
            await database.run(do)
        return found

    monkeypatch.setattr(database, "read", reading)


async def failures(database: Database) -> list[object]:
    lines = await database.read(lambda c: read_audit(c, limit=100))
    return [line["key_id"] for line in lines if line["fact"] == Fact.FAILED]


async def test_a_key_that_another_process_settled_stays_as_that_one_settled_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen between the look under the lock and the refusal of a key that was locked meanwhile."""
    fake = fake_gateway()
    key_id = await one_key(database, fake, "key.enable")

    def meanwhile(c: sa.Connection) -> None:
        settle(c, key_id)
        locks.lock(c, key_id, Lock(cause="alert", by="", at=NOW + 1, number=1, rule=""))

    when_first(database, monkeypatch, store.key_of, meanwhile)
    await execution_of(database, fake, Clock())._write_ready(1)
    assert (await database.read(store.key_of, 1, key_id)).status is BatchKeyStatus.DONE
    assert await failures(database) == []


async def test_a_key_that_another_process_settled_is_not_judged_any_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen between the choice of a round's keys and their judgement, which would take a place for the key."""
    fake = fake_gateway()
    key_id = await one_key(database, fake, "key.enable")
    when_first(database, monkeypatch, store.keys_of, lambda c: settle(c, key_id))
    await execution_of(database, fake, Clock(), policy=f"{POLICY}when = {{ keys_at_most = 5 }}\n")._write_ready(1)
    key = await database.read(store.key_of, 1, key_id)
    assert (key.status, key.progress) == (BatchKeyStatus.DONE, {"probe": {"tries": 0}})
    assert fake.key(KeyId(key_id)).status == 2
    assert await failures(database) == []


async def test_a_key_that_cannot_be_stored_leaves_no_other_at_work(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job fails and is tried again; by then nothing of the first try writes any more."""
    fake = fake_gateway()
    records = [fake.add_key(name=f"svc-{n}", unlimited_quota=True) for n in range(2)]
    keys = [BatchKey(key_id=record.id, name=record.name, own=False, status_before=1) for record in records]
    asked = {"delivery_id": "cmd:1", "operation": "key.disable", "requester_id": "U1", "requester_team": "T1"}
    await sqlite_database.run(store.draft, keys, **asked, what="w", asked_at=NOW)
    await sqlite_database.run(store.move, 1, BatchStatus.DRAFT, BatchStatus.RUNNING)
    run = execution_of(sqlite_database, fake, Clock())
    told = run._told

    def failing(c: sa.Connection, writer: Any, batch: Any, key: BatchKey, result: Any) -> None:
        if key.key_id == records[0].id:
            raise OSError("the disk is full")
        told(c, writer, batch, key, result)

    monkeypatch.setattr(run, "_told", failing)
    monkeypatch.setattr("bot.incident.execution.AT_ONCE", 1)
    with pytest.raises(OSError, match="disk is full"):
        await run._write_ready(1)
    stands = {key.key_id: key.status for key in await sqlite_database.read(store.keys_of, 1)}
    assert stands == {records[0].id: BatchKeyStatus.WAITING, records[1].id: BatchKeyStatus.DONE}
    assert len(asyncio.all_tasks()) == 1
