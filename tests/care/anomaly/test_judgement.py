"""Whether the pace of a key is unusual: twice in a row over both marks, told once, over when it cools."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.care.anomaly.judgement import PaceCare, judge, usual_pace
from bot.keys.spending import Amount, Spending
from bot.permissions.care import CareTerms
from tests.care.kit import DAY, HOUR, NOON, key

USD = 500_000
USUAL = CareTerms()
HALF = HOUR / 2


class Life:
    """One key, read every half an hour. `rule`: what it usually spends in an hour, in dollars."""

    def __init__(self, rule: float | None = 1.0, terms: CareTerms = USUAL) -> None:
        self.rule, self.terms = rule, terms
        self.now, self.used = NOON, 0.0
        self.care: PaceCare | None = None
        self.read(0)

    def read(self, dollars: float, *, after: float = HALF, **changes: Any) -> str:
        """What is said after so many dollars more."""
        self.now, self.used = self.now + after, self.used + dollars
        one = key(1, used_quota=round(self.used * USD), **changes)
        usual: Callable[[], float | None] = lambda: None if self.rule is None else self.rule * USD  # noqa: E731
        found = judge(self.care, one, read_at=self.now, terms=self.terms, usual=usual)
        if found is None:
            return "nothing new"
        self.care = found.care
        return "alarm" if found.alarm else "over" if found.over else ""

    def reads(self, *dollars: float) -> list[str]:
        return [self.read(one) for one in dollars]


def test_twice_in_a_row_over_both_marks_is_told_once_and_two_quiet_looks_end_it() -> None:
    of = Life()
    assert of.reads(5, 5, 5, 5, 0, 5, 0, 0, 0) == ["", "alarm", "", "", "", "", "", "over", ""]


def test_once_is_none_and_a_quiet_look_begins_anew() -> None:
    assert Life().reads(9, 0, 9, 0, 9, 0) == [""] * 6


@pytest.mark.parametrize(
    ("rule", "dollars", "alarm"),
    [(1.0, 2.4, False), (1.0, 2.6, True), (4.0, 5.9, False), (4.0, 6.1, True), (0.0, 2.6, True), (None, 99, False)],
)
def test_both_marks_count(rule: float | None, dollars: float, *, alarm: bool) -> None:
    assert ("alarm" in Life(rule).reads(dollars, dollars)) is alarm


def test_what_is_told_says_how_fast_and_what_is_usual() -> None:
    of = Life()
    of.read(5)
    found = judge(of.care, key(1, used_quota=10 * USD), read_at=of.now + HALF, terms=USUAL, usual=lambda: 1.0 * USD)
    assert found is not None
    assert (found.per_hour, found.usual) == (10 * USD, USD)


def test_the_marks_are_those_of_the_policy() -> None:
    assert "alarm" in Life(terms=CareTerms(anomaly_times=2, anomaly_per_hour=USD)).reads(1.2, 1.2)
    assert "alarm" not in Life(terms=CareTerms(anomaly_times=0.0)).reads(99, 99)


def test_readings_too_close_too_far_backwards_or_of_another_key_tell_nothing() -> None:
    of = Life()
    of.read(50)
    assert of.read(50, after=300) == "nothing new"
    # A gap, a clock that was moved forth and back, a counter that began again.
    assert of.read(500, after=4 * HOUR) == ""
    assert of.read(50) == ""
    assert of.read(50, after=365 * DAY) == ""
    assert of.read(50) == ""
    assert of.read(50, after=-365 * DAY) == ""
    assert of.read(50) == ""
    assert of.read(-200) == ""
    assert of.read(50) == ""
    assert of.read(50, born=NOON + 1) == ""
    assert of.read(50, born=NOON + 1) == ""
    assert of.read(50, born=NOON + 1) == "alarm"


def test_nobody_is_told_twice_within_a_day_and_again_while_it_lasts() -> None:
    of = Life()
    of.reads(5, 5, 0, 0)
    assert "alarm" not in of.reads(*[5] * 40)
    assert "alarm" in of.reads(*[5] * 10)


def spent(*amounts: tuple[float, float], since: float = -30 * DAY) -> Spending:
    """Hours from now, and dollars in that hour."""
    found = [Amount(NOON + at * HOUR, NOON + (at + 1) * HOUR, round(units * USD)) for at, units in sorted(amounts)]
    return Spending(tuple(found), NOON + since)


def test_the_usual_pace_is_the_middle_of_the_hours_that_were_used_in_a_week() -> None:
    assert usual_pace(spent((-20, 1), (-30, 2), (-40, 9)), now=NOON) == 2 * USD
    # The last six hours may be what is judged, and what is older than a week no longer counts.
    assert usual_pace(spent((-1, 50), (-2, 50), (-6, 50), (-200, 50), (-20, 1)), now=NOON) == USD
    assert usual_pace(spent(), now=NOON) == 0.0


def test_under_three_days_nothing_is_unusual() -> None:
    assert usual_pace(None, now=NOON) is None
    assert usual_pace(spent(since=-2.9 * DAY), now=NOON) is None


def test_spending_of_a_day_is_spread_over_its_hours() -> None:
    day = Spending((Amount(NOON - 48 * HOUR, NOON - 24 * HOUR, 24 * USD),), NOON - 30 * DAY)
    assert usual_pace(day, now=NOON) == USD
