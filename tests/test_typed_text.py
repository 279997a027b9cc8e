"""What people type, cleaned."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.typed_text import clean, clean_line, clean_number, first_word, fold, fold_word, is_invisible, unquoted

INVISIBLE = "\u200b\ufeff\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2069\u00ad\u180e\u0007\u2028\U000e0041"


@pytest.mark.parametrize("char", INVISIBLE)
def test_what_nobody_sees_is_taken_out(char: str) -> None:
    assert clean(f"pro{char}d").replace("\n", "") == "prod"
    assert clean_number(f"1{char}00k").replace(" ", "") == "100k"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("–5k", "-5k"),
        ("—5k", "-5k"),
        ("−5k", "-5k"),
        ("＋5k", "+5k"),
        ("－５ｋ", "-5k"),
        ("＄５", "$5"),
        ("٥٠٠", "500"),
        ("۵۰۰", "500"),
        ("१००k", "100k"),
        ("٫".join("15"), "1.5"),
        ("1٬000", "1,000"),
        ("1\u00a0000\u202f000", "1 000 000"),
        ("\u200f5k\u200e", "5k"),
        ("½", "½"),
    ],
)
def test_numbers_are_plain(text: str, meant: str) -> None:
    assert clean_number(text) == meant


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("يومًا", "يوما"), ("أيام", "ايام"), ("آلاف", "الاف"), ("يـوم", "يوم"), ("دقائق", "دقايق"), ("مِلْيُون", "مليون"),
        ("USD", "usd"), ("萬", "萬"),
    ],
)  # fmt: skip
def test_words_for_units_are_the_same_with_and_without_their_marks(typed: str, same: str) -> None:
    assert fold_word(typed) == fold_word(same)


def test_scripts_keep_what_they_need() -> None:
    assert clean("می\u200cخواهم 👩\u200d💻") == "می\u200cخواهم 👩\u200d💻"


def test_a_name_is_the_same_in_both_forms_and_with_other_spaces() -> None:
    assert fold("cafe\u0301\u00a0 x") == fold("caf\u00e9 x") == "caf\u00e9 x"


def test_a_pair_of_quotation_marks_comes_off_and_one_alone_stays() -> None:
    assert unquoted("«x»") == "x"
    assert unquoted("„x“") == "x"
    assert unquoted('"x') is None
    assert unquoted('""') is None


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(is_invisible(char) for char in once)
    assert unicodedata.is_normalized("NFC", once)
    assert "\n" not in clean_line(text)


@given(st.text(st.characters(codec="ascii"), max_size=40) | st.text(max_size=20))
def test_a_plain_text_is_read_as_any_other(text: str) -> None:
    """The quick way for plain texts and the look at each character agree."""
    tail = "\u200b"  # invisible, and no longer plain
    assert clean(text) == clean(text + tail)
    assert clean_line(text) == clean_line(text + tail)
    assert clean_number(text) == clean_number(text + tail)


@pytest.mark.parametrize("char", INVISIBLE)
def test_the_first_word_is_found_behind_and_within_what_nobody_sees(char: str) -> None:
    for text in (f"{char}list 2", f"{char} list 2", f"list{char} 2", "ｌｉｓｔ 2", "LIST   2"):
        assert first_word(text) == ("list", "2"), repr(text)
    assert first_word(f"show pro{char}d x") == ("show", f"pro{char}d x")
    assert first_word(f"{char} {char}") == ("", "")
    assert first_word("") == ("", "")
