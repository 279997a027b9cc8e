"""Lists of things in a sentence, by the customs of the language of the moment (Unicode CLDR, through Babel).

Digits stay Latin in every language: amounts and ids are compared with, and copied into, what the gateway shows.
"""

from collections.abc import Iterable
from typing import Literal

from babel.lists import format_list

from bot.languages.catalog import FSI, PDI
from bot.languages.language import current


def all_of(items: Iterable[str]) -> str:
    """`a, b and c`."""
    return _listed(items, "standard")


def one_of(items: Iterable[str]) -> str:
    """`a, b or c`."""
    return _listed(items, "or")


def _listed(items: Iterable[str], style: Literal["standard", "or"]) -> str:
    language = current()
    named = [f"{FSI}{item}{PDI}" if language.right_to_left else str(item) for item in items]
    if language.tag == "en":  # without the comma that American style puts before the last one
        word = "and" if style == "standard" else "or"
        return f" {word} ".join([*([", ".join(named[:-1])] if named[1:] else []), *named[-1:]])
    return format_list(named, style=style, locale=language.locale)
