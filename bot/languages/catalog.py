"""The translated sentences of one language, from `catalogs/TAG/keydesk.mo`.

It is made of the .po beside it by `make languages`.

Plural forms by the catalogue's own rule (GNU gettext). Sentences that hold code or mentions are made ready for
right-to-left reading once, when they are first asked for: such pieces keep their own order, and a sentence that begins
with one is read from right to left all the same.
"""

import gettext
import logging
import re
import struct
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.errors import CannotStart

logger = logging.getLogger(__name__)

CATALOGS = Path(__file__).parent / "catalogs"
FSI, PDI, RLM = "\u2068", "\u2069", "\u200f"
# The pieces that must keep their own order. Signs take the direction of the sentence around them: without this, +100k
# is shown as 100k+, and a date from its day to its year.
_PLACEHOLDER = r"\{[a-z_]+\}"
_PIECES = re.compile(
    "|".join(
        (
            r"`[^`]*`|<[^<>]*>",  # code, a mention or a link
            rf"(?:\b[a-z_]+|{_PLACEHOLDER}) = (?:{_PLACEHOLDER}|\"[^\"]*\"|\[\"…\"\])",  # a line of the policy
            rf"(?<!\w)(?:[+#/]|/[a-z]+/|IPv|HTTP ){_PLACEHOLDER}|{_PLACEHOLDER}",
            r"(?<![\w/])/[a-z]+(?: [a-z]+)*",  # a command
            r"(?<!\w)(?:[+=-]\$?|[$/])\d+(?:\.\d+)?[kM]?|\b\d+(?:\.\d+)?[kM]\b|\b\d+ USD\b",  # an amount, a prefix
            r"\b\d+(?:[-_]\d+)+(?: \d\d:\d\d \(UTC\))?",  # a date, 500_000, 0-9
        )
    )
)
# What has no direction, before the first word or piece: marks, spaces, emoji.
_BEGINNING = re.compile(rf"(?::[a-z0-9_+-]+:|[^\w{FSI}]|_)*")


@dataclass(frozen=True)
class Catalog:
    """English sentence → the sentence of this language, with the same placeholders."""

    translations: gettext.NullTranslations
    isolates: bool = False

    def one(self, message: str, context: str = "") -> str:
        """The translation, or the English sentence itself where there is none."""
        found = self._singular.get((context, message))
        if found is None:
            found = self.translations.pgettext(context, message) if context else self.translations.gettext(message)
            found = self._singular[context, message] = self._ready(found)
        return found

    def many(self, singular: str, plural: str, count: int) -> str:
        """The form for this number."""
        return self._ready(self.translations.ngettext(singular, plural, count))

    @cached_property
    def _singular(self) -> dict[tuple[str, str], str]:
        return {}

    def _ready(self, template: str) -> str:
        if not self.isolates:
            return template
        ready = _PIECES.sub(lambda piece: f"{FSI}{piece[0]}{PDI}", template)
        at = _BEGINNING.match(ready).end()  # type: ignore[union-attr]  # it matches nothing, too
        return f"{ready[:at]}{RLM}{ready[at:]}" if _needs_mark(_PIECES.sub("", template), ready[at:]) else ready


def _needs_mark(own: str, rest: str) -> bool:
    """Whether a text takes its direction from a piece or a foreign word at its beginning, and not from its own words.

    `own`: the text without its pieces; `rest`: from its first word or piece on.
    """
    directions = {unicodedata.bidirectional(char) for char in own}
    ours = bool(directions & {"R", "AL"}) or "L" not in directions  # else it is not translated
    return ours and (rest.startswith(FSI) or unicodedata.bidirectional(rest[:1] or " ") == "L")


def tags() -> tuple[str, ...]:
    """The languages that have a folder, in order of their tags."""
    return tuple(sorted(folder.name for folder in CATALOGS.iterdir() if folder.is_dir() and folder.name[0].isalpha()))


def missing() -> tuple[str, ...]:
    """The languages whose file is not there, so that their people read English."""
    return tuple(tag for tag in tags() if not (CATALOGS / tag / "keydesk.mo").is_file())


def load(tag: str, *, right_to_left: bool) -> Catalog:
    """The catalogue of one language. A missing file is an empty catalogue (English, said in the log), a broken one
    raises CannotStart with its name.
    """
    path = CATALOGS / tag / "keydesk.mo"
    try:
        with path.open("rb") as file:
            return Catalog(gettext.GNUTranslations(file), isolates=right_to_left)
    except FileNotFoundError:
        logger.warning("the catalogue of the language %s is missing; its people read English", tag)
        return Catalog(gettext.NullTranslations())
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise CannotStart(f"The catalogue {tag}/keydesk.mo is broken ({error}); install Keydesk again.") from None
