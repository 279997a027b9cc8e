"""Every way to write a KEY, and every reading of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.keys.reference import KeyReference, splits, words
from bot.typed_text import QUOTES


@pytest.mark.parametrize(
    ("text", "number", "name"),
    [
        ("12", 12, "12"),
        ("#12", 12, "#12"),
        ("１２", 12, "１２"),
        ("٤١", 41, "٤١"),
        ("1\u200b2", 12, "12"),
        ('"12"', 12, "12"),
        ("prod", None, "prod"),
        ("0", None, "0"),
        ("9" * 19, None, "9" * 19),
        ("caf\u0065\u0301", None, "caf\u00e9"),
        ("caf\u00e9", None, "cafe\u0301"),
    ],
)
def test_a_key_has_a_number_and_names(text: str, number: int | None, name: str) -> None:
    reference = KeyReference(text)
    assert reference.number == number
    assert name in reference.names


@pytest.mark.parametrize(("opening", "closing"), [(o, c) for o, many in QUOTES.items() for c in many])
def test_quotation_marks_of_every_language_may_be_part_of_the_name_or_not(opening: str, closing: str) -> None:
    text = f"{opening}old ci{closing}"
    assert {"old ci", text} <= set(KeyReference(text).names)
    assert next((reference.text, rest) for reference, rest in splits(f"{text} +100k")) == (text, "+100k")


def test_a_name_with_spaces_is_one_of_the_readings() -> None:
    found = [(reference.text, rest) for reference, rest in splits("old ci +100k")]
    assert found == [("old", "ci +100k"), ("old ci", "+100k"), ("old ci +100k", "")]


def test_an_apostrophe_inside_a_quotation_does_not_end_it() -> None:
    assert [word.text for word in words("'bob's key' 12,13", commas=True)] == ["'bob's key'", "12", "13"]


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert all(text.strip().startswith(reference.text) for reference, _ in splits(text))
    assert "".join(word.text for word in words(text)) == "".join(text.split())
    assert KeyReference(text).names is not None
