"""Each language is complete: every sentence of the code, with the same placeholders and marks, as it is shipped."""

import io
import re
import unicodedata
from collections import Counter
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.languages import catalog
from bot.slack.blocks import TITLE_LIMIT, truncate
from tests.languages.foreign import FITTING
from tests.languages.sources import all_asked, placeholders

TAGS = catalog.tags()
# What Slack makes of a text must be the same in every language: code, entities, emoji codes.
_MARKS = re.compile(r"`[^`]*`|<[^<>]*>|:[a-z_]+:")


@cache
def read(tag: str) -> Catalog:
    with (catalog.CATALOGS / tag / "keydesk.po").open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_"))


def wanted() -> dict[tuple[str, str], str | tuple[str, str]]:
    """Context and singular → the message, for each sentence of the code."""
    return {(one.context, one.texts[0] or ""): one.message for one in all_asked() if None not in one.texts}


def entries(tag: str) -> dict[tuple[str, str], Message]:
    found = {}
    for message in read(tag):
        if message.id:
            single = message.id if isinstance(message.id, str) else message.id[0]
            found[message.context or "", single] = message
    return found


def forms(message: Message) -> list[str]:
    found = message.string
    return [found] if isinstance(found, str) else list(found or ())


@pytest.mark.parametrize("tag", TAGS)
def test_every_sentence_of_the_code_is_in_the_catalogue_and_nothing_else(tag: str) -> None:
    have = entries(tag)
    assert sorted(wanted().keys() - have.keys()) == [], "run `make languages` and translate what is new"
    assert sorted(have.keys() - wanted().keys()) == [], "run `make languages`: these stand nowhere in the code"


@pytest.mark.parametrize("tag", TAGS)
def test_every_sentence_is_translated_in_all_its_plural_forms(tag: str) -> None:
    plurals = read(tag).num_plurals
    missing = [
        key
        for key, message in entries(tag).items()
        if message.fuzzy or not all(forms(message)) or (message.pluralizable and len(forms(message)) != plurals)
    ]
    assert missing == []


@pytest.mark.parametrize("tag", TAGS)
def test_a_translation_has_the_placeholders_and_marks_of_its_sentence(tag: str) -> None:
    wrong = {}
    for key, message in entries(tag).items():
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        names = frozenset().union(*map(placeholders, texts))
        for form in forms(message):
            # The form for exactly one thing, or two, may say the number in a word.
            spoken = {"count"} if message.pluralizable else set()
            named = placeholders(form)
            marks = [Counter(_MARKS.findall(text)) for text in texts]
            if not names - spoken <= named <= names or Counter(_MARKS.findall(form)) not in marks:
                wrong[key[1]] = form
    assert wrong == {}


def crowded(text: str, formatted: frozenset[str]) -> list[str]:
    """What is bold or code in a text and stands beside a full-width character: Slack would show its marks."""
    marks = [r"`[^`\n]*`", r"\*[^*`\n]+\*", *(re.escape("{" + name + "}") for name in formatted)]
    parts = re.split(f"({'|'.join(marks)})", text)
    beside = [(parts[at], parts[at - 1][-1:] + parts[at + 1][:1]) for at in range(1, len(parts), 2)]
    return [part for part, near in beside if any(unicodedata.east_asian_width(one) in "WF" for one in near)]


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag.startswith("zh")])
def test_what_is_bold_or_code_stands_beside_half_width_characters(tag: str) -> None:
    formatted: dict[tuple[str, str], frozenset[str]] = {}
    for one in all_asked():
        key = (one.context, one.texts[0] or "")
        formatted[key] = formatted.get(key, frozenset()) | one.formatted
    wrong = [
        (form, found)
        for key, message in entries(tag).items()
        for form in forms(message)
        if (found := crowded(form, formatted.get(key, frozenset())))
    ]
    assert wrong == []


def test_a_mark_beside_a_full_width_character_is_found() -> None:
    assert crowded("密钥 {name}：`a`。", frozenset({"name"})) == ["{name}", "`a`"]
    assert crowded("密钥 {name} ： *a* 。", frozenset({"name"})) == []
    assert crowded("密钥{name}", frozenset()) == []


@pytest.mark.parametrize("tag", TAGS)
def test_what_is_shipped_is_made_of_what_is_written(tag: str) -> None:
    made = io.BytesIO()
    write_mo(made, read(tag))
    assert (catalog.CATALOGS / tag / "keydesk.mo").read_bytes() == made.getvalue(), "run `make languages`"


@pytest.mark.parametrize("text", FITTING)
def test_a_long_title_fits_in_every_language(text: str) -> None:
    for shown in [text, *(form for tag in TAGS for form in forms(entries(tag)["", text]))]:
        assert truncate(shown, TITLE_LIMIT) == shown
