"""Patterns find what they should, and none takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.permissions.patterns import MAX_TEXT, Pattern, compile_pattern, found


@pytest.mark.parametrize(
    ("pattern", "text", "finds"),
    [
        ("OPS-[0-9]+", "see OPS-17", True),
        ("^(INC|OPS|JIRA)-[0-9]+$", "JIRA-1", True),
        ("^(?:INC|OPS)-[0-9]{1,6}", "OPS-", False),
        (r"[A-Z]{2,10}-\d+", "AB-1", True),
        ("(?i)incident", "INCIDENT", True),
        ("(?i)störung", "STÖRUNG", True),
        ("(?P<id>[0-9]+)", "7", True),
        ("[]]x[^]a]", "]xb", True),
        (r"\(a\+\)\+", "(a+)+", True),
        ("colou?rs?", "color", True),
        ("a{3}b{2,}", "aaabb", True),
        ("(a|b)?", "", True),
        ("(a+)+$", "aab", False),
        ("[a-z]+-[0-9]+", "ops-17", True),
        ("^.{20,}$", "x" * 20, True),
        ("^$", "", True),
        ("z", "a" * MAX_TEXT + "z", False),
        ("x", "\ud800x", True),
    ],
)
def test_a_sound_pattern_works(pattern: str, text: str, *, finds: bool) -> None:
    assert found(compile_pattern(pattern), text) is finds


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(", "not a valid"),
        ("[z-a]", "not a valid"),
        ("*", "not a valid"),
        (r"(a)\1", "not a valid"),
        ("(?=a)", "not a valid"),
        ("(?<!a)b", "not a valid"),
        ("(?P<a>x)(?P=a)", "not a valid"),
        ("(?#hello)a", "not a valid"),
        ("(.{1,200}){1,5}x", "too large"),
        ("(a|b|é){1,100}x", "too large"),
        ("a" * 201, "longer than 200"),
    ],
)
def test_what_is_no_pattern_or_too_large_is_refused(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        compile_pattern(pattern)


PIECES = st.sampled_from(["a", ".", r"\w", "[^b]", "é", "(a|ab|é)", "(a+)", "(.*)", "(a?b?)"])
REPEATS = st.sampled_from(["", "*", "+", "?", "{2,9}", "{0,30}", "*?"])
PATTERNS = st.lists(st.tuples(PIECES, REPEATS).map("".join), min_size=1, max_size=12).map("".join)
TEXTS = [text[:MAX_TEXT] for text in ("a" * 256, "ab" * 128, "é" * 256, "字" * 256, "a" * 255 + "!", "ab é字!" * 50)]
HOSTILE = ["(a+)+$", "(a|aa)+$", "(?:a?){30}a{30}", "((a*)b)*c", ".*.*.*.*x", "(a|a)" * 20 + "x", "(.*.*.*.*.*){1,9}x"]


@pytest.mark.timed
@given(st.one_of(st.sampled_from(HOSTILE), PATTERNS.map(lambda pattern: pattern + "x$")))
def test_no_pattern_that_is_taken_takes_1_ms_for_256_characters(pattern: str) -> None:
    try:
        compiled = compile_pattern(pattern)
    except ValueError:
        return
    for text in TEXTS:
        assert min(_milliseconds(compiled, text) for _ in range(20)) < 1.0


def _milliseconds(compiled: Pattern, text: str) -> float:
    before = time.thread_time()
    found(compiled, text)
    return (time.thread_time() - before) * 1_000
