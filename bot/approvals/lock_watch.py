"""Notices locked keys that somebody enabled past Keydesk, at the gateway itself: their revival is said aloud as well.

Every record that is read, for whatever reason, passes here. What was seen in use and is locked is read once more, after
a pause in which a write of ours would have been settled; all of it together, since an incident locks many keys at once.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from bot.approvals.key_locks import KeyLocks
from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.gateways import KeyReader, by_gateway
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import Key, KeyStatus
from bot.keys import locks

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 3.0


class LockWatch:
    """`settle`: seconds between a read and the look at what it showed."""

    def __init__(
        self, *, database: Database, reader: KeyReader, key_locks: KeyLocks, settle: float = SETTLE_SECONDS
    ) -> None:
        self._database = database
        self._reader = reader
        self._key_locks = key_locks
        self.settle = settle
        self._seen: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        reader.listen(self.notice)

    def notice(self, rows: Sequence[tuple[Key, str]]) -> None:
        """Records were read; keeps no value. What is out of use by a later read need not be looked at."""
        enabled = {int(key.id) for key, _ in rows if key.status == KeyStatus.ENABLED}
        self._seen = (self._seen - {int(key.id) for key, _ in rows}) | enabled
        if self._seen and not self._stopped and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        await asyncio.sleep(self.settle)
        try:
            locked = await self._database.read(locks.all_locks)
            seen, self._seen = self._seen & locked.keys(), set()
            for key_ids in by_gateway(seen):
                await self._check(key_ids)
        except (GatewayError, sa.exc.SQLAlchemyError) as error:
            # The next read of such a key brings it here again.
            logger.warning("locked keys could not be looked after: %s", type(error).__name__)

    async def _check(self, key_ids: Collection[int]) -> None:
        with prioritized(Priority.BACKGROUND):
            keys = await self._reader.get_keys(key_ids)
        # This read passes here as well, and must not begin it all again.
        self._seen -= set(key_ids)
        for _, key in sorted(keys.items()):
            await self._database.run(self._key_locks.came_back_elsewhere, key)

    async def stop(self) -> None:
        """End the background work; what is read from now on begins none."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            # Not a suppressed CancelledError, which may be the caller's own.
            await asyncio.gather(self._task, return_exceptions=True)
