"""What people type after `/apikey requests`: words that narrow it, a person, a number, part of a name, a page. Pure."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.approvals.models import WAITING, Status
from bot.features.lists.typed_words import english, page_of, part_of_name, quoted
from bot.keys.reference import words
from bot.languages import trc
from bot.slack.command_words import in_all_languages
from bot.slack.inputs import MENTION
from bot.typed_text import clean_number

_NUMBER = re.compile(r"#([0-9]{1,9})")
_WORDS = (
    trc("words that narrow a list of requests, between commas, no spaces in a word", "waiting"),
    trc("words that narrow a list of requests, between commas, no spaces in a word", "running"),
    trc("words that narrow a list of requests, between commas, no spaces in a word", "done"),
    trc("words that narrow a list of requests, between commas, no spaces in a word", "failed"),
    trc("words that narrow a list of requests, between commas, no spaces in a word", "denied"),
    trc("words that narrow a list of requests, between commas, no spaces in a word", "expired"),
    trc("words that narrow a list of requests, between commas, no spaces in a word", "withdrawn"),
    trc("words that narrow a list of requests, between commas, no spaces in a word", "all"),
    trc("words that narrow a list of keys, between commas, no spaces in a word", "mine"),
)
STATUSES = {
    "waiting": WAITING,
    "running": frozenset({Status.APPROVED, Status.RUNNING}),
    "done": frozenset({Status.SUCCEEDED}),
    "failed": frozenset({Status.FAILED, Status.UNKNOWN}),
    "denied": frozenset({Status.DENIED}),
    "expired": frozenset({Status.EXPIRED}),
    "withdrawn": frozenset({Status.WITHDRAWN}),
}


@dataclass(frozen=True, kw_only=True)
class RequestQuery:
    """`words`: of STATUSES, none = every status. `number`: of a request. `text`: a part of the key's name."""

    words: frozenset[str] = frozenset()
    requester: str | None = None
    number: int | None = None
    text: str = ""
    page: int = 1

    @property
    def statuses(self) -> frozenset[Status]:
        """What these words stand for together."""
        return frozenset(status for word in self.words for status in STATUSES[word])


def parse(text: str, *, me: str) -> RequestQuery | None:
    """Read what was typed; None = nothing, so that what matters most is shown. `me`: who typed it."""
    found, requester, number, page = set[str](), None, None, 1
    parts = []
    typed_words = [word.text for word in words(text)]
    for at, word in enumerate(typed_words):
        plain = english(word, _aliases())
        if person := MENTION.fullmatch(word):
            requester = person["id"]
        elif plain == "mine":
            requester = me
        elif plain in STATUSES:
            found.add(plain)
        elif exact := _NUMBER.fullmatch(clean_number(word)):
            number = int(exact[1])
        elif at == len(typed_words) - 1 and (asked := page_of(word)) is not None:
            page = asked
        elif plain != "all":
            parts.append(word)
    if not typed_words:
        return None
    name = part_of_name(parts)
    return RequestQuery(words=frozenset(found), requester=requester, number=number, text=name, page=page)


def typed(query: RequestQuery, *, page: int = 1) -> str:
    """The text that `parse` reads as this."""
    found = sorted(query.words) or ["all"]
    found += [f"<@{query.requester}>"] if query.requester else []
    found += [f"#{query.number}"] if query.number else []
    found += [quoted(query.text)] if query.text else []
    return " ".join([*found, str(page)])


@functools.cache
def _aliases() -> Mapping[str, tuple[str, ...]]:
    return in_all_languages(_WORDS)
