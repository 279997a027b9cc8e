"""The list of all keys of one gateway, read page by page and written down: what is there, what is gone.

One replica does it at a time (whoever calls holds the lease), and no more than a page is in memory. A key that is
missing is gone when the list held still while it was read, or when it was missing twice from a list that is as long as
the gateway says: where keys are made and deleted meanwhile, a page may skip one that is there.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.client import GatewayClient
from bot.gateway.models import Key
from bot.gateway.numbers import first_of
from bot.keys import account_history, inventory_store
from bot.keys.inventory_store import PassMark
from bot.keys.inventory_writer import InventoryWriter

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another replica reads the list now."""


@dataclass(frozen=True)
class Passed:
    """What a list of all keys brought: the highest number, how many keys, the numbers that are gone, and whether the
    list came to an end, so that these are all keys.
    """

    highest: int
    keys: int
    gone: frozenset[int]
    ended: bool = True


@dataclass(kw_only=True, eq=False)
class ListPass:
    """`listed` is told of each page (account.py)."""

    reader: GatewayClient
    database: Database
    writer: InventoryWriter
    listed: Callable[[Sequence[Key]], Awaitable[None]]
    clock: Callable[[], float]
    _missing: frozenset[int] = field(default=frozenset(), init=False)
    _listeners: list[Callable[[], None]] = field(default_factory=list, init=False)

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after each list that came to its end."""
        self._listeners.append(listener)

    async def run(self, *, known: Collection[int], turn: Callable[[], Awaitable[bool]]) -> Passed:
        """Read every page once. `known`: numbers that the caller knows beside the inventory; `turn`: asked at each
        page whether it is still our turn. Raises LeaseLost and GatewayError.
        """
        started, seen, block = self.clock(), set[int](), self.reader.numbers.block
        before = {*known, *await self.database.read(inventory_store.living_ids, block)}

        async def take(keys: Sequence[Key]) -> None:
            if not await turn():
                raise LeaseLost
            seen.update(int(key.id) for key in keys)
            await self.writer.flush()
            await self.listed(keys)

        walk = await self.reader.walk_keys(take)
        if not walk.ended:
            # A list without an end proves nothing of the keys that were not in it.
            logger.warning("the list of keys did not end", extra={"keys": len(seen)})
            return Passed(max(seen, default=first_of(block)), len(seen), frozenset(), ended=False)
        missing = frozenset() if walk.short else frozenset(before - seen)
        gone = missing if walk.settled else missing & self._missing
        self._missing = missing
        finished = self.clock()
        mark = PassMark(started_at=started, finished_at=finished, keys=len(seen), settled=walk.settled)
        await self.database.run(inventory_store.mark_gone, gone, at=finished)
        await self.database.run(inventory_store.finish_pass, mark, block)
        await self._read_account()
        for listener in self._listeners:
            listener()
        return Passed(max(seen, default=first_of(block)), len(seen), gone)

    async def _read_account(self) -> None:
        try:
            account = await self.reader.get_account()
        except GatewayError as error:
            logger.info("the gateway does not tell of its account now: %s", error.sentence)
        else:
            await self.database.run(account_history.write, account, at=self.clock(), block=self.reader.numbers.block)
