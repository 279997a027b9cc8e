"""Writes down every record that anybody reads, soon after: so the inventory follows what people change and look at.

The list of all keys (list_pass.py) brings the rest.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.db.engine import Database
from bot.gateway.models import Key
from bot.keys import inventory_store

logger = logging.getLogger(__name__)

# A moment for other records of the same read.
SETTLE_SECONDS = 0.3
ROWS = 200


@dataclass(kw_only=True, eq=False)
class InventoryWriter:
    """Have the reader tell `notice`; `flush` writes at once what was read so far."""

    database: Database
    clock: Callable[[], float]
    _read: dict[int, tuple[float, Key]] = field(default_factory=dict, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def notice(self, rows: Sequence[tuple[Key, str]]) -> None:
        """Records that were just read. Values are left alone."""
        now = self.clock()
        self._read |= {int(key.id): (now, key) for key, _ in rows}
        if self._read and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._write_soon())

    async def flush(self) -> None:
        """Write what was read so far. Raises the database's errors; what could not be written is read again."""
        while self._read:
            batch = {key_id: self._read.pop(key_id) for key_id in list(self._read)[:ROWS]}
            await self.database.run(inventory_store.write, batch)

    async def close(self) -> None:
        """Write the rest, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._try_to_flush()

    async def _write_soon(self) -> None:
        while self._read:
            await asyncio.sleep(SETTLE_SECONDS)
            await self._try_to_flush()

    async def _try_to_flush(self) -> None:
        try:
            await self.flush()
        except Exception:
            # Nobody awaits this, and the next list of all keys brings the same records.
            logger.exception("records that were read could not be written down")
