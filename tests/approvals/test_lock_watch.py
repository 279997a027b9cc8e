"""A locked key that is in use again without a request of ours is noticed by any read of it."""

import asyncio

import pytest

from bot.approvals.lock_watch import LockWatch
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.gateway.models import KeyId
from bot.keys import locks
from tests.approvals.test_key_locks import ALERT, Locking
from tests.tools.stubborn import Stubborn


async def wanted(database: Database, locking: Locking, *, locked: bool = True) -> list[str]:
    """The posts that are wanted after a read of the key."""
    watch = LockWatch(database=database, reader=locking.reader, key_locks=locking.locks, settle=0.0)
    if locked:
        await database.run(locks.lock, locking.key_id, ALERT)
    await locking.reader.get_key(KeyId(locking.key_id))
    assert watch._task is not None
    await watch._task
    await asyncio.sleep(0)
    await watch.stop()
    return [post_id for post_id in await locking.spine.wanted() if "in_use" in post_id]


async def test_a_locked_key_in_use_is_said_once_an_hour(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    first = await wanted(sqlite_database, locking)
    assert len(first) == 1
    assert await wanted(sqlite_database, locking) == first
    assert await locking.lock() == ALERT


async def test_what_is_not_locked_or_is_being_changed_by_us_is_no_news(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    assert await wanted(sqlite_database, locking, locked=False) == []
    await locking.request("key.enable", status=Status.RUNNING)
    assert await wanted(sqlite_database, locking) == []


@pytest.mark.parametrize("operation", ["key.transfer", "key.adopt"])
async def test_a_key_that_is_being_given_away_is_looked_after_all_the_same(
    sqlite_database: Database, operation: str
) -> None:
    locking = Locking(sqlite_database)
    await locking.request(operation, status=Status.APPROVED)
    assert len(await wanted(sqlite_database, locking)) == 1


async def test_many_keys_that_an_incident_locks_cost_no_call_each(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    records = [locking.fake.add_key(name=f"svc-{number}", unlimited_quota=True) for number in range(150)]
    watch = LockWatch(database=sqlite_database, reader=locking.reader, key_locks=locking.locks, settle=60.0)
    await locking.reader.list_keys()
    for record in records:
        await sqlite_database.run(locks.lock, record.id, ALERT)
    # All but two are disabled, which the read-back of the batch shows; the others are enabled past Keydesk.
    for record in records[2:]:
        locking.fake.edit_behind(record.id, status=2)
    await locking.reader.list_keys()
    before = len(locking.fake.requests)
    # The look itself, without its pause.
    await watch.stop()
    watch.settle = 0.0
    await watch._look()
    assert len(locking.fake.requests) - before <= 2
    said = [post_id for post_id in await locking.spine.wanted() if "in_use" in post_id]
    assert [int(post_id.split(":")[1]) for post_id in said] == [record.id for record in records[:2]]


async def test_a_gateway_that_does_not_answer_is_asked_again_at_the_next_read(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    locking = Locking(sqlite_database)
    await sqlite_database.run(locks.lock, locking.key_id, ALERT)
    watch = LockWatch(database=sqlite_database, reader=locking.reader, key_locks=locking.locks, settle=0.0)
    await locking.reader.get_key(KeyId(locking.key_id))
    locking.fake.arm("empty", times=None)
    assert watch._task is not None
    await watch._task
    assert "locked keys could not be looked after: GatewayUnavailable" in caplog.text
    await watch.stop()
    locking.fake.disarm()
    assert len(await wanted(sqlite_database, locking)) == 1


async def test_what_was_never_begun_is_stopped_and_begins_no_more(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    watch = LockWatch(database=sqlite_database, reader=locking.reader, key_locks=locking.locks, settle=0.0)
    await watch.stop()
    await locking.reader.get_key(KeyId(locking.key_id))
    assert watch._task is None


async def test_who_is_cancelled_while_waiting_for_the_end_stays_cancelled(sqlite_database: Database) -> None:
    locking = Locking(sqlite_database)
    watch = LockWatch(database=sqlite_database, reader=locking.reader, key_locks=locking.locks)
    stubborn = Stubborn()
    watch._task = stubborn.task
    await asyncio.sleep(0)
    stopping = asyncio.create_task(watch.stop())
    await stubborn.refused.wait()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert stubborn.task.done()
