"""The sentences in the code are written as the translators and the catalogues need them."""

import re

import pytest

from tests.languages.sources import Asked, all_asked, placeholders


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    """Read when a test wants it, a second of the processor. Not in languages/ itself, where the functions are made."""
    return [one for one in all_asked() if not one.where.startswith("bot/languages/")]


def test_there_are_sentences(asked: list[Asked]) -> None:
    assert len(asked) > 20


def test_every_sentence_is_a_literal_that_a_tool_can_find(asked: list[Asked]) -> None:
    assert [one.where for one in asked if None in one.texts] == []


def test_every_sentence_gets_the_arguments_it_names(asked: list[Asked]) -> None:
    wrong = {}
    for one in asked:
        named = frozenset().union(*(placeholders(text or "") for text in one.texts))
        # Without any it is a template, filled where it is shown (Sentence.filled).
        if one.given - {"count"} and "**" not in one.given and not named <= one.given:
            wrong[one.where] = sorted(named - one.given)
    assert wrong == {}


def test_placeholders_are_plain_names(asked: list[Asked]) -> None:
    texts = [(one.where, text) for one in asked for text in one.texts if text]
    assert [
        where for where, text in texts if any(not re.fullmatch("[a-z_]+", name) for name in placeholders(text))
    ] == []


def test_no_sentence_begins_or_ends_with_a_space(asked: list[Asked]) -> None:
    # A piece of a sentence does: it is glued to another, which no translator can reorder.
    texts = [(one.where, text) for one in asked for text in one.texts if text]
    assert [where for where, text in texts if text != text.strip() or not text] == []


def test_an_english_text_is_not_both_singular_and_something_else(asked: list[Asked]) -> None:
    # gettext keeps one entry for an id: a second use with other plural forms would be lost.
    plurals: dict[str, set[str]] = {}
    for one in asked:
        if one.function == "trn":
            plurals.setdefault(one.texts[0] or "", set()).add(one.texts[1] or "")
    assert {text: forms for text, forms in plurals.items() if len(forms) > 1} == {}
    single = {one.texts[0] for one in asked if one.function == "tr"}
    assert sorted(text for text in plurals if text in single) == []
