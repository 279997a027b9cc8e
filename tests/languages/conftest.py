"""A language of the tests: a catalogue made in memory."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from bot.languages import Language, language, speaking

Speak = Callable[..., AbstractContextManager[None]]


class Words:
    """A catalogue as the code asks for it; `plurals`: the forms for one and for more."""

    def __init__(self, sentences: dict[str, str], plurals: dict[str, tuple[str, str]]) -> None:
        self.sentences, self.plurals = sentences, plurals

    def one(self, message: str, context: str = "") -> str:
        return self.sentences.get(f"{context}|{message}" if context else message, message)

    def many(self, singular: str, plural: str, count: int) -> str:
        return self.plurals.get(singular, (singular, plural))[count != 1]


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch) -> Speak:
    """`with speak({English: other}, tag="xx")`: the language with these sentences is the one of the moment."""
    made: dict[str, Words] = {}
    real = language._catalog
    monkeypatch.setattr(language, "_catalog", lambda tag, rtl: made[tag] if tag in made else real(tag, rtl))

    def speaking_it(
        sentences: dict[str, str], plurals: dict[str, tuple[str, str]] | None = None, *, tag: str = "xx"
    ) -> AbstractContextManager[None]:
        made[tag] = Words(sentences, plurals or {})
        return speaking(Language(tag))

    return speaking_it
