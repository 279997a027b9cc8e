"""Fills the index of fingerprints in the background and keeps it up to date. Sees values for as long as it hashes them.

At the start what the database has, then what is missing; later a look at the newest keys every minute and after every
change, and from time to time at all, for keys that are gone. Where the gateway masks values they come through its
reveal endpoint, a hundred a call and few calls at a time, since people's *Reveal* shares its limit
(gateway-api.md, section 12). One replica asks the gateway; the others read what it wrote.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from bot.alerts import store
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry, KeyIndex
from bot.db import leases
from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.client import GatewayReader
from bot.gateway.models import Key, KeyId, KeyValue

logger = logging.getLogger(__name__)

LEASE = "fingerprints"
LEASE_SECONDS = 60.0
LOOK_EVERY = 60.0
# After a change, a moment for others that follow it.
SETTLE_SECONDS = 0.5
# Reading all pages costs a call for each hundred keys, so it is rare where they are many.
ALL_EVERY, ALL_EVERY_PER_KEY, ALL_RARELY = 600.0, 0.6, 6 * 3600.0
SAVE_EVERY = 500
# New keys whose value is read one by one; more are worth a pass over the list.
FEW = 20
HIDDEN_EVERY = 1200.0
HIDDEN_PER_PASS = 1_000


class IndexSync:
    """Call `start` once; `changed` after every change of keys; `catch_up` before a value is called unknown."""

    def __init__(
        self,
        *,
        index: KeyIndex,
        fingerprints: Fingerprints,
        reader: GatewayReader,
        database: Database,
        holder: str,
        grown: Callable[[], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._index = index
        self._fingerprints = fingerprints
        self._reader = reader
        self._database = database
        self._holder = f"index:{holder}"
        self._grown = grown
        self._clock = clock
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._all_at = float("-inf")
        self._hidden_at = float("-inf")
        self._loaded_at = 0.0
        self._hidden = 0
        self.trouble = ""

    async def start(self) -> None:
        """Load what is known, then fill the rest in the background."""
        self._loaded_at = self._clock()
        entries = await self._database.read(store.load_entries, self._fingerprints.scheme)
        self._index.put(entries)
        self._index.complete = bool(entries)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the background work."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def changed(self) -> None:
        """A key was made or deleted: look soon."""
        self._wake.set()

    def progress(self) -> str:
        """What people should know of it, "" when all keys can be recognised."""
        if not self._index.complete:
            return f"learning to recognise keys: {len(self._index):,} so far{self.trouble}"
        hidden = len(self._index) - self._index.fingerprinted
        if hidden:
            return f"{hidden:,} of {len(self._index):,} keys are recognised by their ends only: the gateway masks them"
        return ""

    async def _run(self) -> None:
        while True:
            try:
                await self.catch_up()
                self.trouble = ""
            except GatewayError as error:
                self.trouble = "; the gateway does not answer"
                logger.info("the index of fingerprints could not be brought up to date: %s", error.sentence)
            except Exception:
                # Nobody waits for this task: without the net it would end in silence.
                logger.exception("the index of fingerprints could not be brought up to date")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY if self._index.complete else LOOK_EVERY / 6)
                await asyncio.sleep(SETTLE_SECONDS)
            self._wake.clear()

    async def catch_up(self, *, asked: bool = False) -> None:
        """Bring the index up to date now: what others wrote, and what the gateway has that it has not. One at a time.

        `asked`: somebody waits for an answer, so the newest keys are read although another replica has the lease.
        Raises GatewayError.
        """
        async with self._turn:
            await self._load_others()
            now = self._clock()
            if not await self._database.run(leases.acquire, LEASE, self._holder, seconds=LEASE_SECONDS, now=now):
                self._index.complete = self._index.complete or len(self._index) > 0
                if asked and self._index.complete:
                    await self._read_newest()
                return
            before = len(self._index), self._index.fingerprinted
            if self._all_due(now):
                await self._read_all()
                self._all_at = now
                self._index.complete = True
            else:
                await self._read_newest()
            if (len(self._index), self._index.fingerprinted) != before:
                await self._grown()

    def _all_due(self, now: float) -> bool:
        pause = min(ALL_RARELY, max(ALL_EVERY, ALL_EVERY_PER_KEY * len(self._index)))
        return now - self._all_at >= pause or (self._hidden > 0 and now - self._hidden_at >= HIDDEN_EVERY)

    async def _load_others(self) -> None:
        since, self._loaded_at = self._loaded_at, self._clock()
        self._index.put(
            await self._database.read(store.entries_since, self._fingerprints.scheme, since=since - LEASE_SECONDS)
        )

    async def _read_newest(self) -> None:
        new = await self._reader.keys_above(KeyId(self._index.highest_id))
        if len(new) > FEW:
            await self._read_all()
            return
        await self._save([await self._one(key) for key in new])

    async def _one(self, key: Key) -> IndexEntry:
        try:
            value = await self._reader.reveal_key(key.id)
        except GatewayError:
            return self._entry(KeyValue(key=key, value=None))
        return self._entry(KeyValue(key=key, value=value))

    async def _read_all(self) -> None:
        """Every page once; values only of keys that have no fingerprint yet. Forgets keys that are gone."""
        listed = {int(key.id) for key in await self._reader.list_keys()} if len(self._index) else set()
        known = frozenset(KeyId(key_id) for key_id in self._index.known())
        entries: list[IndexEntry] = []
        hidden = seen = 0
        async with aclosing(self._scan(known)) as scanned:
            async for item in scanned:
                seen += 1
                entries.append(self._entry(item))
                hidden += item.value is None
                if len(entries) >= SAVE_EVERY:
                    await self._save(entries)
                    entries = []
                if item.key.masked and seen >= HIDDEN_PER_PASS:
                    # The rest after a pause: the reveal endpoint has a small limit that people need too.
                    hidden += 1
                    break
        await self._save(entries)
        self._hidden, self._hidden_at = hidden, self._clock()
        if listed:
            gone = self._index.ids() - listed - {entry.key_id for entry in entries}
            self._index.drop(gone)
            await self._database.run(store.drop_entries, sorted(gone))

    async def _scan(self, known: frozenset[KeyId]) -> AsyncGenerator[KeyValue, None]:
        async for item in self._reader.scan_values(skip=known):
            yield item

    def _entry(self, item: KeyValue) -> IndexEntry:
        hint = item.key.hint.replace("…", "")
        if item.value is None:
            return IndexEntry(int(item.key.id), hint, None)
        core = item.value.get_secret_value().removeprefix("sk-")
        # A masked record has the hint of the mask; a shown value may be shorter than a hint.
        return IndexEntry(int(item.key.id), hint or core[:4] + core[-4:], self._fingerprints.of(core))

    async def _save(self, entries: list[IndexEntry]) -> None:
        if not entries:
            return
        self._index.put(entries)
        at, scheme = self._clock(), self._fingerprints.scheme
        await self._database.run(store.save_entries, entries, scheme, at=at)
        await self._database.run(leases.renew, LEASE, self._holder, seconds=LEASE_SECONDS, now=at)
