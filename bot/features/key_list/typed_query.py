"""What people type after `/apikey list`: words that narrow it, a person, a part of a name, an order, a page. Pure.

The same text is what the buttons of a list hold, so a click is read as something that was typed: nothing in it is
trusted. English words work for everybody, those of the other languages beside them.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from bot.keys.key_query import KeyFilter, KeyOrder, KeyQuery
from bot.keys.reference import words
from bot.languages import trc
from bot.slack.command_words import in_all_languages
from bot.slack.inputs import MENTION
from bot.typed_text import clean_line, clean_number, first_word, fold, unquoted

# Slack's limit of 150 for the value of an option leaves room for this much of a name beside the words.
LONGEST_TEXT = 40
_LARGEST_PAGE = 6
_WORDS = (
    trc("words that narrow a list of keys, between commas, no spaces in a word", "active"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "disabled"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "expired"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "exhausted"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "expiring"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "forever"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "unlimited"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "idle"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "ownerless"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "locked"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "mine"),
    trc("words for the order of a list, between commas, no spaces in a word", "by-newest"),
    trc("words for the order of a list, between commas, no spaces in a word", "by-name"),
    trc("words for the order of a list, between commas, no spaces in a word", "by-quota"),
    trc("words for the order of a list, between commas, no spaces in a word", "by-used"),
    trc("words for the order of a list, between commas, no spaces in a word", "by-expiry"),
)
_FILTERS = frozenset(KeyFilter)
_ORDERS = {f"by-{one}": one for one in KeyOrder}


@dataclass(frozen=True)
class ListRequest:
    """What is looked for, and which page of it, from 1."""

    query: KeyQuery
    page: int = 1


def parse(text: str, *, me: str) -> ListRequest:
    """Read what was typed; every text is something to look for. `me`: who typed it, for `mine`."""
    filters, owner, order, page = set[KeyFilter](), None, KeyOrder.NEWEST, 1
    parts = []
    typed = [word.text for word in words(_orders_in_one_word(text))]
    for at, word in enumerate(typed):
        plain = _english(word)
        if person := MENTION.fullmatch(word):
            owner = person["id"]
        elif plain == "mine":
            owner = me
        elif plain in _FILTERS:
            filters.add(KeyFilter(plain))
        elif plain in _ORDERS:
            order = _ORDERS[plain]
        elif at == len(typed) - 1 and _is_page(word):
            page = int(clean_number(word))
        else:
            inside = unquoted(clean_line(word))
            parts.append(word if inside is None else inside)
    looked_for = fold(" ".join(parts))[:LONGEST_TEXT].strip()
    return ListRequest(KeyQuery(filters=frozenset(filters), owner=owner, text=looked_for, order=order), page)


def typed(query: KeyQuery, *, page: int = 1) -> str:
    """The text that `parse` reads as this."""
    found = [str(one) for one in sorted(query.filters)]
    found += [f"<@{query.owner}>"] if query.owner else []
    found += [f"by-{query.order}"] if query.order is not KeyOrder.NEWEST else []
    # Marks of its own would end the quotation early, and a space at an end is not seen.
    found += [f"\u201c{query.text.translate(_NO_QUOTES)}\u201d"] if query.text else []
    return " ".join([*found, str(page)])


_NO_QUOTES = dict.fromkeys(map(ord, '\u201c\u201d"'))


def _orders_in_one_word(text: str) -> str:
    """`by name` as people type it is `by-name`."""
    for one in KeyOrder:
        text = f" {text} ".replace(f" by {one} ", f" by-{one} ").strip()
    return text


def _is_page(word: str) -> bool:
    number = clean_number(word)
    return number.isascii() and number.isdigit() and len(number) <= _LARGEST_PAGE and int(number) > 0


def _english(word: str) -> str:
    plain = first_word(word)[0]
    meant = _aliases().get(plain, ())
    return meant[0] if len(meant) == 1 else plain


@functools.cache
def _aliases() -> Mapping[str, tuple[str, ...]]:
    return in_all_languages(_WORDS)
