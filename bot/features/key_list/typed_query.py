"""What people type after `/apikey list`: words that narrow it, a person, a part of a name, an order, a page. Pure."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.features.lists.typed_words import english, page_of, part_of_name, quoted
from bot.keys.key_query import KeyFilter, KeyOrder, KeyQuery
from bot.keys.reference import words
from bot.languages import trc
from bot.slack.command_words import in_all_languages
from bot.slack.inputs import MENTION

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
    typed_words = _orders_in_one_word([word.text for word in words(text)])
    for at, word in enumerate(typed_words):
        plain = english(word, _aliases())
        if person := MENTION.fullmatch(word):
            owner = person["id"]
        elif plain == "mine":
            owner = me
        elif plain in _FILTERS:
            filters.add(KeyFilter(plain))
        elif plain in _ORDERS:
            order = _ORDERS[plain]
        elif at == len(typed_words) - 1 and (asked := page_of(word)) is not None:
            page = asked
        else:
            parts.append(word)
    query = KeyQuery(filters=frozenset(filters), owner=owner, text=part_of_name(parts), order=order)
    return ListRequest(query, page)


def typed(query: KeyQuery, *, page: int = 1) -> str:
    """The text that `parse` reads as this."""
    found = [str(one) for one in sorted(query.filters)]
    found += [f"<@{query.owner}>"] if query.owner else []
    found += [f"by-{query.order}"] if query.order is not KeyOrder.NEWEST else []
    found += [quoted(query.text)] if query.text else []
    return " ".join([*found, str(page)])


def _orders_in_one_word(typed_words: Sequence[str]) -> list[str]:
    """`by name` as people type it is `by-name`; in a quotation it stays."""
    found: list[str] = []
    for word in typed_words:
        if found and found[-1].lower() == "by" and f"by-{word.lower()}" in _ORDERS:
            found[-1] = f"by-{word}"
        else:
            found.append(word)
    return found


@functools.cache
def _aliases() -> Mapping[str, tuple[str, ...]]:
    return in_all_languages(_WORDS)
