"""One writer at a time: creates exclude each other, writes to keys of one lineage exclude each other, across replicas.

A hung create must not hold up the disabling of a leaked key, so the lock is not one for the whole account: a quota
race or a doubled create needs two writers of the same thing (docs/decisions/0003-one-writer.md).
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.approvals.models import ApprovalRequest
from bot.db import leases
from bot.db.engine import Database, after_commit
from bot.keys import lineage
from bot.operations import Operation

SECONDS = 6.0


class WriteLockLost(Exception):  # not a BotError: this process was taken for dead, and another one continues
    """The lock is no longer held here: stop before the next effect."""


@dataclass(kw_only=True, eq=False)
class WriteLock:
    """The right to write one thing. `check` is asked in the transaction before each effect."""

    name: str
    holder: str
    clock: Callable[[], float]
    leased: bool
    # Only what is committed counts: after a commit that failed the row still says the earlier time.
    _until: float = field(default=-math.inf, init=False)

    def acquire(self, c: sa.Connection) -> bool:
        """Take the lease. False: another replica has it."""
        now = self.clock()
        if not leases.acquire(c, self.name, self.holder, seconds=SECONDS, now=now):
            return False
        after_commit(c, lambda: self._prolong(now))
        return True

    def check(self, c: sa.Connection) -> None:
        """Prolong the lease. Raises WriteLockLost when it is somebody else's: we were frozen and taken for dead."""
        now = self.clock()
        if self.leased and not leases.renew(c, self.name, self.holder, seconds=SECONDS, now=now):
            raise WriteLockLost(self.name)
        if self.leased:
            after_commit(c, lambda: self._prolong(now))

    def _prolong(self, since: float) -> None:
        self._until = since + SECONDS

    def release(self, c: sa.Connection) -> None:
        """Give the lease back."""
        leases.release(c, self.name, self.holder)

    def still(self) -> None:
        """The same question without the database, asked in the last moment before a call: raises WriteLockLost."""
        if self.leased and self.clock() >= self._until:
            raise WriteLockLost(self.name)


@dataclass(kw_only=True, eq=False)
class WriteLocks:
    """Locks by what is written. `holder` names this process. On SQLite, which has one process, no lease is needed."""

    database: Database
    holder: str
    operations: Mapping[str, Operation]
    clock: Callable[[], float]
    _locks: dict[str, tuple[asyncio.Lock, int]] = field(default_factory=dict, init=False)

    def hold(self, request: ApprovalRequest) -> contextlib.AbstractAsyncContextManager[WriteLock | None]:
        """Take the lock of what `request` writes. Yields None when another replica has it."""
        creates = request.key_id is None or self.operations[request.operation].description.creates
        return self._held("write:create") if creates else self.lock_key(request.key_id or 0)

    @contextlib.asynccontextmanager
    async def lock_key(self, key_id: int) -> AsyncIterator[WriteLock | None]:
        """The lock of one key and of all that it replaced or that replaced it: quota moves between them."""
        first = await self.database.read(lineage.first_of, key_id)
        async with self._held(f"write:key:{first}") as lock:
            # The key became part of a lineage while we waited, and a lineage has another lock.
            same = lock is not None and await self.database.read(lineage.first_of, key_id) == first
            yield lock if same else None

    @contextlib.asynccontextmanager
    async def _held(self, name: str) -> AsyncIterator[WriteLock | None]:
        lock, users = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, users + 1)
        try:
            async with lock, self._lease(name) as hold:
                yield hold
        finally:
            lock, users = self._locks[name]
            if users == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, users - 1)

    @contextlib.asynccontextmanager
    async def _lease(self, name: str) -> AsyncIterator[WriteLock | None]:
        leased = self.database.dialect == "postgresql"
        hold = WriteLock(name=name, holder=self.holder, clock=self.clock, leased=leased)
        if not leased:
            yield hold
            return
        if not await self.database.run(hold.acquire):
            yield None
            return
        keeper = asyncio.create_task(self._keep(hold))
        try:
            yield hold
        finally:
            keeper.cancel()
            try:
                # Not a suppressed CancelledError, which may be the caller's own.
                await asyncio.gather(keeper, return_exceptions=True)
            finally:
                with contextlib.suppress(sa.exc.SQLAlchemyError):  # the lease runs out by itself
                    await self.database.run(hold.release)

    async def _keep(self, hold: WriteLock) -> None:
        while True:
            await asyncio.sleep(SECONDS / 3)
            with contextlib.suppress(sa.exc.SQLAlchemyError):  # the next beat, or the check before an effect, tells
                await self.database.run(hold.check)
