"""One writer at a time: creates exclude each other, writes to one key exclude each other, across replicas too.

A hung create must not hold up the disabling of a leaked key, so the lock is not one for the whole account: a quota
race or a doubled create needs two writers of the same thing (docs/decisions/0003-one-writer.md).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from bot.approvals.models import ApprovalRequest
from bot.db import leases
from bot.db.engine import Database

SECONDS = 6.0


class Writers:
    """Locks by what is written. `holder` names this process. SQLite has one process, so no lease row is needed there."""

    def __init__(self, *, database: Database, holder: str, clock: Callable[[], float]) -> None:
        self._database = database
        self._holder = holder
        self._clock = clock
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @contextlib.asynccontextmanager
    async def hold(self, request: ApprovalRequest) -> AsyncIterator[bool]:
        """Hold the lock of what `request` writes. Yields False when another replica has it."""
        name = "write:create" if request.key_id is None else f"write:key:{request.key_id}"
        lock, users = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, users + 1)
        try:
            async with lock, self._lease(name) as held:
                yield held
        finally:
            lock, users = self._locks[name]
            if users == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, users - 1)

    @contextlib.asynccontextmanager
    async def _lease(self, name: str) -> AsyncIterator[bool]:
        if self._database.dialect == "sqlite":
            yield True
            return
        held = await self._database.run(leases.acquire, name, self._holder, seconds=SECONDS, now=self._clock())
        if not held:
            yield False
            return
        keeper = asyncio.create_task(self._keep(name))
        try:
            yield True
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
            await self._database.run(leases.release, name, self._holder)

    async def _keep(self, name: str) -> None:
        while True:
            await asyncio.sleep(SECONDS / 3)
            await self._database.run(leases.renew, name, self._holder, seconds=SECONDS, now=self._clock())
