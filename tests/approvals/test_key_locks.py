"""Which disables lock a key, and what a lock does to the requests about it that are on their way."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from bot.approvals import store
from bot.approvals.key_locks import KeyLocks, locked_meanwhile
from bot.approvals.models import ApprovalRequest, Origin, OriginKind, Status
from bot.audit import read as read_audit
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import locks
from bot.permissions.models import Lock
from bot.slack.outbox import Outbox
from tests.approvals.kit import CHANNEL, NOW, Nowhere, Spine
from tests.gateway.kit import client_of, fake_gateway
from tests.slack.outboxes import Queue

ALERT = Lock(cause="alert", by="U0SAM", at=NOW, number=3, rule="security pulls the plug")


class Locking:
    """A key at a gateway, and the locks of a database."""

    def __init__(self, database: Database) -> None:
        fake = fake_gateway("upstream-g2")
        self.reader = client_of(fake)
        self.key_id = fake.add_key(name="search", unlimited_quota=True).id
        self.spine = Spine(database)
        outbox = Outbox(
            database=database,
            engine=Queue(SimpleNamespace(now=NOW)),
            web=Nowhere(),
            directory=Nowhere(),
            drawers={},
            clock=lambda: NOW,
        )
        self.locks = KeyLocks(outbox=outbox, channel=CHANNEL, reader=self.reader, clock=lambda: NOW)

    async def settled(self, operation: str, *, own: bool = False, origin: Origin | None = None) -> None:
        """A request about the key was done, and the locks hear of it."""
        row = await self.request(operation, own=own, origin=origin or Origin())
        done = row.model_copy(update={"status": Status.SUCCEEDED})
        record = await self.reader.get_key(self.key_id)
        result = WriteResult(status=WriteStatus.DONE, key=record, before=record)
        await self.spine.database.run(self.locks.follow, done, OPERATIONS[operation], result)

    async def request(
        self, operation: str, *, own: bool = True, origin: Origin | None = None, status: Status = Status.PENDING
    ) -> ApprovalRequest:
        await self.spine.ask()
        row = await self.spine.row()
        judgement = row.judgement.model_copy(update={"own": own})
        changes = {"operation": operation, "key_id": self.key_id, "judgement": judgement, "status": status}
        changes |= {"origin": origin or Origin(), "input": {"key_id": self.key_id}}
        return await self.spine.database.run(_change, row, changes)

    async def lock(self) -> Lock | None:
        return await self.spine.database.read(locks.lock_of, self.key_id)


def _change(c, row, changes):
    return store.change(c, row, **changes)


@pytest.mark.parametrize(
    ("own", "origin", "cause"),
    [
        (True, Origin(), None),
        (False, Origin(), "person"),
        (True, Origin(kind=OriginKind.ALERT, alert_id=3, attempt=1), "alert"),
        (False, Origin(kind=OriginKind.ALERT_RULE, alert_id=3, attempt=1), "alert"),
        (True, Origin(kind=OriginKind.ROTATION_END, request_id=999), None),
    ],
)
async def test_an_owners_own_wish_locks_nothing(
    sqlite_database: Database, own: bool, origin: Origin, cause: str | None
) -> None:
    locking = Locking(sqlite_database)
    await locking.settled("key.disable", own=own, origin=origin)
    found = await locking.lock()
    assert (None if found is None else found.cause) == cause
    if found is not None and origin.kind is OriginKind.ALERT_RULE:
        assert found.by == ""


async def test_a_waiting_request_hears_of_the_lock(database: Database) -> None:
    locking = Locking(database)
    waiting = await locking.request("key.enable")
    await database.run(locking.locks.lock, locking.key_id, ALERT)
    assert (await database.read(store.get, waiting.id)).judgement.facts.lock == ALERT
    lines = await database.read(read_audit, limit=10)
    assert [line["details"]["cause"] for line in lines if line["fact"] == "locked"] == ["alert"]


async def test_what_runs_already_notices_a_later_lock_only(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    running = await locking.request("key.enable", status=Status.RUNNING)
    assert await sqlite_database.read(locked_meanwhile, running) is None
    await sqlite_database.run(locks.lock, locking.key_id, ALERT)
    assert await sqlite_database.read(locked_meanwhile, running) == ALERT
    facts = replace(running.judgement.facts, lock=ALERT)
    judged = running.model_copy(update={"judgement": running.judgement.model_copy(update={"facts": facts})})
    assert await sqlite_database.read(locked_meanwhile, judged) is None
    assert await sqlite_database.read(locked_meanwhile, running.model_copy(update={"operation": "key.disable"})) is None


@pytest.mark.parametrize("operation", ["key.enable", "key.quota", "key.update"])
async def test_a_key_that_is_read_back_in_use_is_unlocked(sqlite_database: Database, operation: str) -> None:
    locking = Locking(sqlite_database)
    await sqlite_database.run(locks.lock, locking.key_id, ALERT)
    await locking.settled(operation)
    assert await locking.lock() is None


async def test_a_deleted_key_is_not_locked(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    await sqlite_database.run(locks.lock, locking.key_id, ALERT)
    await locking.settled("key.delete")
    assert await locking.lock() is None
