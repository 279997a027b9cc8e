"""Lists of things in a sentence. Each is a Sentence, so that a row that holds one is read in any language.

Digits stay Latin in every language: amounts and ids are compared with, and copied into, what the gateway shows.
"""

from collections.abc import Iterable, Sequence

from bot.languages.lists import AND, LINES, OR, PLAIN
from bot.languages.sentence import LIST, Sentence, trn


def all_of(items: Iterable[str]) -> Sentence:
    """`a, b and c`."""
    return _listed(items, AND)


def one_of(items: Iterable[str]) -> Sentence:
    """`a, b or c`."""
    return _listed(items, OR)


def with_commas(items: Iterable[str]) -> Sentence:
    """`a, b, c`: names of which there may be more."""
    return _listed(items, PLAIN)


def in_lines(items: Iterable[str]) -> Sentence:
    """Each in a line of its own, behind a point."""
    return _listed(items, LINES)


def some_of(items: Sequence[str], most: int) -> Sentence:
    """`a, b and 3 more`: the first of several names."""
    shown, more = with_commas(items[:most]), len(items) - most
    return shown if more <= 0 else trn("{items} and {count} more", "{items} and {count} more", more, items=shown)


def _listed(items: Iterable[str], style: str) -> Sentence:
    return Sentence(style, {str(place): item for place, item in enumerate(items)}, context=LIST)
