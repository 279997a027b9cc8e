"""How people write a KEY: its number, `#` and its number, its name, or its name in quotation marks. Pure.

Where there are several gateways, a number is written with the name of its gateway: `prod/12`.

Every way of writing has more than one reading: `#12` is key 12, or a key that is called `#12`. All of them are
collected here and looked up (lookup.py); none is preferred, because a wrong guess ends a wrong key.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.gateway.numbers import number_at
from bot.typed_text import QUOTES, clean_line, clean_number, fold, unquoted

_NUMBER = re.compile(r"#?([0-9]{1,19})")
# With the name of its gateway before it, where there is more than one.
_NAMED_NUMBER = re.compile(r"#?([a-z0-9][a-z0-9_-]{0,29})/([0-9]{1,19})")
_LARGEST_NUMBER = 2**63 - 1
# Names of more words than this are found by number only.
MOST_WORDS = 12


@dataclass(frozen=True)
class KeyReference:
    """One KEY as it was typed, and what it may mean."""

    text: str

    @property
    def number(self) -> int | None:
        """The number that it may mean."""
        for text in self._forms:
            match = _NUMBER.fullmatch(clean_number(text))
            if match is not None and 0 < int(match[1]) <= _LARGEST_NUMBER:
                return int(match[1])
            named = _NAMED_NUMBER.fullmatch(clean_number(text).casefold())
            if named is not None:
                return number_at(named[1], int(named[2]))
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """Every exact name that it may mean, as the gateway may have stored it."""
        spelled = [
            unicodedata.normalize(form, one)
            for text in self._forms
            for one in (text, clean_line(text), *self._digits(text))
            for form in ("NFC", "NFD")
        ]
        return tuple(dict.fromkeys([*self._forms, *(one for one in spelled if one)]))

    @property
    def folded(self) -> frozenset[str]:
        """The same names as names are compared."""
        return frozenset(map(fold, self.names))

    @staticmethod
    def _digits(text: str) -> list[str]:
        """A number in digits of another script or width is the name of a key in plain ones, too."""
        plain = clean_number(text)
        return [plain] if _NUMBER.fullmatch(plain) else []

    @property
    def shown(self) -> str:
        """What was typed, as an answer may repeat it."""
        return clean_line(self.text)[:60]

    @property
    def _forms(self) -> tuple[str, ...]:
        """As typed, and without quotation marks around it."""
        text = self.text.strip()
        inside = unquoted(clean_line(text))
        return (text,) if inside is None else (text, inside)


@dataclass(frozen=True)
class Word:
    """One word or quotation of a command, and where it stands there."""

    text: str
    start: int
    end: int


def words(text: str, *, commas: bool = False) -> list[Word]:
    """The words of a command; a quotation is one. `commas` part words too, as between the keys of a list."""
    found = []
    position = 0
    # What nothing closes from here on is not looked for again: a text of marks alone would take for ever.
    unclosed = set[str]()
    while position < len(text):
        if _parts(text[position], commas=commas):
            position += 1
            continue
        mark = text[position]
        end = None if mark in unclosed else _quotation_end(text, position, commas=commas)
        if end is None:
            unclosed.add(mark)
            end = _word_end(text, position, commas=commas)
        found.append(Word(text[position:end], position, end))
        position = end
    return found


def _parts(char: str, *, commas: bool) -> bool:
    return char.isspace() or (commas and char in ",،，、;")


def _word_end(text: str, start: int, *, commas: bool) -> int:
    return next((at for at in range(start, len(text)) if _parts(text[at], commas=commas)), len(text))


def _quotation_end(text: str, start: int, *, commas: bool) -> int | None:
    """Behind the mark that closes the quotation that begins here: one with nothing but a gap behind it."""
    closing = QUOTES.get(text[start])
    if closing is None:
        return None
    for at in range(start + 2, len(text)):
        if text[at] in closing and (at + 1 == len(text) or _parts(text[at + 1], commas=commas)):
            return at + 1
    return None


def splits(text: str) -> Iterator[tuple[KeyReference, str]]:
    """Every way to read `KEY REST`: names with spaces need not be quoted, so KEY may be any number of first words."""
    text = text.strip()
    for word in words(text)[:MOST_WORDS]:
        yield KeyReference(text[: word.end]), text[word.end :].strip()
