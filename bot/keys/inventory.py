"""What the gateway offers, remembered for a while: models, groups, names in use. Answers fast or says it cannot.

People wait at most the deadline they name; what comes later is kept for the next one. Knows no Slack and no row.
"""

import asyncio
import functools
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Generic, TypeVar, cast

from bot.errors import GatewayError
from bot.gateway.client import GatewayReader
from bot.gateway.limiter import Priority, asked_by, prioritized
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import GatewayAccount, Group, Key
from bot.gateway.prices import ModelPrice
from bot.keys.known_keys import KnownKeys
from bot.typed_text import fold

T = TypeVar("T")
logger = logging.getLogger(__name__)

# The newest page is asked for at each submission; those of the same moment share one call.
NEWEST_SECONDS = 1.0
FRESH_SECONDS = 60.0
USABLE_SECONDS = 600.0
# What the gateway offers changes seldom, and each look costs calls that people need.
OFFER_FRESH_SECONDS, OFFER_USABLE_SECONDS = 900.0, 3600.0
ACCOUNT_FRESH_SECONDS = 300.0
# Groups whose models are remembered; a name that is typed may be any.
MOST_GROUPS = 50
# Records remembered as they were last read, whoever read them.
MOST_RECORDS = 2_000


@dataclass(eq=False)
class _Remembered(Generic[T]):
    """One answer, asked for once at a time, kept while it is usable, asked again when it is no longer fresh."""

    ask: Callable[[], Awaitable[T]]
    _: KW_ONLY
    clock: Callable[[], float]
    what: str
    fresh: float = FRESH_SECONDS
    usable: float = USABLE_SECONDS
    _value: T | None = field(default=None, init=False)
    _at: float = field(default=float("-inf"), init=False)
    _tried_at: float = field(default=float("-inf"), init=False)
    _asking: asyncio.Task[None] | None = field(default=None, init=False)
    _outdated: bool = field(default=False, init=False)
    _awaited: bool = field(default=False, init=False)

    async def get(self, *, deadline: float, patient: bool = True) -> T | None:
        """`patient`: after a change of ours wait for the news, while the deadline allows, before the old is told."""
        self.refresh()
        age = self.clock() - self._at
        news = patient and (self._outdated or self._awaited)
        if (age > self.usable or news) and self._asking is not None:
            await asyncio.wait({self._asking}, timeout=max(0.0, deadline))
        return self._value if self.clock() - self._at <= self.usable else None

    def refresh(self) -> None:
        """Ask again in the background, if what is known is not fresh."""
        since = self.clock() - max(self._at, self._tried_at)
        idle = self._asking is None or self._asking.done()
        # A gateway that does not tell (or does not offer the call at all) is not asked again at every click.
        if idle and (self._outdated or since > self.fresh):
            self._tried_at, self._outdated, self._awaited = self.clock(), False, self._outdated
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        try:
            # Whoever's question began it: the answer is for everybody.
            with prioritized(Priority.PEOPLE), asked_by(""):
                self._value = await self.ask()
        except GatewayError as error:
            logger.info("the gateway does not tell its %s now: %s", self.what, error.sentence)
        else:
            self._at = self.clock()
            self._awaited = False

    def outdate(self) -> None:
        """Something changed: ask again at the next use, and until then the old answer is better than none."""
        self._outdated = True

    def forget(self) -> None:
        self._at = self._tried_at = float("-inf")

    async def close(self) -> None:
        if self._asking is not None and not self._asking.done():
            self._asking.cancel()
            await asyncio.wait({self._asking})


class Inventory:
    """The cache behind selects and checks. Implements operations.Offered.

    `listed` is told of each list of all keys. `known`: keys as they were last read and written down; before all
    of them were, the list is asked for here.
    """

    def __init__(
        self,
        reader: GatewayReader,
        *,
        clock: Callable[[], float],
        listed: Callable[[Sequence[Key]], Awaitable[None]] | None = None,
        known: KnownKeys | None = None,
    ) -> None:
        async def list_keys() -> list[Key]:
            keys = await reader.list_keys()
            if listed is not None:
                await listed(keys)
            return keys

        self._clock = clock
        self._known_keys = known
        self._records: OrderedDict[int, tuple[float, Key]] = OrderedDict()
        reader.listen(self.notice)
        self._reader = reader
        self._offer = offer = {"fresh": OFFER_FRESH_SECONDS, "usable": OFFER_USABLE_SECONDS}
        self._of_group: dict[str, _Remembered[list[str]]] = {}
        self._account = _Remembered(
            reader.get_account, clock=clock, what="account", fresh=ACCOUNT_FRESH_SECONDS, usable=OFFER_USABLE_SECONDS
        )
        self._models = _Remembered(reader.list_models, clock=clock, what="models", **offer)
        self._prices = _Remembered(reader.list_prices, clock=clock, what="prices", **offer)
        self._groups = _Remembered(reader.list_groups, clock=clock, what="groups", **offer)
        self._keys = _Remembered(list_keys, clock=clock, what="keys")
        self._newest = _Remembered(
            reader.newest_keys, clock=clock, what="newest keys", fresh=NEWEST_SECONDS, usable=NEWEST_SECONDS
        )

    def notice(self, rows: Sequence[tuple[Key, str]]) -> None:
        """Remember the records of a read. Values are left alone."""
        now = self._clock()
        for key, _ in rows:
            self._records[int(key.id)] = (now, key)
            self._records.move_to_end(int(key.id))
        while len(self._records) > MOST_RECORDS:
            self._records.popitem(last=False)

    def recent(self, key_id: int, *, within: float) -> Key | None:
        """The record, when it was read less than so many seconds ago, for whatever reason."""
        at, key = self._records.get(key_id, (float("-inf"), None))
        return key if self._clock() - at <= within else None

    async def last_read(self, key_id: int) -> Key | None:
        """The record as it was last read, by whomever and however long ago. Asks no gateway."""
        here = self.recent(key_id, within=math.inf)
        return here if here is not None or self._known_keys is None else await self._known_keys.key(key_id)

    async def remembered(self, folded: Collection[str]) -> list[Key]:
        """Keys whose names looked like one of these when they were last read. Asks no gateway."""
        stored = None if self._known_keys is None else await self._known_keys.named(folded)
        here = [key for _, key in self._records.values() if fold(key.name) in folded]
        return list({key.id: key for key in (*(stored or ()), *here)}.values())

    def is_among_newest(self, key_id: int) -> bool:
        """Whether the newest page holds this key, as far as is remembered."""
        return sum(known > key_id for known in self._records) < PAGE_SIZE

    async def newest(self, *, deadline: float) -> list[Key] | None:
        """The newest hundred keys, read this second; None when they are not told in time."""
        return await self._newest.get(deadline=deadline)

    async def models(self, *, deadline: float, group: str = "") -> list[str] | None:
        """Model ids of the account, or of one group where they are told; None when not told in time."""
        if not group:
            return await self._models.get(deadline=deadline)
        if group not in self._of_group:
            if len(self._of_group) >= MOST_GROUPS:
                return await self._models.get(deadline=deadline)
            ask = functools.partial(self._reader.list_models, group=group)
            self._of_group[group] = _Remembered(ask, clock=self._clock, what="models of a group", **self._offer)
        return await self._of_group[group].get(deadline=deadline)

    async def prices(self, *, deadline: float, group: str = "") -> dict[str, ModelPrice]:
        """What models cost in this group, "" = the account's own; those that are not told in time are left out."""
        told = await self._prices.get(deadline=deadline)
        if told is None:
            return {}
        if not group and told.ratios:
            group = self.account_group() or ""
        return told.of_group(group)

    async def account(self, *, deadline: float) -> GatewayAccount | None:
        """The account with its balance, a few minutes old; None when the gateway does not tell in time."""
        return await self._account.get(deadline=deadline)

    def known_account(self) -> GatewayAccount | None:
        """The account as it was last told, whoever asked, an hour ago at most. Asks nobody."""
        at, account = self._reader.last_account or (float("-inf"), None)
        return account if self._clock() - at <= OFFER_USABLE_SECONDS else None

    def account_group(self) -> str | None:
        """The account's own group as it was last told, None when it was not; asked again in the background."""
        at, _ = self._reader.last_account or (float("-inf"), None)
        if self._clock() - at > ACCOUNT_FRESH_SECONDS:
            self._account.refresh()
        known = self.known_account()
        return None if known is None else known.group

    async def groups(self, *, deadline: float) -> list[Group] | None:
        """Groups of the account, None when the gateway does not tell in time."""
        return await self._groups.get(deadline=deadline)

    async def keys(self, *, deadline: float) -> list[Key] | None:
        """Every key of the account, at most ten minutes old; None when the gateway does not tell in time."""
        return await self._keys.get(deadline=deadline)

    async def name_in_use(self, name: str, *, deadline: float) -> bool:
        """Whether a key has exactly this name, as far as can be told in time.

        A quick courtesy in the form. The run looks again before it creates, so a False is no promise.
        """
        return any(key.name == name for key in await self._known({fold(name)}, deadline))

    async def named(self, folded: Collection[str], *, deadline: float) -> list[Key]:
        """Keys whose names look like one of these (typed_text.fold), as far as can be told in time."""
        return [key for key in await self._known(folded, deadline) if fold(key.name) in folded]

    async def _known(self, folded: Collection[str], deadline: float) -> list[Key]:
        """The newest hundred keys fresh, and older ones that may have one of these names as they were last read."""
        begun = self._clock()
        newest = await self.newest(deadline=deadline)
        if newest is not None and len(newest) < PAGE_SIZE:
            return newest  # a first page that is not full is the whole list
        known = None if self._known_keys is None else await self._known_keys.named(folded)
        if known is None:
            # The whole list may take minutes on a busy account (limiter.py): nobody waits for that here.
            left = max(0.0, deadline - (self._clock() - begun))
            known = await self._keys.get(deadline=left, patient=False) or []
        if newest is None:
            return known
        # A key that is gone frees its name: what the newest page covers, it knows better than our memory.
        lowest = min(key.id for key in newest) if len(newest) == PAGE_SIZE else 0
        return [*newest, *(key for key in known if key.id < lowest)]

    def changed(self) -> None:
        """A key was made, renamed or deleted: ask again next time."""
        self._keys.outdate()
        self._newest.forget()

    async def close(self) -> None:
        """End what still asks."""
        offered = (self._models, self._prices, self._groups, self._account, *self._of_group.values())
        for remembered in cast("tuple[_Remembered[Any], ...]", (*offered, self._keys, self._newest)):
            await remembered.close()
