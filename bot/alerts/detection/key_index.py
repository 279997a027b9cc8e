"""Whose key is this? Fingerprints and hints of every key of the account, in memory. Knows no value and no gateway.

Two dictionaries: fingerprint → key ids (a copied account has the same values), and hint → key ids. A look-up takes
microseconds whatever their number.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.scanner import ENDS, SHORT_MASK, Candidate
from bot.gateway.numbers import block_of, first_of
from bot.redaction.known import KEY_LENGTH

_Name = TypeVar("_Name", int, str)


class MatchKind(StrEnum):
    """How sure a match is. Only FULL is proof; only FULL is ever acted on without a person."""

    FULL = "full"
    MASKED = "masked"  # one record has these first and last four characters
    AMBIGUOUS = "ambiguous"  # several have
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class IndexMatch:
    """What the index says of one candidate. `fingerprint`: of a full candidate, to look again later; None = masked."""

    how: MatchKind
    key_ids: tuple[int, ...]
    hint: str
    fingerprint: int | None


@dataclass(frozen=True)
class IndexEntry:
    """One key of the account. `fingerprint` None: the gateway hides its value."""

    key_id: int
    hint: str
    fingerprint: int | None


def _ids(of: Mapping[Any, int | tuple[int, ...]], name: int | str) -> tuple[int, ...]:
    """The keys under a name, lowest first. Nearly always one, which is kept without a tuple around it."""
    there = of.get(name, ())
    return (there,) if isinstance(there, int) else there


def _add(to: dict[_Name, int | tuple[int, ...]], name: _Name, key_id: int) -> None:
    ids = tuple(sorted({*_ids(to, name), key_id}))
    to[name] = ids[0] if len(ids) == 1 else ids


def _remove(of: dict[_Name, int | tuple[int, ...]], name: _Name, gone: Container[int]) -> None:
    left = tuple(key_id for key_id in _ids(of, name) if key_id not in gone)
    if left:
        of[name] = left[0] if len(left) == 1 else left
    else:
        of.pop(name, None)


class KeyIndex:
    """One account's keys. `complete`: every key was seen at least once, so that an unknown value is really unknown.

    `version`: another number after each change of what is recognised.
    """

    def __init__(self, fingerprints: Fingerprints) -> None:
        self._fingerprints = fingerprints
        self._by_fingerprint: dict[int, int | tuple[int, ...]] = {}
        self._by_hint: dict[str, int | tuple[int, ...]] = {}
        self._fingerprint_of: dict[int, int | None] = {}
        # What is made of all hints, with the version it was made of: another thread may make it while keys are put.
        self._by_end: tuple[int, dict[str, list[str]]] = (0, {})
        self._beginnings: tuple[int, frozenset[str]] = (0, frozenset())
        self.complete = False
        self.version = 0

    def __len__(self) -> int:
        return len(self._fingerprint_of)

    @property
    def fingerprinted(self) -> int:
        """How many keys can be recognised by their value."""
        return sum(fingerprint is not None for fingerprint in self._fingerprint_of.values())

    def highest_id(self, block: int) -> int:
        """The largest id that is known of one gateway's keys, or the number below all of them."""
        return max((key_id for key_id in self._fingerprint_of if block_of(key_id) == block), default=first_of(block))

    def lacks(self, key_id: int, *, masked: bool) -> bool:
        """Whether a record of this key tells something new: a key not seen before, or the value of a hidden one."""
        return key_id not in self._fingerprint_of or (not masked and self._fingerprint_of[key_id] is None)

    def hidden(self) -> list[int]:
        """Ids of the keys that are known by their ends only, newest first."""
        return sorted((key_id for key_id, value in self._fingerprint_of.items() if value is None), reverse=True)

    def ids(self) -> frozenset[int]:
        """Ids of all known keys."""
        return frozenset(self._fingerprint_of)

    def put(self, entries: Iterable[IndexEntry]) -> None:
        """Take in keys, new ones and those whose value is known now.

        A key's value never changes: with another value, the number is another key's now, and the old one is forgotten.
        """
        new = False
        for entry in entries:
            known = self._fingerprint_of.get(entry.key_id)
            changed = known is not None and entry.fingerprint is not None and known != entry.fingerprint
            if changed or self.is_other(entry.key_id, entry.hint):
                self.drop([entry.key_id])
            new = new or self.lacks(entry.key_id, masked=entry.fingerprint is None)
            if entry.fingerprint is not None:
                _add(self._by_fingerprint, entry.fingerprint, entry.key_id)
            if entry.hint and entry.key_id not in self._fingerprint_of:
                _add(self._by_hint, entry.hint, entry.key_id)
            if entry.fingerprint is not None or entry.key_id not in self._fingerprint_of:
                self._fingerprint_of[entry.key_id] = entry.fingerprint
        if new:
            self.version += 1

    def is_other(self, key_id: int, hint: str) -> bool:
        """Whether a known number has other first and last characters now."""
        return bool(hint) and key_id in self._fingerprint_of and key_id not in self.with_hint(hint)

    def drop(self, key_ids: Iterable[int]) -> None:
        """Forget keys that are gone from the gateway."""
        gone = set(key_ids) & self._fingerprint_of.keys()
        for key_id in gone:
            fingerprint = self._fingerprint_of.pop(key_id)
            if fingerprint is not None:
                _remove(self._by_fingerprint, fingerprint, gone)
        if gone:
            for hint in list(self._by_hint):
                _remove(self._by_hint, hint, gone)
            self.version += 1

    def match(self, candidate: Candidate) -> IndexMatch:
        """Which key a candidate is."""
        fingerprint = self._fingerprints.of(candidate.core) if candidate.core else None
        found = self.match_again(candidate.hint, fingerprint)
        if found.how is MatchKind.UNKNOWN and ENDS < len(candidate.core) < KEY_LENGTH:
            # Too short for a key: the first piece of one, as a mask shows it, is not called another account's.
            begins = self.match_again(candidate.core[:ENDS] + SHORT_MASK, None)
            return found if begins.how is MatchKind.UNKNOWN else begins
        return found

    def match_again(self, hint: str, fingerprint: int | None) -> IndexMatch:
        """The same for what is left of a candidate in a row: its hint, and its fingerprint if it was a full one."""
        proven = () if fingerprint is None else _ids(self._by_fingerprint, fingerprint)
        if proven:
            return IndexMatch(MatchKind.FULL, proven, hint, fingerprint)
        ids = self.with_hint(hint)
        if fingerprint is not None:
            # Its value is not that of any key whose value we have seen: only the hidden ones are left.
            ids = tuple(i for i in ids if self._fingerprint_of.get(i) is None)
        how = MatchKind.UNKNOWN if not ids else MatchKind.MASKED if len(ids) == 1 else MatchKind.AMBIGUOUS
        return IndexMatch(how, ids, hint, fingerprint)

    def holds(self, core: str) -> bool:
        """Whether a value is that of one of the keys."""
        return self._fingerprints.of(core) in self._by_fingerprint

    def may_hold(self, core: str) -> bool:
        """Whether it may be one whose value the gateway hides: it has the ends of such a key."""
        return any(self._fingerprint_of.get(key_id) is None for key_id in self.with_hint(core[:ENDS] + core[-ENDS:]))

    def beginnings(self) -> Container[str]:
        """The first four characters of every key: most texts are told by these alone to hold none."""
        version, found = self._beginnings
        if version != self.version:
            version = self.version
            found = frozenset(hint[:ENDS] for hint in list(self._by_hint))
            self._beginnings = (version, found)
        return found

    def has_ends(self, first_and_last: str) -> bool:
        """Whether some key has these first four and last four characters."""
        return first_and_last in self._by_hint

    def has_end(self, *, first: str = "", last: str = "") -> bool:
        """Whether some key begins, or ends, with these four characters."""
        return first + SHORT_MASK + last in self._ends()

    def with_hint(self, hint: str) -> tuple[int, ...]:
        """Ids of the keys with these first and last four characters, or with as many as the hint has, lowest first."""
        if SHORT_MASK in hint:
            return self._with_part(*hint.split(SHORT_MASK, 1))
        return _ids(self._by_hint, hint)

    def _with_part(self, first: str, last: str) -> tuple[int, ...]:
        """The same for less than eight characters; one end has its four."""
        end = SHORT_MASK + last if len(last) == ENDS else first + SHORT_MASK
        hints = [hint for hint in self._ends().get(end, ()) if hint.startswith(first) and hint.endswith(last)]
        return tuple(sorted({key_id for hint in hints for key_id in self.with_hint(hint)}))

    def _ends(self) -> Mapping[str, Sequence[str]]:
        """Hints by each of their ends. One pass over all hints lists them, in the thread that asks first."""
        version, ends = self._by_end
        if version != self.version:
            version, ends = self.version, {}
            for hint in list(self._by_hint):
                for end in (hint[:ENDS] + SHORT_MASK, SHORT_MASK + hint[-ENDS:]):
                    ends.setdefault(end, []).append(hint)
            self._by_end = (version, ends)
        return ends
