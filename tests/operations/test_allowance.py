"""What a refill adds, what it covers, and which keys are refilled."""

from datetime import date

import pytest

from bot.operations import Allowance, AllowanceTerms, Coverage, is_refilled
from bot.periods import Period, Span
from tests.keys.records import record

TOP_UP = AllowanceTerms(amount=100, period=Period.MONTH)
ADDED = AllowanceTerms(amount=100, period=Period.MONTH, rollover=True)


@pytest.mark.parametrize(
    ("left", "filled", "added"), [(0, 100, 100), (40, 60, 100), (100, 0, 100), (250, 0, 100), (-30, 100, 100)]
)
def test_a_refill_never_adds_more_than_its_amount_and_never_takes_away(left: int, filled: int, added: int) -> None:
    assert (TOP_UP.units(left), ADDED.units(left)) == (filled, added)


def test_the_pace_is_rounded_up() -> None:
    assert TOP_UP.per(30 * 86_400) == 100
    assert AllowanceTerms(amount=1, period=Period.DAY).per(30 * 86_400) == 30
    assert AllowanceTerms(amount=1, period=Period.WEEK).per(86_400) == 1


def covered(first: date, until: date) -> Allowance:
    coverage = Coverage(span=Span(first=first, until=until), terms=TOP_UP, owner_id="U0ADA")
    return Allowance(key_id=7, born_at=1, terms=TOP_UP, request_id=1, rule="r", set_at=1.0, covered=coverage)


def test_a_refill_covers_its_days_and_a_clock_that_was_wrong_is_not_believed() -> None:
    november = covered(date(2026, 11, 1), date(2026, 12, 1))
    assert november.is_covered(date(2026, 11, 30))
    assert not november.is_covered(date(2026, 12, 1))
    # The time zone was changed to one that is behind.
    assert november.is_covered(date(2026, 10, 31))
    # The clock was a year ahead.
    assert not november.is_covered(date(2025, 11, 15))
    assert november.next_day(date(2026, 11, 5)) == date(2026, 12, 1)
    assert november.next_day(date(2026, 12, 5)) == date(2026, 12, 5)


@pytest.mark.parametrize(
    ("fields", "refilled"),
    [
        ({}, True),
        ({"status": 4, "remain_quota": 0}, True),
        ({"remain_quota": -5}, True),
        ({"status": 2}, False),
        ({"status": 3}, False),
        ({"status": 9}, False),
        ({"expired_time": 50}, False),
        ({"status": 4, "expired_time": 50}, False),
    ],
)
def test_a_key_is_refilled_that_is_in_use_but_for_its_quota(fields: dict[str, int], refilled: bool) -> None:
    assert is_refilled(record(7, **fields), now=100.0) is refilled
