"""What the lists share in reading what people type."""

import pytest

from bot.features.lists.typed_words import LONGEST_TEXT, english, page_of, part_of_name, quoted

ALIASES = {"\u9592\u7f6e": ("idle",), "two": ("idle", "locked")}


@pytest.mark.parametrize(("word", "meant"), [("\u9592\u7f6e", "idle"), ("IDLE", "idle"), ("two", "two"), ("x", "x")])
def test_a_word_of_another_language_is_its_english_one(word: str, meant: str) -> None:
    assert english(word, ALIASES) == meant


@pytest.mark.parametrize(
    ("word", "page"), [("1", 1), ("\u0662", 2), ("999999", 999_999), ("0", None), ("1234567", None), ("-1", None)]
)
def test_a_number_is_a_page(word: str, page: int | None) -> None:
    assert page_of(word) == page


def test_a_part_of_a_name_is_what_stands_in_the_quotation() -> None:
    assert part_of_name(["a", '"b c"']) == "a b c"
    assert part_of_name(["x" * 99]) == "x" * LONGEST_TEXT
    assert part_of_name([quoted('say "hi"')]) == "say hi"
    assert part_of_name([]) == ""
