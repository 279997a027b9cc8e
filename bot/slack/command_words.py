"""The words of the command in other languages: `/apikey 新增` is `/apikey new`.

English words work for everybody. The others come from the catalogues, several for one command where people say several,
and work for everybody too, since a channel is shared by people of many languages.
"""

import re
from collections.abc import Iterable, Mapping

from bot.languages import languages, said, speaking, trc
from bot.typed_text import first_word

# One line for each command: the translation of `new` is a list of the words that people of the language would type.
_WORDS = (
    trc("words for a command, between commas, no spaces in a word", "new"),
    trc("words for a command, between commas, no spaces in a word", "edit"),
    trc("words for a command, between commas, no spaces in a word", "quota"),
    trc("words for a command, between commas, no spaces in a word", "disable"),
    trc("words for a command, between commas, no spaces in a word", "enable"),
    trc("words for a command, between commas, no spaces in a word", "end"),
    trc("words for a command, between commas, no spaces in a word", "rotate"),
    trc("words for a command, between commas, no spaces in a word", "delete"),
    trc("words for a command, between commas, no spaces in a word", "list"),
    trc("words for a command, between commas, no spaces in a word", "show"),
    trc("words for a command, between commas, no spaces in a word", "requests"),
    trc("words for a command, between commas, no spaces in a word", "audit"),
    trc("words for a command, between commas, no spaces in a word", "why"),
    trc("words for a command, between commas, no spaces in a word", "give"),
    trc("words for a command, between commas, no spaces in a word", "adopt"),
    trc("words for a command, between commas, no spaces in a word", "allowance"),
    trc("words for a command, between commas, no spaces in a word", "budget"),
    trc("words for a command, between commas, no spaces in a word", "usage"),
    trc("words for a command, between commas, no spaces in a word", "help"),
)
_BETWEEN = re.compile(r"[,，、،]")


def english_words() -> tuple[str, ...]:
    """Every command that may have a word in another language."""
    return tuple(str(word) for word in _WORDS)


def other_words() -> Mapping[str, tuple[str, ...]]:
    """Word of another language, as `first_word` reads it → the English ones it stands for, mostly one."""
    return in_all_languages(_WORDS)


def in_all_languages(words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The same for other words that people type, each a sentence whose translation is a list between commas."""
    found: dict[str, list[str]] = {}
    for language in languages().values():
        with speaking(language):
            for word in words:
                for typed in _BETWEEN.split(said(word)):
                    alias = first_word(typed)[0]
                    if alias and alias != word and word not in found.setdefault(alias, []):
                        found[alias].append(str(word))
    return {alias: tuple(words) for alias, words in found.items()}
