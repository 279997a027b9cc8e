"""Patterns that could keep the bot busy are refused; the others find what they should, quickly."""

import pytest

from bot.permissions.patterns import MAX_TEXT, compile_pattern, found


@pytest.mark.parametrize(
    ("pattern", "text", "finds"),
    [
        ("OPS-[0-9]+", "see OPS-17", True),
        ("^(INC|OPS|JIRA)-[0-9]+$", "JIRA-1", True),
        ("^(?:INC|OPS)-[0-9]{1,6}", "OPS-", False),
        (r"[A-Z]{2,10}-\d+", "AB-1", True),
        ("(?i)incident", "INCIDENT", True),
        ("(?P<id>[0-9]+)", "7", True),
        ("[]]x[^]a]", "]xb", True),
        (r"\(a\+\)\+", "(a+)+", True),
        ("[(a+)+]", "+", True),
        ("colou?rs?", "color", True),
        ("a{3}b{2,}", "aaabb", True),
        ("(ab){2}", "abab", True),
        ("(a|b)?", "", True),
        ("a++", "aa", True),
        ("[a-z]+-[0-9]+", "ops-17", True),
        ("^.{20,}$", "x" * 20, True),
        ("z", "a" * MAX_TEXT + "z", False),
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
        ("[[a]]", "not a valid"),
        ("a{99999999999999999999}", "not a valid"),
        ("(a+)+", "too long"),
        ("(a|aa)+", "too long"),
        ("(?:a?){30}", "too long"),
        ("((a*)b)*", "too long"),
        (".*.*.*x", "too long"),
        ("a{0,100}b{0,100}c{0,100}", "too long"),
        ("(a|a)" * 20, "too long"),
        (r"(a)\1", "look-around"),
        ("(?=a)", "look-around"),
        ("(?<!a)b", "look-around"),
        ("(?P<a>x)(?P=a)", "look-around"),
        ("(?#hello)a", "look-around"),
        ("a" * 201, "longer than 200"),
    ],
)
def test_a_dangerous_pattern_is_refused(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        compile_pattern(pattern)
