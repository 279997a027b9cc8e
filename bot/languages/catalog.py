"""The translated sentences of one language, from `catalogs/TAG/keydesk.mo`.

It is made of the .po beside it by `make languages`.

Plural forms by the catalogue's own rule (GNU gettext). Sentences that hold code or mentions are made ready for
right-to-left reading once, when the catalogue is read.
"""

import gettext
import logging
import re
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.errors import CannotStart

logger = logging.getLogger(__name__)

CATALOGS = Path(__file__).parent / "catalogs"
FSI, PDI = "\u2068", "\u2069"
# A piece of code, a mention or a link, and a placeholder: the pieces that must keep their own order.
_PIECES = re.compile(r"`[^`]*`|<[^<>]*>|\{[a-z_]+\}")


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
        return _PIECES.sub(lambda piece: f"{FSI}{piece[0]}{PDI}", template) if self.isolates else template


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
