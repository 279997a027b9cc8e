"""Escapes and encoded words are undone, and what is found in them is found in the original."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction.encodings import encoded_words, has_run, unescaped, visible_form


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sk%2Da", "sk-a"),
        ("sk%2da", "sk-a"),
        ("sk%u002da", "sk-a"),
        ("sk\\u002da", "sk-a"),
        ("sk\\u{2d}a", "sk-a"),
        ("sk\\x2da", "sk-a"),
        ("sk\\055a", "sk-a"),
        ("sk\\-a", "sk-a"),
        ("sk=2Da", "sk-a"),
        ("sk&#45;a", "sk-a"),
        ("sk&#x2D;a", "sk-a"),
        ("sk&hyphen;a", "sk-a"),
        ("a&#8203;b", "ab"),
        ("a\\u{ffffff}b", "ab"),
    ],
)
def test_an_escape_is_the_character_that_it_means(text: str, plain: str) -> None:
    found = unescaped(text)
    assert found is not None
    assert found.text == plain


@pytest.mark.parametrize("text", ["", "plain", "100% sure", "a & b", "?a=4&b=AB", "a&zzz;b"])
def test_a_text_without_escapes_has_no_other_form(text: str) -> None:
    assert unescaped(text) is None


@given(st.lists(st.sampled_from(["a", "é", "%2D", "\\u0041", "&#66;", "&#8203;", "xyz"]), min_size=1))
def test_each_character_stands_where_its_escape_stood(parts: list[str]) -> None:
    text = "".join(parts)
    found = unescaped(text)
    if found is None:
        return
    assert len(found.text) == len(found.starts) == len(found.ends)
    for number in range(len(found.text)):
        start, end = found.original((number, number + 1))
        piece = unescaped(text[start:end])
        assert (text[start:end] if piece is None else piece.text) == found.text[number]


@pytest.mark.parametrize("glue", ["", "a", "to", "key", "path/"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_word_of_base64_is_read_whatever_it_is_glued_to(glue: str, encode: object) -> None:
    said = "what a word of base64 says??>>"
    text = f"see {glue}{encode(said.encode()).decode()}."  # type: ignore[operator]
    words = list(encoded_words(text))
    assert any(said in word for _, word in words)
    assert {text[start:end] for (start, end), _ in words} == {text[4:-1]}


def test_hexadecimal_digits_are_read() -> None:
    said = "what digits say..."
    assert said in [word for _, word in encoded_words(f"({said.encode().hex()})")]


def test_what_is_seen_has_no_unseen_characters_and_plain_letters_and_dashes() -> None:
    assert visible_form("\u200bｓｋ\u2013a\u00adb\x00c") == "sk-abc"
    assert visible_form("plain") == "plain"


@pytest.mark.parametrize("between", [":", " ", ", ", "-"])
@pytest.mark.parametrize("before", ["", "0x"])
def test_hexadecimal_digits_with_something_between_are_read(between: str, before: str) -> None:
    dump = between.join(f"{before}{byte:02x}" for byte in b"sk-0123456789abcdef")
    assert "sk-0123456789abcdef" in [said for _, said in encoded_words(f"see {dump}.")]


@pytest.mark.parametrize("length", range(25, 33))
def test_a_word_of_base32_is_read_with_and_without_its_padding(length: int) -> None:
    plain = ("sk-0123456789abcdefghijklmnopqrstuv" * 2)[:length]
    word = base64.b32encode(plain.encode()).decode()
    for one in (word, word.rstrip("="), word.lower()):
        assert plain in [said for _, said in encoded_words(f"see {one} now")]


@pytest.mark.parametrize(
    ("text", "length", "plain", "of_base64"),
    [
        ("a" * 19, 20, False, False),
        ("see " + "aZ09" * 5 + "!", 20, True, True),
        ("aZ09+/_-" * 3, 20, False, True),
        ("ä" * 30, 20, False, False),
        ("٣" * 30, 20, False, False),
    ],
)
def test_a_run_is_of_letters_and_digits_of_ascii(text: str, length: int, plain: bool, of_base64: bool) -> None:
    assert (has_run(text, length), has_run(text, length, of_base64=True)) == (plain, of_base64)
