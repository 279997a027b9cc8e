"""One writer at a time per thing, across replicas; who lost the lock is stopped before the next effect."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import write_locks
from bot.approvals.write_locks import SECONDS, WriteLock, WriteLockLost, WriteLocks
from bot.db.engine import Database


def locks_of(database: Database, holder: str, clock: Any = lambda: 100.0) -> WriteLocks:
    return WriteLocks(database=database, holder=holder, operations={}, clock=clock)


async def test_writers_of_one_key_follow_each_other_and_others_do_not_wait(sqlite_database: Database) -> None:
    locks, order, begun = locks_of(sqlite_database, "a"), [], asyncio.Event()

    async def write(key_id: int, name: str, pause: asyncio.Event) -> None:
        async with locks.lock_key(key_id) as held:
            assert held is not None
            order.append(name)
            begun.set()
            await pause.wait()
            order.append(f"{name} done")

    first, free = asyncio.Event(), asyncio.Event()
    free.set()
    one = asyncio.create_task(write(1, "one", first))
    await begun.wait()
    two = asyncio.create_task(write(1, "two", free))
    await write(2, "other", free)
    assert order == ["one", "other", "other done"]
    first.set()
    await asyncio.gather(one, two)
    assert order[-3:] == ["one done", "two", "two done"]
    assert locks._locks == {}


@pytest.mark.postgres
async def test_another_replica_gets_nothing_while_it_is_held(postgres_database: Database) -> None:
    async with locks_of(postgres_database, "a").lock_key(1) as mine:
        assert mine is not None
        async with locks_of(postgres_database, "b").lock_key(1) as theirs:
            assert theirs is None
    async with locks_of(postgres_database, "b").lock_key(1) as theirs:
        assert theirs is not None


def test_a_lock_lasts_as_long_as_its_row_says_and_not_as_a_failed_commit_would_have(sqlite_database: Database) -> None:
    now = [100.0]
    lock = WriteLock(name="write:key:1", holder="a", clock=lambda: now[0], leased=True)
    run = sqlite_database.run_here
    assert run(lock.acquire)

    def prolong_in_vain(c: sa.Connection) -> None:
        lock.check(c)
        raise OSError("the database is gone before the commit")

    now[0] += SECONDS / 2
    with pytest.raises(OSError, match="is gone"):
        run(prolong_in_vain)
    lock.still()
    now[0] += SECONDS / 2
    with pytest.raises(WriteLockLost):
        lock.still()


def test_a_lock_that_was_never_taken_lets_nothing_out() -> None:
    with pytest.raises(WriteLockLost):
        WriteLock(name="write:key:1", holder="a", clock=lambda: 100.0, leased=True).still()


def test_a_lock_that_ran_out_stops_its_holder(sqlite_database: Database) -> None:
    now = [100.0]
    lock = WriteLock(name="write:key:1", holder="a", clock=lambda: now[0], leased=True)
    other = WriteLock(name="write:key:1", holder="b", clock=lambda: now[0], leased=True)
    run = sqlite_database.run_here
    assert run(lock.acquire)
    assert not run(other.acquire)
    lock.still()
    now[0] += SECONDS
    with pytest.raises(WriteLockLost):
        lock.still()
    assert run(other.acquire)
    with pytest.raises(WriteLockLost):
        run(lock.check)
    assert write_locks.SECONDS == SECONDS


@pytest.mark.postgres
async def test_a_lock_is_prolonged_while_it_is_held_though_the_database_hiccups(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_locks, "SECONDS", 0.03)
    beats: list[str] = []
    check = WriteLock.check

    def hiccups(self: WriteLock, c: Any) -> None:
        check(self, c)
        beats.append(self.name)
        if len(beats) == 1:
            raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))

    monkeypatch.setattr(WriteLock, "check", hiccups)
    async with locks_of(postgres_database, "a").lock_key(1) as lock, asyncio.timeout(30.0):
        assert lock is not None
        while len(beats) < 3:  # noqa: ASYNC110  # the keeper tells nobody
            await asyncio.sleep(0.005)
    assert set(beats) == {"write:key:1"}


@pytest.mark.postgres
async def test_who_gives_a_lock_back_and_is_cancelled_meanwhile_stays_cancelled(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending, go = asyncio.Event(), asyncio.Event()

    async def ends_slowly(_locks: WriteLocks, _hold: WriteLock) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await go.wait()

    monkeypatch.setattr(WriteLocks, "_keep", ends_slowly)

    async def hold() -> None:
        async with locks_of(postgres_database, "a").lock_key(1):
            await asyncio.sleep(0)

    holding = asyncio.create_task(hold())
    await ending.wait()
    holding.cancel()
    go.set()
    await asyncio.wait({holding})
    assert holding.cancelled()


@pytest.mark.postgres
async def test_a_lease_that_cannot_be_given_back_undoes_nothing_that_was_done(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs out by itself; the run is not told as failed."""

    def gone(_lock: WriteLock, _c: sa.Connection) -> None:
        raise sa.exc.OperationalError("DELETE", {}, OSError("gone"))

    monkeypatch.setattr(WriteLock, "release", gone)
    async with locks_of(postgres_database, "a").lock_key(1) as mine:
        assert mine is not None
