"""The languages that Keydesk speaks, and the one of the moment.

The language of the moment is a context variable: the router sets the person's who clicked, the outbox the reader's of
a message. Without one it is English, which is what the record and the log are written in.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import ParamSpec, TypeVar

from bot.languages import catalog
from bot.languages.catalog import Catalog
from bot.scoped import Scoped

P = ParamSpec("P")
T = TypeVar("T")

# What is read from right to left: known by the tag, so that Babel's data of a language is loaded when it formats only.
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
# How the languages call themselves, for whoever chooses one.
_OWN_NAMES = {"en": "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文", "ar": "العربية"}
_TRADITIONAL = frozenset({"tw", "hk", "mo", "hant"})


@dataclass(frozen=True, eq=False)
class Language:
    """One language by its tag (BCP 47: `en`, `zh-Hant`)."""

    tag: str

    @property
    def name(self) -> str:
        """As its own speakers call it."""
        return _OWN_NAMES.get(self.tag, self.tag)

    @property
    def right_to_left(self) -> bool:
        """Whether it is read from right to left."""
        return self.tag.split("-")[0] in _RIGHT_TO_LEFT

    @property
    def locale(self) -> str:
        """The name that Babel knows it by: `zh_Hant`."""
        return self.tag.replace("-", "_")

    @property
    def catalog(self) -> Catalog | None:
        """Its sentences; None for English, which is written in the code."""
        return None if self.tag == "en" else _catalog(self.tag, self.right_to_left)


_catalog = cache(lambda tag, right_to_left: catalog.load(tag, right_to_left=right_to_left))


@cache
def languages() -> dict[str, Language]:
    """All languages by tag: English and each with a catalogue."""
    return {"en": ENGLISH} | {tag: Language(tag) for tag in catalog.tags()}


ENGLISH = Language("en")
_current: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def current() -> Language:
    """The language of the moment."""
    return _current.get()


def speaking(language: Language) -> Scoped[Language]:
    """Within it sentences are made and shown in this language. Threads that copy the context speak it too."""
    return Scoped(_current, language)


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """`work`, in the language of whoever asks for it now, also on a thread or in a task that others started."""
    language = current()
    if language is ENGLISH:
        return work

    def spoken(*args: P.args, **kwargs: P.kwargs) -> T:
        with speaking(language):
            return work(*args, **kwargs)

    return spoken


def find(tag: str) -> Language | None:
    """The language with this tag, however it is written (`zh_hant`); None when there is none."""
    wanted = tag.strip().replace("_", "-").lower()
    return next((one for known, one in languages().items() if known.lower() == wanted), None)


def channel_languages(text: str) -> tuple[Language, dict[str, Language]]:
    """KEYDESK_LANGUAGE: `en`, or `en,C0TEAM=ar` for a channel that has another one. Raises ValueError."""
    common, own = ENGLISH, {}
    for entry in filter(None, (entry.strip() for entry in text.split(","))):
        channel, given, tag = entry.rpartition("=")
        language = find(tag)
        if language is None:
            raise ValueError(f"“{tag.strip()}” is no language of Keydesk; choose among {', '.join(languages())}")
        if given:
            own[channel.strip()] = language
        else:
            common = language
    return common, own


def of_slack_locale(locale: str) -> Language:
    """The language for Slack's `locale` of a person: `zh-TW` and `zh-HK` are zh-Hant, `zh-CN` zh-Hans, `ar-…` ar.

    A locale that nobody translated is English. Facts: slack.md (users.info, include_locale).
    """
    parts = locale.replace("_", "-").lower().split("-")
    if parts[0] == "zh":
        return find("zh-Hant" if _TRADITIONAL.intersection(parts) else "zh-Hans") or ENGLISH
    return find("-".join(parts)) or find(parts[0]) or ENGLISH


def load_all() -> None:
    """Read every catalogue now, when the process starts. Raises CannotStart for a broken one."""
    for language in languages().values():
        _ = language.catalog
