"""Fills the index of fingerprints in the background and keeps it up to date. Sees values for as long as it hashes them.

At the start what the database has, then what is missing; later whatever anybody reads, a look at the newest keys every
minute, and from time to time at all, for keys that are gone. Where the gateway masks values, keys are known by their
ends; a value is asked for when something looks like the key, and else a hundred at a time and seldom, since people's
*Reveal* shares the limit (gateway-api.md, section 12). One replica does that; the others read what it wrote. Whoever
waits for an answer has the newest keys read at once, at any replica and beside whatever goes on in the background.
"""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from bot.alerts import store
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry, KeyIndex
from bot.alerts.detection.shared_look import SharedLook, ask_all
from bot.db import leases, named_values
from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.client import GatewayClient
from bot.gateway.gateways import KeyReader
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import block_of, first_of, gateway_of, in_block
from bot.keys.list_pass import LeaseLost, ListPass
from bot.languages import english, tr

logger = logging.getLogger(__name__)

LEASE = "fingerprints"
LEASE_SECONDS = 60.0
LOOK_EVERY = 60.0
# A look that somebody waits for is given up after this; it is asked for again.
LONGEST_LOOK = 20.0
# Of several gateways one that has not answered by then is not waited for: the others' keys are known.
ASKED_SECONDS = 3.0
# After a change, a moment for others that follow it.
SETTLE_SECONDS = 0.5
# Reading all pages costs a call for each hundred keys: this is about a quarter of what the gateway takes, for as many
# keys as an hour allows.
ALL_EVERY, ALL_EVERY_PER_KEY, ALL_RARELY = 300.0, 0.04, 2 * 3600.0
SAVE_EVERY = 500
PREFIX = "sk-"
# Reveals share a limit of twenty calls in twenty minutes with people: three calls in as long, no more.
HIDDEN_EVERY = 1200.0
HIDDEN_PER_PASS = 300
# The value of a hidden key that something looks like is asked for at so many passes, if the gateway does not give it.
REVEAL_TRIES = 5


def whole_look_every(keys: int) -> float:
    """Seconds between two looks through all pages."""
    return min(ALL_RARELY, max(ALL_EVERY, ALL_EVERY_PER_KEY * keys))


@dataclass(eq=False)
class _Source:
    """One gateway and how far its list was read. `all_at`: when every page was read last; `complete`: that once was."""

    reader: GatewayClient
    list_pass: ListPass
    all_at: float = float("-inf")
    # The newest key up to which the list was read: single reads may bring newer ones and leave gaps.
    read_to: int = 0
    complete: bool = False
    in_trouble: bool = False

    @property
    def name(self) -> str:
        return gateway_of(first_of(self.block))

    @property
    def block(self) -> int:
        return self.reader.numbers.block


class IndexSync:
    """Call `start` once; `changed` after every change of keys; `catch_up` before a value is called unknown."""

    def __init__(
        self,
        *,
        index: KeyIndex,
        fingerprints: Fingerprints,
        reader: KeyReader,
        database: Database,
        holder: str,
        grown: Callable[[], Awaitable[None]],
        list_passes: Sequence[ListPass],
        clock: Callable[[], float],
    ) -> None:
        self._index = index
        self._fingerprints = fingerprints
        self._reader = reader
        self._database = database
        self._holder = f"index:{holder}"
        self._grown = grown
        self._sources = [_Source(one.reader, one) for one in list_passes]
        self._clock = clock
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._reveal_turn = asyncio.Lock()
        self._looks = [(one, SharedLook(functools.partial(self._look_at_newest, one))) for one in self._sources]
        self._task: asyncio.Task[None] | None = None
        self._leased_at = float("-inf")
        self._hidden_at = float("-inf")
        self._loaded_at = 0.0
        self._look = False
        self._unsaved: list[IndexEntry] = []
        self._replaced: set[int] = set()
        # Hidden keys that something looks like, and at how many more passes their values are asked for.
        self._hits: dict[int, int] = {}
        self._told = (0, 0)
        self.in_trouble = False
        reader.listen(self.notice)

    async def start(self) -> None:
        """Load what is known, then fill the rest in the background."""
        self._loaded_at = self._clock()
        entries = await self._database.read(store.load_entries, self._fingerprints.scheme)
        self._index.put(entries)
        await self._look_what_was_read()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the background work."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for _, look in self._looks:
            await look.close()

    def changed(self) -> None:
        """A key was made or deleted elsewhere: look soon."""
        self._look = True
        self._wake.set()

    def notice(self, rows: Sequence[tuple[Key, str]]) -> None:
        """Take in the keys of a read, whoever asked for it: known values as fingerprints, masked ones by their ends."""
        others = {int(key.id) for key, _ in rows if self._index.is_other(int(key.id), _hint(key))}
        self._index.drop(others)
        self._replaced |= others
        new = [self._entry(key, raw) for key, raw in rows if self._index.lacks(int(key.id), masked=key.masked)]
        if new:
            self._index.put(new)
            self._unsaved += new
            self._wake.set()

    def hit(self, key_ids: Collection[int]) -> None:
        """Something looks like one of these keys, whose values are not known: ask for them soon."""
        new = set(key_ids) - self._hits.keys()
        if new:
            self._hits |= dict.fromkeys(new, REVEAL_TRIES)
            self._wake.set()

    def progress(self) -> str:
        """What people should know of it, "" when all keys can be recognised."""
        if not self._index.complete:
            known = f"{len(self._index):,}"
            if self.in_trouble:
                return tr("learning to recognise keys: {number} so far; the gateway does not answer", number=known)
            return tr("learning to recognise keys: {number} so far", number=known)
        hidden = len(self._index) - self._index.fingerprinted
        if hidden:
            return tr(
                "{hidden} of {total} keys are recognised by their ends only: the gateway masks them",
                hidden=f"{hidden:,}",
                total=f"{len(self._index):,}",
            )
        return ""

    async def _run(self) -> None:
        look = True
        with prioritized(Priority.BACKGROUND):
            while True:
                try:
                    await (self.catch_up() if look else self._take_in())
                    self.in_trouble = False
                except GatewayError as error:
                    self.in_trouble = True
                    logger.info(
                        "the index of fingerprints could not be brought up to date: %s", english(error.sentence)
                    )
                except Exception:
                    # Nobody awaits this task, so an error that is not caught here would end it without a word.
                    logger.exception("the index of fingerprints could not be brought up to date")
                look = await self._woken()

    async def _woken(self) -> bool:
        """Wait for the next thing to do. Whether that is a look at the gateway."""
        try:
            # Not wait_for: before Python 3.12 it loses a cancellation that comes with the wake-up, and `stop` waits on.
            async with asyncio.timeout(LOOK_EVERY if self._index.complete else LOOK_EVERY / 6):
                await self._wake.wait()
        except TimeoutError:
            return True
        await asyncio.sleep(SETTLE_SECONDS)
        look, self._look = self._look, False
        self._wake.clear()
        return look or not self._index.complete

    async def _take_in(self) -> None:
        """Write down what was read meanwhile, reveal what is looked for, and tell whoever waits for new keys."""
        async with self._turn:
            await self._settle()

    async def _settle(self) -> None:
        if self._hits:
            # A key may be leaked: its value is asked for as if somebody waited, whatever the background has spent.
            with prioritized(Priority.PEOPLE):
                await self._reveal(list(self._hits))
            hidden = set(self._index.hidden())
            self._hits = {key_id: left - 1 for key_id, left in self._hits.items() if left > 1 and key_id in hidden}
        await self._save()
        await self._tell()

    async def _tell(self) -> None:
        now = len(self._index), self._index.fingerprinted
        if now != self._told:
            self._told = now
            await self._grown()

    async def catch_up(self, *, asked: bool = False) -> None:
        """Bring the index up to date now: what others wrote, and what the gateway has that it has not.

        `asked`: somebody waits for an answer, so the newest keys are read now, whichever replica has the lease and
        however long the background takes. Until every key was read once there is only the background's pass, one at a
        time. Raises GatewayError; of several gateways AccountsAway, once the others were looked at.
        """
        if not (asked and self._knows_one):
            async with self._turn:
                if not (asked and self._knows_one):
                    await self._bring_up_to_date()
        if asked and self._knows_one:
            await self._ask_each()

    @property
    def _knows_one(self) -> bool:
        """Whether every key of one gateway at least was read."""
        return any(source.complete for source in self._sources)

    async def _ask_each(self) -> None:
        """Have the newest keys of every gateway read, side by side."""
        if len(self._looks) == 1:
            await self._looks[0][1].ask()
            return
        looks = {source.name: look for source, look in self._looks if source.complete}
        # One whose keys were never all read is still being read, or was found away.
        trouble = [source.name for source in self._sources if source.in_trouble and not source.complete]
        await ask_all(looks, seconds=ASKED_SECONDS, away=trouble)

    async def _look_at_newest(self, source: _Source) -> None:
        await self._load_others()
        await self._read_newest(source, deadline=LONGEST_LOOK)
        await self._save()
        await self._tell()

    async def _of_each(self, look: Callable[[_Source], Awaitable[None]]) -> None:
        """Look at every gateway at once; one that does not answer is told of when the others were read."""
        failed = list[GatewayError]()

        async def one(source: _Source) -> None:
            try:
                await look(source)
            except GatewayError as error:
                source.in_trouble = True
                failed.append(error)
            else:
                source.in_trouble = False
                await self._save()
                await self._tell()

        await asyncio.gather(*map(one, self._sources))
        if failed:
            raise failed[0]

    async def _bring_up_to_date(self) -> None:
        await self._load_others()
        now = self._clock()
        if await self._database.run(leases.acquire, LEASE, self._holder, seconds=LEASE_SECONDS, now=now):
            await self._of_each(lambda source: self._read(source, now))
        else:
            await self._look_what_was_read()
        await self._settle()

    async def _read(self, source: _Source, now: float) -> None:
        if self._all_due(source, now):
            await self._try_to_read_all(source, now)
        else:
            await self._read_newest(source)

    async def _read_newest(self, source: _Source, *, deadline: float | None = None) -> None:
        above = source.read_to or self._index.highest_id(source.block)
        newest = await source.reader.keys_above(KeyId(above), deadline=deadline)
        await source.list_pass.listed(newest)
        source.read_to = max([source.read_to, *(int(key.id) for key in newest)])

    async def reveal(self, key_ids: Collection[int]) -> None:
        """Learn the values of keys that something looks like, in one call, as far as the gateway gives them."""
        await self._reveal(key_ids)
        await self._save()
        await self._tell()

    def _all_due(self, source: _Source, now: float) -> bool:
        pause = whole_look_every(len(self._index))
        return now - source.all_at >= pause or (bool(self._index.hidden()) and now - self._hidden_at >= HIDDEN_EVERY)

    def _mark(self, source: _Source) -> str:
        return in_block(f"index:{self._fingerprints.scheme}", source.block)

    async def _look_what_was_read(self) -> None:
        """Whether some process has read every page once: a part of the keys does not tell that a value is nobody's."""
        for source in self._sources:
            source.complete = source.complete or bool(await self._database.read(named_values.get, self._mark(source)))
        self._index.complete = all(source.complete for source in self._sources)

    async def _load_others(self) -> None:
        """What other replicas wrote."""
        now, since = self._clock(), self._loaded_at - LEASE_SECONDS
        self._index.put(await self._database.read(store.entries_since, self._fingerprints.scheme, since=since))
        self._loaded_at = now

    async def _try_to_read_all(self, source: _Source, now: float) -> None:
        try:
            ended = await self._read_all(source)
        except LeaseLost:
            logger.info("another replica reads the list of keys now")
            return
        source.all_at = now
        if not ended:
            return
        await self._database.run(named_values.put, self._mark(source), value=True)
        source.complete = True
        self._index.complete = all(one.complete for one in self._sources)

    async def _read_all(self, source: _Source) -> bool:
        """Every page once, which brings every key here; some hidden values; and forget keys that are gone.

        Whether the list came to an end.
        """
        known = {key_id for key_id in self._index.ids() if block_of(key_id) == source.block}
        passed = await source.list_pass.run(known=known, turn=self._still_our_turn)
        source.read_to = passed.highest
        self._index.drop(passed.gone)
        await self._database.run(store.drop_entries, sorted(passed.gone))
        if self._clock() - self._hidden_at >= HIDDEN_EVERY:
            self._hidden_at = self._clock()
            await self._reveal(self._index.hidden()[:HIDDEN_PER_PASS])
        return passed.ended

    async def _still_our_turn(self) -> bool:
        now = self._clock()
        if now - self._leased_at < LEASE_SECONDS / 4:
            return True
        self._leased_at = now
        return await self._database.run(leases.acquire, LEASE, self._holder, seconds=LEASE_SECONDS, now=now)

    async def _reveal(self, key_ids: Collection[int]) -> None:
        async with self._reveal_turn:
            hidden = set(self._index.hidden())
            wanted = [KeyId(key_id) for key_id in sorted(key_ids, reverse=True) if key_id in hidden]
            for key_id, value in (await self._reader.reveal_keys(wanted)).items():
                core = value.get_secret_value().removeprefix(PREFIX)
                entry = IndexEntry(int(key_id), core[:4] + core[-4:], self._fingerprints.of(core))
                self._index.put([entry])
                self._unsaved.append(entry)

    def _entry(self, key: Key, raw: str) -> IndexEntry:
        hint = _hint(key)
        if key.masked:
            return IndexEntry(int(key.id), hint, None)
        core = raw.removeprefix(PREFIX)
        # A masked record has the hint of the mask; a shown value may be shorter than a hint.
        return IndexEntry(int(key.id), hint or core[:4] + core[-4:], self._fingerprints.of(core))

    async def _save(self) -> None:
        entries, self._unsaved = self._unsaved, []
        replaced, self._replaced = self._replaced, set()
        if replaced:
            logger.warning("%d numbers have other values at the gateway than before", len(replaced))
            await self._database.run(store.drop_entries, sorted(replaced))
        at, scheme = self._clock(), self._fingerprints.scheme
        try:
            for _ in range(0, len(entries), SAVE_EVERY):
                await self._database.run(store.save_entries, entries[:SAVE_EVERY], scheme, at=at)
                del entries[:SAVE_EVERY]
        finally:
            # Not what could not be saved: the next pass saves it.
            self._unsaved += entries


def _hint(key: Key) -> str:
    """The first and last characters, as the index keeps them."""
    return key.hint.replace("…", "")
