"""Which disables lock a key, and what a lock does to the requests about it that are on their way."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import key_locks, store
from bot.approvals.key_locks import KeyLocks, locked_meanwhile
from bot.approvals.models import ApprovalRequest, Origin, OriginKind, Status
from bot.audit import read as read_audit
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import locks
from bot.permissions.models import Lock
from bot.slack import post_store
from bot.slack.outbox import Outbox
from tests.approvals.kit import CHANNEL, NOW, Nowhere, Spine
from tests.gateway.kit import client_of, fake_gateway
from tests.slack.outboxes import Queue

ALERT = Lock(cause="alert", by="U0SAM", at=NOW, number=3, rule="security pulls the plug")


class Locking:
    """A key at a gateway, and the locks of a database."""

    def __init__(self, database: Database) -> None:
        self.fake = fake_gateway("upstream-g2")
        self.reader = client_of(self.fake)
        self.key_id = self.fake.add_key(name="search", unlimited_quota=True).id
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
        record = await self.reader.get_key(KeyId(self.key_id))
        result = WriteResult(status=WriteStatus.DONE, key=record, before=record)
        await self.spine.database.run(self.locks.follow, done, OPERATIONS[operation], result)

    async def request(
        self, operation: str, *, own: bool = True, origin: Origin | None = None, status: Status = Status.PENDING
    ) -> ApprovalRequest:
        row = await self.spine.ask()
        judgement = row.judgement.model_copy(update={"own": own})
        changes = {"operation": operation, "key_id": self.key_id, "judgement": judgement, "status": status}
        changes |= {"origin": origin or Origin(), "input": {"key_id": self.key_id}}
        return await self.spine.database.run(_change, row, changes)

    async def lock(self) -> Lock | None:
        return await self.spine.database.read(locks.lock_of, self.key_id)


def _change(c: sa.Connection, row: Any, changes: dict[str, Any]) -> Any:
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


async def posted(locking: Locking, post_id: str) -> dict[str, Any] | None:
    post = await locking.spine.database.read(post_store.load, post_id)
    return None if post is None else dict(post.body)


async def facts(locking: Locking) -> list[str]:
    return [one for one in await locking.spine.facts() if "locked" in one]


async def test_what_failed_changes_no_lock(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    failed = (await locking.request("key.disable", own=False)).model_copy(update={"status": Status.FAILED})
    result = WriteResult(status=WriteStatus.FAILED)
    await sqlite_database.run(locking.locks.follow, failed, OPERATIONS["key.disable"], result)
    assert await locking.lock() is None


async def test_a_lock_of_more_weight_stays_and_is_what_waiting_requests_hear_of(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    await sqlite_database.run(locks.lock, locking.key_id, ALERT)
    waiting = await locking.request("key.enable")
    lighter = replace(ALERT, cause="person")
    await sqlite_database.run(locking.locks.lock, locking.key_id, lighter)
    assert await locking.lock() == ALERT
    assert (await sqlite_database.read(store.get, waiting.id)).judgement.facts.lock == ALERT
    assert await facts(locking) == []


async def test_what_waits_and_revives_nothing_need_not_hear_of_it(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    waiting = await locking.request("key.delete")
    await sqlite_database.run(locking.locks.lock, locking.key_id, ALERT)
    assert await sqlite_database.read(store.get, waiting.id) == waiting


async def test_the_end_of_a_rotation_of_a_leaked_key_locks_it_for_the_alert(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    rotation = await locking.request(
        "key.rotate", origin=Origin(kind=OriginKind.ALERT, alert_id=5, attempt=1), status=Status.SUCCEEDED
    )
    await locking.settled("key.disable", origin=Origin(kind=OriginKind.ROTATION_END, request_id=rotation.id))
    found = await locking.lock()
    assert found is not None
    assert (found.cause, found.number) == ("alert", 5)


async def test_keys_that_a_batch_brings_back_are_one_message(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_locks, "MOST_NAMED", 1)
    locking = Locking(sqlite_database)
    other = locking.fake.add_key(name="other", unlimited_quota=True).id
    free = locking.fake.add_key(name="free", unlimited_quota=True).id
    for key_id in (locking.key_id, other):
        await sqlite_database.run(locks.lock, key_id, ALERT)
    for key_id in (locking.key_id, other, free):
        key = await locking.reader.get_key(KeyId(key_id))
        await sqlite_database.run(locking.locks.came_back, key, batch_id=4, by="U0SAM", agreed_by="U0OMAR")
    assert await locking.lock() is None
    body = await posted(locking, "batch:4:unlocked")
    assert body is not None
    assert (body["by"], body["approved_by"], body["more"]) == ("U0SAM", ["U0OMAR"], 1)
    assert [key["key_id"] for key in body["keys"]] == [locking.key_id]
    assert await facts(locking) == ["unlocked", "unlocked"]


async def test_a_successor_of_a_locked_key_is_said_and_the_key_stays_locked(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    await sqlite_database.run(locks.lock, locking.key_id, ALERT)
    await locking.settled("key.rotate")
    assert await locking.lock() == ALERT
    body = await posted(locking, "req:1:unlocked")
    assert body is not None
    assert body["successor"] == locking.key_id


async def test_a_key_that_is_not_in_use_afterwards_stays_locked(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    await sqlite_database.run(locks.lock, locking.key_id, ALERT)
    locking.fake.edit_behind(locking.key_id, status=2)
    await locking.settled("key.update")
    assert await locking.lock() == ALERT
    assert await posted(locking, "req:1:unlocked") is None
