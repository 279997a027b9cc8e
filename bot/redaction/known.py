"""Secrets that are known: our own by value, and the keys of the account by their ends and their fingerprints.

Both are the process's, like its loggers: rows and messages are looked at whoever writes them.
"""

import itertools
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Protocol
from urllib.parse import quote

from bot.redaction.encodings import Span, has_run

SHORTEST = 8
KEY_LENGTH = 48
ENDS = 4
# A piece of a key that is shorter tells too little of it.
_SHORTEST_PIECE = 20
_FEWEST_DIGITS, _FEWEST_LETTERS = 2, 8
_NO_WORD = bytes(set(range(256)) - set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
# Letters of both cases and a digit side by side: hardly a key is without, and most short texts are.
_CLASSES = (
    bytes(
        ord("0") if char.isdigit() else ord("A") if char.isupper() else ord("a") if char.islower() else ord(" ")
        for char in map(chr, range(128))
    )
    + b" " * 128
)
_MIXED = tuple(bytes(three) for three in itertools.permutations(b"Aa0"))
_PIECE = re.compile(
    rf"(?<![0-9A-Za-z])(?=[0-9A-Z]*+[a-z])(?=[0-9a-z]*+[A-Z])[0-9A-Za-z]{{{_SHORTEST_PIECE},}}+(?![0-9A-Za-z])"
)


class KeyMatcher(Protocol):
    """What the account's keys are known by (alerts/detection/key_index.py). Called by any thread."""

    def beginnings(self) -> Container[str]:
        """The first four characters of every key."""

    def has_ends(self, first_and_last: str) -> bool:
        """Whether some key has these first four and last four characters."""

    def has_end(self, *, first: str = "", last: str = "") -> bool:
        """Whether some key begins, or ends, with these four characters."""

    def holds(self, core: str) -> bool:
        """Whether a value is that of one of the keys."""

    def may_hold(self, core: str) -> bool:
        """Whether it may be one whose value the gateway hides."""

    @property
    def version(self) -> int:
        """Another number after each change of what the others answer."""


class _Known:
    own: tuple[bytes, ...] = ()
    keys: KeyMatcher | None = None
    changes = 0


def know(secrets: Iterable[str]) -> None:
    """From now on look for these values too, in place of those before: the secrets of this process."""
    found = {squeezed(form) for secret in secrets if is_telling(secret) for form in (secret, quote(secret, safe=""))}
    _Known.own = tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True))
    _Known.changes += 1


def know_keys(keys: KeyMatcher | None) -> None:
    """From now on look for these keys too, in place of those before."""
    _Known.keys = keys
    _Known.changes += 1


def known_version() -> tuple[int, int]:
    """Another value after each change of what is known."""
    keys = _Known.keys
    return _Known.changes, 0 if keys is None else keys.version


def is_telling(secret: str) -> bool:
    """Whether a value can be looked for in people's texts: `postgres`, as a password, would be found everywhere."""
    mixed = any(char.isdigit() for char in secret) and any(char.isalpha() for char in secret)
    return len(secret) >= 2 * SHORTEST or (len(secret) >= SHORTEST and mixed)


def squeezed(text: str) -> bytes:
    """The letters and digits of ASCII in a text, without all else, and without accents."""
    plain = text if text.isascii() else unicodedata.normalize("NFD", text)
    return plain.encode("ascii", "ignore").translate(None, _NO_WORD)


def is_random(joined: str) -> bool:
    """As keys are; words that stand side by side hold hardly a digit, and few capitals."""
    core = joined[:KEY_LENGTH]
    cases = sum(char.isupper() for char in core), sum(char.islower() for char in core)
    return sum(char.isdigit() for char in core) >= _FEWEST_DIGITS and min(cases) >= _FEWEST_LETTERS


def own_spans(text: str) -> Iterator[Span]:
    """Our own secrets, whatever stands between their letters and digits."""
    together = squeezed(text) if _Known.own else b""
    found = [(start, len(secret)) for secret in _Known.own for start in _starts(together, secret)]
    yield from _spread(text, found)


def _starts(text: bytes, part: bytes) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + len(part))


def key_spans(text: str) -> Iterator[Span]:
    """Keys of the account, whatever they are glued to and whatever stands between their characters."""
    keys = _Known.keys
    if keys is not None and len(text) >= KEY_LENGTH:
        yield from _spread(text, [(start, KEY_LENGTH) for start in _key_starts(squeezed(text), keys)])


def _key_starts(squeezed_text: bytes, keys: KeyMatcher) -> Iterator[int]:
    classes = squeezed_text.translate(_CLASSES)
    if not any(three in classes for three in _MIXED):
        return
    together = squeezed_text.decode("ascii")
    last = KEY_LENGTH - ENDS
    beginnings = keys.beginnings()
    for start in range(len(together) - KEY_LENGTH + 1):
        first = together[start : start + ENDS]
        if first in beginnings and keys.has_ends(first + together[start + last : start + KEY_LENGTH]):
            core = together[start : start + KEY_LENGTH]
            if keys.holds(core) or (is_random(core) and keys.may_hold(core)):
                yield start


def piece_spans(text: str) -> Iterator[Span]:
    """Words of twenty characters and more that begin or end as a key of the account does."""
    keys = _Known.keys
    if keys is None or not has_run(text, _SHORTEST_PIECE):
        return
    for match in _PIECE.finditer(text):
        if keys.has_end(first=match[0][:ENDS]) or keys.has_end(last=match[0][-ENDS:]):
            yield match.span()


def _spread(text: str, found: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Where parts of the squeezed text, by their start and length, stand in the text."""
    if found:
        places = [at for at, char in enumerate(text) if squeezed(char)]
        yield from ((places[start], places[start + length - 1] + 1) for start, length in found)
