"""Which key is meant: every reading of what was typed, looked up at the gateway. Decides nothing about rights.

Commands, batches and the command line all ask here. Several keys are several answers: the caller lets the person
choose, and writes nothing before.
"""

import asyncio
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.errors import InputError
from bot.gateway.errors import GatewayRemoved, KeyNotFound
from bot.gateway.gateways import KeyReader
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import shown_number
from bot.keys.account_offer import NEWEST_SECONDS
from bot.keys.inventory import Inventory
from bot.keys.reference import MOST_WORDS, KeyReference, Word, splits, words
from bot.languages import joined, said, tr, trn
from bot.languages.formats import with_commas
from bot.redaction import holds_secret
from bot.typed_text import fold

FIELD = "key"
# Whoever takes a key out of use that was read a moment ago waits so long for a look at other keys' names, no longer.
NAMES_SECONDS = 2.0
_HINT = tr("Use its number or its exact name; `/apikey list` shows yours.")
_QUOTE_IT = tr("A name with spaces is put in quotation marks.")


class NoSuchKeys(InputError):
    """A list names something that is no key which this person may see."""


@dataclass(frozen=True)
class Match:
    """A key that may be meant, freshly read, and what is left of the command then."""

    key: Key
    rest: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyLookup:
    """Reads the gateway. `inventory`: what is remembered of it, None = nothing is; then names are only searched for."""

    reader: KeyReader
    inventory: Inventory | None = None
    # A record that was read less than so many seconds ago need not be read again: for forms that read it once more.
    within: float = 0.0

    async def by_number(self, number: int, *, deadline: float) -> Key | None:
        """The key with this number, fresh; None when the account has none."""
        try:
            return await self.reader.get_key(KeyId(number), deadline=deadline)
        except KeyNotFound:
            return None

    async def matches(self, text: str, *, deadline: float) -> list[Match]:
        """Every key that the KEY of `KEY REST` may mean, [] for none. Raises InputError for a key's value."""
        refuse_value(text)
        readings = list(splits(text))
        if not readings:
            return []
        first, others = readings[0], readings[1:]
        # A name outside ASCII may be stored in another form than any that can be searched for.
        remembered = others if first[0].text.isascii() else readings
        near, far = await asyncio.gather(self._read(first[0], deadline), self._remembered(remembered, deadline))
        found = [*(Match(key, first[1]) for key in near), *far]
        if not found and others:
            # The inventory may not be told in time, and a key may have been renamed a moment ago.
            for reference, rest in (others[-1], *others[-2:-1]):
                found += [Match(key, rest) for key in await self._read(reference, deadline)]
        return list({match.key.id: match for match in reversed(found)}.values())[::-1]

    async def remembered(self, text: str) -> list[Match]:
        """Every key that the KEY of `KEY REST` may mean, as they were last read. Asks nobody."""
        refuse_value(text)
        if self.inventory is None:
            return []
        found: list[Match] = []
        for reference, rest in splits(text):
            known = None if reference.number is None else await self.inventory.last_read(reference.number)
            keys = [*([] if known is None else [known]), *await self.inventory.remembered(reference.folded)]
            found += [Match(key, rest) for key in keys]
        return list({match.key.id: match for match in reversed(found)}.values())[::-1]

    async def whole(self, text: str, *, deadline: float) -> list[Match]:
        """Every key that `text` may mean, where all of it is one KEY. Raises InputError for a key's value."""
        refuse_value(text)
        reference = KeyReference(text)
        remembered = [] if text.isascii() else [(reference, "")]
        near, far = await asyncio.gather(self._read(reference, deadline), self._remembered(remembered, deadline))
        return list({match.key.id: match for match in (*map(Match, near), *far)}.values())

    async def _read(self, reference: KeyReference, deadline: float) -> list[Key]:
        number = reference.number
        if number is not None and (found := await self._numbered(reference, number, deadline)):
            return found
        searched = await self._searched(reference, deadline)
        return _once([*searched, *await self._alike(reference, deadline, alone=not searched)])

    async def _numbered(self, reference: KeyReference, number: int, deadline: float) -> list[Key]:
        """The key with this number, and keys whose name is this number: [] when there is no such number."""
        if self.inventory is None or not self.reader.has_listed:
            key = await self.by_number(number, deadline=deadline)
            return [] if key is None else _once([key, *await self._searched(reference, deadline)])
        key = await self._record(self.inventory, number, deadline)
        return [] if key is None else _once([key, *await self._alike(reference, deadline)])

    async def _record(self, inventory: Inventory, number: int, deadline: float) -> Key | None:
        """The key with this number, after a look at the newest keys: one of them may have been given it as its name.

        Where the key is one of the newest itself, that look is the only call.
        """
        if (shown := self._shown(number)) is not None:
            await inventory.newest(deadline=min(deadline, NAMES_SECONDS))
            return shown
        if not inventory.is_among_newest(number):
            key, _ = await asyncio.gather(
                self.by_number(number, deadline=deadline), inventory.newest(deadline=deadline)
            )
            return key
        begun = self.reader.now()
        await inventory.newest(deadline=deadline)
        passed = self.reader.now() - begun
        key = inventory.recent(number, within=passed)
        return key or await self.by_number(number, deadline=max(0.0, deadline - passed))

    async def _searched(self, reference: KeyReference, deadline: float) -> list[Key]:
        """Keys with one of these names, asked for at the gateway."""
        folded = reference.folded
        searches = [
            self.reader.find_keys(name, same=lambda other: fold(other) in folded, deadline=deadline)
            for name in reference.names
        ]
        return _once([key for keys in await asyncio.gather(*searches) for key in keys])

    async def _alike(self, reference: KeyReference, deadline: float, *, alone: bool = False) -> list[Key]:
        """Keys whose names look like one of these, among all that were ever read, as they are now.

        Those of a gateway that was taken out of the policy file hold up no other; it is said where there are no others
        and nothing else was found (`alone`).
        """
        if self.inventory is None:
            return []
        there, removed = [], None
        for key in await self.inventory.remembered(reference.folded):
            try:
                self.reader.of(int(key.id))
            except GatewayRemoved as error:
                removed = error
            else:
                there.append(int(key.id))
        if removed is not None and alone and not there:
            raise removed
        found = await asyncio.gather(*(self._fresh(self.inventory, number, deadline) for number in there))
        return [key for key in found if key is not None and fold(key.name) in reference.folded]

    async def _fresh(self, inventory: Inventory, number: int, deadline: float) -> Key | None:
        just_read = inventory.recent(number, within=NEWEST_SECONDS)
        return just_read or await self.by_number(number, deadline=deadline)

    def _shown(self, number: int) -> Key | None:
        """The key as it was read a moment ago, where that is enough."""
        return self.inventory.recent(number, within=self.within) if self.inventory and self.within else None

    async def _remembered(self, readings: Sequence[tuple[KeyReference, str]], deadline: float) -> list[Match]:
        if self.inventory is None or not readings:
            return []
        rests = {name: rest for reference, rest in reversed(readings) for name in reference.folded}
        keys = await self.inventory.named(rests.keys(), deadline=deadline)
        fresh = await asyncio.gather(*(self.by_number(key.id, deadline=deadline) for key in keys))
        return [Match(key, rests[fold(key.name)]) for key in fresh if key is not None and fold(key.name) in rests]


def _once(keys: Iterable[Key]) -> list[Key]:
    return list({key.id: key for key in keys}.values())


def refuse_value(text: str) -> None:
    """Raise InputError when somebody pasted the value of a key: it is looked for nowhere and repeated nowhere."""
    if holds_secret(text):
        raise InputError({FIELD: tr("That is the value of a key, not its name. Use its number or its exact name.")})


def not_found(text: str, why: str = "") -> InputError:
    """The one answer for a key that is not there and for one that this person may not see. `why`: the policy's word."""
    shown = KeyReference(text).shown
    sentences = [_no_key(shown), said(_HINT), *([said(_QUOTE_IT)] if len(words(shown)) > 1 else []), said(why)]
    return InputError({FIELD: " ".join(sentences).strip()})


def _no_key(shown: str) -> str:
    return tr("There is no key “{typed}” that you may see.", typed=shown)


def one(matches: Sequence[Match], text: str) -> Match:
    """The one key that is meant, for answers in words. Raises InputError for none and for several."""
    if not matches:
        raise not_found(text)
    if len(matches) > 1:
        several = several_text([m.key for m in matches], text)
        raise InputError({FIELD: joined(several, tr("Say which by its number."))})
    return matches[0]


def several_text(keys: Sequence[Key], text: str) -> str:
    """`2 keys may be meant by “#12”: …`."""
    shown = with_commas(
        tr(
            "number {number} (“{name}”, {last_four})",
            number=shown_number(key.id),
            name=key.name[:60],
            last_four=key.last_four,
        )
        for key in keys[:10]
    )
    typed = KeyReference(text).shown
    return trn(
        "{count} key may be meant by “{typed}”: {keys}.",
        "{count} keys may be meant by “{typed}”: {keys}.",
        len(keys),
        typed=typed,
        keys=shown,
    )


def listed(text: str, keys: Iterable[Key], *, seen: Callable[[Key], bool]) -> list[Key]:
    """The keys that a list of KEYs names, among `keys`, lowest number first. `seen`: whether this person may see one.

    Unquoted names may hold spaces and commas, so every way to cut the text into keys counts. Raises NoSuchKeys when
    there is none, InputError when two of them mean different keys.
    """
    refuse_value(text)
    named = _Listing(text, keys, seen)
    meant = named.meanings()
    if len(meant) == 1:
        return [named.by_id[key_id] for key_id in sorted(meant[0])]
    wrong = {FIELD: named.problem(ambiguous=bool(meant))}
    raise InputError(wrong) if meant else NoSuchKeys(wrong)


class _Listing:
    """All ways to cut one text into keys."""

    def __init__(self, text: str, keys: Iterable[Key], seen: Callable[[Key], bool]) -> None:
        self._text = text
        self._words: list[Word] = words(text, commas=True)
        self.by_id: dict[int, Key] = {int(key.id): key for key in keys}
        self._seen = functools.cache(lambda key_id: seen(self.by_id[key_id]))
        self._by_name: dict[str, set[int]] = {}
        for key in self.by_id.values():
            self._by_name.setdefault(fold(key.name), set()).add(int(key.id))

    def meanings(self) -> list[frozenset[int]]:
        """The different sets of keys that may be meant; two are enough to know that it is ambiguous."""
        behind: list[list[frozenset[int]]] = [[] for _ in self._words] + [[frozenset()]]
        for start in range(len(self._words) - 1, -1, -1):
            different: dict[frozenset[int], None] = {}
            for end in range(start + 1, min(len(self._words), start + MOST_WORDS) + 1):
                for key_id in self._ids(start, end) if behind[end] else ():
                    different |= dict.fromkeys(rest | {key_id} for rest in behind[end])
            behind[start] = list(different)[:2]
        return behind[0] if self._words else []

    def _reference(self, start: int, end: int) -> KeyReference:
        return KeyReference(self._text[self._words[start].start : self._words[end - 1].end])

    def _ids(self, start: int, end: int) -> list[int]:
        reference = self._reference(start, end)
        found: set[int] = set().union(*(self._by_name.get(name, set()) for name in reference.folded))
        number = reference.number
        if number is not None and number in self.by_id:
            found.add(number)
        return sorted(key_id for key_id in found if self._seen(key_id))

    def problem(self, *, ambiguous: bool) -> str:
        """What is wrong, in a sentence."""
        sentences = []
        for at, word in enumerate(self._words):
            ids = self._ids(at, at + 1)
            if len(ids) > 1 and ambiguous:
                sentences.append(several_text([self.by_id[key_id] for key_id in ids], word.text))
            elif not ids and not ambiguous:
                sentences.append(_no_key(KeyReference(word.text).shown))
        hint = said(_QUOTE_IT) if len(self._words) > 1 else ""
        if not ambiguous:
            return " ".join([*(sentences[:5] or [tr("Which keys? Add their numbers or exact names.")]), hint]).strip()
        advice = tr("Nothing was changed. Do this one by its own: `/apikey` with that key alone lets you choose.")
        whole = tr("“{typed}” may be one key or several.", typed=KeyReference(self._text).shown)
        return " ".join([*(sentences[:5] or [f"{whole} {hint}"]), advice])
