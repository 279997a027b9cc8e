"""What people are shown of keys: the inventory with its age. Whatever decides something reads the gateway instead."""

import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from bot.db.engine import Database
from bot.gateway.dollars import USUAL, Dollars
from bot.gateway.models import Key
from bot.gateway.numbers import block_of
from bot.keys import account_history, inventory_store
from bot.keys.inventory_store import KnownKey, Promise
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.key_query import EVERYTHING, KeyQuery
from bot.keys.spending import Counters, Spending, spending
from bot.typed_text import fold

# Keys among which those are looked for that spent most, and whose names are compared with what somebody typed.
_LOOKED_AT, _COMPARED_NAMES = 200, 2_000


@dataclass(frozen=True, kw_only=True)
class KeyPage:
    """Some keys of a list, newest first. `number`: of the page, from 1. `as_of`: how old it is (Unix seconds)."""

    keys: Sequence[KnownKey]
    total: int
    number: int
    as_of: float


def pages(total: int, rows: int) -> int:
    """How many pages hold that many keys."""
    return max(1, -(-total // rows))


@dataclass(frozen=True, kw_only=True)
class KnownKeys:
    """Reads the inventory, after what this process has just read from the gateway was written down."""

    database: Database
    writer: InventoryWriter

    async def page(
        self,
        query: KeyQuery = EVERYTHING,
        *,
        number: int,
        rows: int,
        now: float,
        clocks: Mapping[int, float] = MappingProxyType({}),
        dollars: Dollars = USUAL,
    ) -> KeyPage | None:
        """A page of the keys that are looked for; the last one where there are not so many. `now`: by the clock of the
        settings' gateway; `clocks`: of others, by block.

        None = there is no list yet, or it is older than a key of the person whose keys these are.
        """
        await self.writer.flush()
        return await self.database.read(_page, query, number, rows, now=now, clocks=clocks, dollars=dollars)

    async def alike(self, text: str, *, owner: str | None) -> list[str]:
        """Names of keys that look like what was typed, the likest first."""
        await self.writer.flush()
        names = {fold(name).casefold(): name for name in await self.database.read(_names, owner)}
        return [names[one] for one in difflib.get_close_matches(text.casefold(), names, n=3)]

    async def key(self, key_id: int) -> Key | None:
        """One key as it was last read; None when it never was, or is gone."""
        await self.writer.flush()
        found = await self.database.read(inventory_store.find, key_id)
        return None if found is None or found.gone_at is not None else found.key

    async def spending(self, key_ids: Collection[int], *, now: float) -> dict[int, Spending]:
        """What these keys spent, of those that were ever read."""
        await self.writer.flush()
        return await self.database.read(spending_of, key_ids, now)

    async def spent_most(
        self, number: int, *, seconds: float, now: float, block: int = 0
    ) -> list[tuple[KnownKey, int]]:
        """The keys of a gateway that spent most in the last so many seconds, among those that were billed last."""
        await self.writer.flush()
        found = await self.database.read(inventory_store.last_billed, limit=_LOOKED_AT, block=block)
        spent = await self.database.read(spending_of, [known.key.id for known in found], now)
        sums = [(known, spent[known.key.id].last(seconds, now=now)) for known in found]
        return sorted((one for one in sums if one[1]), key=lambda one: -one[1])[:number]

    async def account_spending(self, *, now: float, block: int = 0) -> Spending | None:
        """What all keys of a gateway together spent, by the counters of the account. None = they were never read."""
        return await self.database.read(_account_spending, now, block)

    async def promise(self, *, now: float, block: int = 0) -> Promise | None:
        """What all keys of a gateway together may still spend, by its clock. None = no list yet."""
        await self.writer.flush()
        return await self.database.read(_promise, now, block)

    async def named(self, folded: Collection[str], block: int = 0) -> list[Key] | None:
        """Keys of a gateway whose names look like one of these (typed_text.fold). None = no list yet."""
        await self.writer.flush()
        return await self.database.read(_named, folded, block)

    async def named_anywhere(self, folded: Collection[str]) -> list[Key]:
        """The same of all gateways whose keys were listed."""
        await self.writer.flush()
        return [known.key for known in await self.database.read(inventory_store.named, folded)]

    async def is_named_alone(self, key: Key) -> bool:
        """Whether no other key has this name, or had it when it went. No before the first list."""
        await self.writer.flush()
        return await self.database.read(_is_named_alone, key)


def _is_named_alone(c: sa.Connection, key: Key) -> bool:
    return inventory_store.last_pass(c, block_of(key.id)) is not None and not inventory_store.has_namesake(c, key)


def _names(c: sa.Connection, owner: str | None) -> list[str]:
    return inventory_store.names(c, owner=owner, limit=_COMPARED_NAMES)


def _page(
    c: sa.Connection,
    query: KeyQuery,
    number: int,
    rows: int,
    *,
    now: float,
    clocks: Mapping[int, float],
    dollars: Dollars,
) -> KeyPage | None:
    marks = inventory_store.last_passes(c)
    as_of = min((mark.started_at for mark in marks), default=0.0)
    if not marks or (query.owner is not None and inventory_store.lacks(c, query.owner, since=as_of)):
        return None
    total = inventory_store.count(c, query, now=now, clocks=clocks)
    number = min(number, pages(total, rows))
    keys = inventory_store.page(
        c, query, now=now, clocks=clocks, dollars=dollars, limit=rows, offset=(number - 1) * rows
    )
    return KeyPage(keys=keys, total=total, number=number, as_of=as_of)


def spending_of(
    c: sa.Connection, key_ids: Collection[int], now: float, *, seconds: float = math.inf
) -> dict[int, Spending]:
    """What these keys spent, of those that were ever read; at least in the last so many seconds."""
    histories = inventory_store.histories(c, key_ids, since=now - seconds)
    found = {}
    for key_id, known in inventory_store.several(c, key_ids).items():
        counters = Counters(
            used=known.key.used_quota,
            read_at=known.read_at,
            known_since=known.known_since,
            created=known.key.created_time,
        )
        history = histories[key_id]
        found[key_id] = spending(now, counters, hours=history.hours, days=history.days)
    return found


def _account_spending(c: sa.Connection, now: float, block: int) -> Spending | None:
    last = account_history.last(c, block)
    if last is None:
        return None
    history = account_history.history(c, block)
    counters = Counters(used=last.used, read_at=last.read_at, known_since=last.known_since, created=-math.inf)
    return spending(now, counters, hours=history.hours, days=history.days)


def _promise(c: sa.Connection, now: float, block: int) -> Promise | None:
    return None if inventory_store.last_pass(c, block) is None else inventory_store.promise(c, now=now, block=block)


def _named(c: sa.Connection, folded: Collection[str], block: int) -> list[Key] | None:
    if inventory_store.last_pass(c, block) is None:
        return None
    return [known.key for known in inventory_store.named(c, folded) if block_of(known.key.id) == block]
