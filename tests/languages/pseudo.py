"""A pseudo language for tests: every translated sentence is in capitals, so that a text in small letters is English."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

from bot.languages import Language, language, speaking

# A tag that Babel knows, for lists, and that has no catalogue: its lists have no word in Latin letters.
PSEUDO = Language("zh")
# What a translation keeps as it is: placeholders, code, mentions and links, names of emoji.
_KEPT = re.compile(r"(\{[a-z_]+\}|`[^`]*`|<[^<>]*>|:[a-z0-9_+-]+:)")
_WORD = re.compile(r"[a-z]{2,}")
# What Slack gets as text to be read by people.
_SHOWN = frozenset({"text", "accessibility_label"})


class Capitals:
    """A catalogue as the code asks for it."""

    def one(self, message: str, context: str = "") -> str:
        del context
        return _capitals(message)

    def many(self, singular: str, plural: str, count: int) -> str:
        return _capitals(singular if count == 1 else plural)


def _capitals(text: str) -> str:
    parts = _KEPT.split(text)
    return "".join(part if at % 2 else part.upper() for at, part in enumerate(parts))


@contextlib.contextmanager
def pseudo_catalog() -> Iterator[None]:
    """Within it the pseudo language has its sentences, for those whose language it is."""
    real, made = language._catalog, Capitals()
    with mock.patch.object(language, "_catalog", lambda tag, rtl: made if tag == PSEUDO.tag else real(tag, rtl)):
        yield


@contextlib.contextmanager
def pseudo() -> Iterator[None]:
    """Within it the pseudo language is the one of the moment."""
    with pseudo_catalog(), speaking(PSEUDO):
        yield


def english_in(shown: Any) -> list[str]:
    """The words in small letters of a text, or of the texts in blocks; what a translation keeps does not count."""
    if isinstance(shown, str):
        return _WORD.findall(_KEPT.sub(" ", shown))
    if isinstance(shown, list | tuple):
        return [word for item in shown for word in english_in(item)]
    if not isinstance(shown, dict):
        return []
    return [
        word for name, item in shown.items() if name in _SHOWN or not isinstance(item, str) for word in english_in(item)
    ]
