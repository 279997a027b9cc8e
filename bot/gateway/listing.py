"""Lists of keys, page by page, and searches: every way to read more than one record (gateway-api.md, section 8).

Whoever listens is told of every record that is read, so that nobody has to read it a second time.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bot.gateway.errors import CallFacts, GatewayProtocolError, KeyNotFound
from bot.gateway.limiter import Limit
from bot.gateway.models import Key, KeyId
from bot.gateway.records import Page, key_and_value, newest_first
from bot.gateway.replies import LIST_BODY, ApiCall, CallKind, parse
from bot.gateway.wire import Wire
from bot.languages import tr

logger = logging.getLogger(__name__)

PAGE_SIZE = 100
MOST_PAGES = 2000
LIST_PASSES = 3
COLLECTION = "/api/token/"
FEW = 8
"""So many records are read one by one, more from the list."""
_SEARCHES = (Limit.CALLS, Limit.SEARCHES)

Row = tuple[Key, str]
"""A record and its raw value, masked or not."""
Listener = Callable[[Sequence[Row]], None]


@dataclass(frozen=True)
class Walk:
    """How a walk through all pages went. `ended`: the list came to an end; `settled`: it held still meanwhile.

    `short`: fewer records came than the gateway ever said there are.
    """

    ended: bool
    settled: bool
    short: bool = False


class KeyListing:
    """Reads records over one wire. `end`: the moment of our clock at which a read must be over."""

    def __init__(self, *, wire: Wire) -> None:
        self._wire = wire
        self._listeners: list[Listener] = []
        self.complete = False
        # Where each key stood in the list when it was last read: keys are listed newest first and move seldom.
        self._places: dict[int, int] = {}

    def listen(self, listener: Listener) -> None:
        """Have `listener` told of every record that is read. It must be quick and keep no value."""
        self._listeners.append(listener)

    def _told(self, rows: list[Row]) -> list[Row]:
        for listener in self._listeners:
            listener(rows)
        return rows

    def _own(self, key_id: KeyId) -> int:
        return self._wire.numbers.own(key_id)

    async def record(self, key_id: KeyId, end: float | None) -> tuple[Key, str, CallFacts]:
        """One record. Raises KeyNotFound for an unknown, foreign or deleted number."""
        call = ApiCall(doing="reading key", method="GET", path=f"/api/token/{self._own(key_id)}", key_id=key_id)
        document, facts = await self._wire.ask(call, end=end)
        key, raw = key_and_value(document.get("data"), facts, self._wire.numbers)
        if key.id != key_id:
            raise GatewayProtocolError(tr("The gateway answered with another key than the one asked for."), facts=facts)
        self._told([(key, raw)])
        return key, raw, facts

    async def page(self, page: int, end: float | None) -> tuple[list[Row], int]:
        """One page of a hundred, newest first, and how many there are in all."""
        call = ApiCall(
            doing="listing the keys",
            method="GET",
            path=COLLECTION,
            params={"p": str(page), "page_size": str(PAGE_SIZE)},
            limit=LIST_BODY,
            bulk=page > 1,
        )
        document, facts = await self._wire.ask(call, end=end)
        data = parse(Page, document.get("data"), facts)
        rows = [key_and_value(item, facts, self._wire.numbers) for item in data.items or ()]
        for place, (key, _) in enumerate(rows, (page - 1) * PAGE_SIZE):
            self._places[int(key.id)] = place
        return self._told(rows), data.total

    async def newest(self, end: float | None) -> list[Key]:
        """The newest hundred records, or all where there are fewer, also of a gateway that gives smaller pages."""
        found: dict[Key, str] = {}
        page = 0
        while True:  # each page brings something new, so that there are a hundred at most
            page, before = page + 1, len(found)
            rows, total = await self.page(page, end)
            found |= dict(rows)
            if len(found) >= min(total, PAGE_SIZE) or len(found) == before:
                return newest_first(found)[:PAGE_SIZE]

    async def all(self, end: float | None) -> list[Row]:
        """Every record, newest first, each once; read again if the list moved meanwhile (rule 15)."""
        found: list[Row] = []

        async def take(rows: Sequence[Row]) -> None:
            found.extend(rows)

        for _ in range(LIST_PASSES):
            found.clear()
            walk = await self.walk(take, end)
            if not walk.ended:
                logger.warning("the list of keys does not end", extra={"keys": len(found)})
                break
            if walk.settled:
                break
        else:
            logger.warning("the list of keys kept changing while it was read", extra={"keys": len(found)})
        return sorted(found, key=lambda row: -row[0].id)

    async def walk(self, take: Callable[[Sequence[Row]], Awaitable[None]], end: float | None) -> Walk:
        """All pages once, newest first; `take` is given what each brings that no page before it had."""
        seen: set[KeyId] = set()
        totals: set[int] = set()
        read = 0
        for page in range(1, MOST_PAGES + 1):
            rows, total = await self.page(page, end)
            totals.add(total)
            fresh = {key.id: (key, raw) for key, raw in rows if key.id not in seen}
            seen |= fresh.keys()
            read += len(rows)
            await take(list(fresh.values()))
            if rows and not fresh and len(seen) < total:
                break  # the same page again: it is not known what comes behind it
            if not fresh or read >= total:
                self.complete = True
                return Walk(ended=True, settled=totals == {len(seen)}, short=len(seen) < min(totals))
        return Walk(ended=False, settled=False)

    async def above(self, above: int, end: float | None) -> list[Key]:
        """Every key with a number above `above`, newest first: one call unless more than 100 are newer."""
        found: dict[Key, str] = {}
        read = 0
        for page in range(1, MOST_PAGES + 1):
            rows, total = await self.page(page, end)
            before = len(found)
            found |= {key: raw for key, raw in rows if key.id > above}
            read += len(rows)
            if len(found) == before or read >= total or any(key.id <= above for key, _ in rows):
                break
        return newest_first(found)

    async def many(self, key_ids: Collection[int], end: float | None) -> dict[int, Key]:
        """These records in as few calls as possible: the pages where they stood, then the few that are not there.

        Keys that are gone are left out.
        """
        wanted, found = set(key_ids), dict[int, Key]()
        pages = {self._places[key_id] // PAGE_SIZE + 1 for key_id in wanted if key_id in self._places}
        unplaced = len(wanted - self._places.keys())
        if len(pages) + unplaced >= len(wanted):
            pages = set()
        for page in sorted(pages):
            rows, _ = await self.page(page, end)
            found |= {int(key.id): key for key, _ in rows if key.id in wanted}
        left = wanted - found.keys()
        if len(left) > FEW:
            found |= await self._down_to(left, end)
        for key_id in sorted(wanted - found.keys()):
            with contextlib.suppress(KeyNotFound):
                found[key_id] = (await self.record(KeyId(key_id), end))[0]
        return found

    async def _down_to(self, wanted: Collection[int], end: float | None) -> dict[int, Key]:
        """The list from its beginning to the oldest of these."""
        seen, lowest, read = dict[int, Key](), min(wanted), 0
        for page in range(1, MOST_PAGES + 1):
            rows, total = await self.page(page, end)
            before = len(seen)
            seen |= {int(key.id): key for key, _ in rows}
            read += len(rows)
            if len(seen) == before or read >= total or any(key.id <= lowest for key, _ in rows):
                break
        return {key_id: key for key_id, key in seen.items() if key_id in wanted}

    async def search(self, name: str, end: float | None) -> list[Key]:
        """What a search for this name finds. Raises GatewayProtocolError for a part of it."""
        data, facts = await self.search_data(name, end)
        if isinstance(data, list):
            return newest_first(dict(self._told([key_and_value(item, facts, self._wire.numbers) for item in data])))
        page = parse(Page, data, facts)
        rows = [key_and_value(item, facts, self._wire.numbers) for item in page.items or ()]
        if len(rows) < page.total:
            raise GatewayProtocolError(tr("The gateway's search gave only a part of what it found."), facts=facts)
        return newest_first(dict(self._told(rows)))

    async def search_data(self, name: str, end: float | None) -> tuple[Any, CallFacts]:
        """The raw answer to a search."""
        call = ApiCall(
            doing="searching the keys",
            method="GET",
            path="/api/token/search",
            # ASK: not retried, because its limit is small and the list is the way round it.
            kind=CallKind.ASK,
            params={"keyword": name, "token": "", "p": "1", "page_size": str(PAGE_SIZE)},
            limit=LIST_BODY,
            counts=_SEARCHES,
        )
        document, facts = await self._wire.ask(call, end=end)
        return document.get("data"), facts
