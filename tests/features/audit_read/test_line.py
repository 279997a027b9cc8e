"""The details of a line of the record are shown escaped and short, whatever somebody wrote there."""

from typing import Any

import pytest

from bot.features import OPERATIONS
from bot.features.audit_read.line import LONGEST_PART, Line


def line(**details: Any) -> Line:
    return Line(fact="asked", actor=None, details=details, request=None, units_per_usd=500_000, operations=OPERATIONS)


@pytest.mark.parametrize(
    ("typed", "shown"), [("a <b>", "a &lt;b&gt;"), (None, ""), ("x" * 500, "x" * (LONGEST_PART - 7) + "…")]
)
def test_a_detail_is_escaped_and_short(typed: str | None, shown: str) -> None:
    assert line(why=typed).part("why") == shown


def test_what_is_no_number_counts_as_none() -> None:
    assert (line(count=7).number("count"), line(count="7").number("count")) == (7, 0)


def test_why_is_said_where_it_is_known() -> None:
    assert line(why="late").because("Denied", "why") == "Denied: late"
    assert line(why="late").quoted("Denied", "why") == "Denied (“late”)"
    assert line().because("Denied", "why") == line().quoted("Denied", "why") == "Denied"
