"""Days, weeks and months: what is typed for them in each language, and which days they have where clocks change."""

from datetime import UTC, date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.periods import Period, Span, begin_of, day_of, find_period, period_word, span_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$20 per month", ("$20", Period.MONTH, "")),
        ("20$ Monthly because of tests", ("20$", Period.MONTH, "because of tests")),
        ("5k a day", ("5k", Period.DAY, "")),
        ("5k/week", ("5k", Period.WEEK, "")),
        ("$5每月", ("$5", Period.MONTH, "")),
        ("10萬 每天", ("10萬", Period.DAY, "")),
        ("10 万每个月", ("10 万", Period.MONTH, "")),
        ("$5 每星期 測試", ("$5", Period.WEEK, "測試")),
        ("$5 شهريًا", ("$5", Period.MONTH, "")),
        ("٥ دولار كل أسبوع", ("٥ دولار", Period.WEEK, "")),
        ("$5 في اليوم", ("$5", Period.DAY, "")),
        ("$5", None),
        ("$5 per months", None),
        ("$5 everyday", ("$5", Period.DAY, "")),
        ("", None),
    ],
)
def test_periods_are_read_in_four_languages(text: str, found: tuple[str, Period, str] | None) -> None:
    assert find_period(text) == found


@pytest.mark.parametrize(
    ("period", "day", "first", "until"),
    [
        (Period.DAY, (2028, 2, 29), (2028, 2, 29), (2028, 3, 1)),
        (Period.WEEK, (2026, 11, 29), (2026, 11, 23), (2026, 11, 30)),
        (Period.WEEK, (2027, 1, 1), (2026, 12, 28), (2027, 1, 4)),
        (Period.MONTH, (2028, 2, 29), (2028, 2, 1), (2028, 3, 1)),
        (Period.MONTH, (2026, 12, 31), (2026, 12, 1), (2027, 1, 1)),
        (Period.MONTH, (2027, 1, 31), (2027, 1, 1), (2027, 2, 1)),
    ],
)
def test_a_period_is_the_days_of_the_calendar(
    period: Period, day: tuple[int, int, int], first: tuple[int, int, int], until: tuple[int, int, int]
) -> None:
    assert span_of(period, date(*day)) == Span(first=date(*first), until=date(*until))


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Riyadh", "Africa/Cairo", "Pacific/Apia"]
)
@pytest.mark.parametrize("period", list(Period))
def test_periods_follow_one_another_in_every_time_zone_and_begin_once(zone: str, period: Period) -> None:
    there, day = ZoneInfo(zone), date(2026, 1, 1)
    spans = []
    while day < date(2028, 3, 1):
        spans.append(span_of(period, day))
        day = spans[-1].until
    for one, other in pairwise(spans):
        assert one.until == other.first
        begins = begin_of(other.first, there)
        # The moment before is still the period before, also where a day has 23 or 25 hours.
        assert (day_of(begins, there), day_of(begins - 1, there)) == (other.first, other.first - timedelta(days=1))


def test_the_day_is_that_of_the_time_zone() -> None:
    last_second = begin_of(date(2026, 12, 1), UTC) - 1
    assert day_of(last_second, UTC) == date(2026, 11, 30)
    assert day_of(last_second, ZoneInfo("Asia/Taipei")) == date(2026, 12, 1)


def test_amounts_are_compared_as_if_a_month_had_30_days() -> None:
    assert [period.seconds for period in Period] == [86_400, 604_800, 2_592_000]
    assert [period_word(period) for period in Period] == ["Daily", "Weekly", "Monthly"]


@pytest.mark.parametrize("period", list(Period))
@pytest.mark.parametrize("day", [date(2026, 2, 10), date(2024, 2, 29), date(2026, 12, 31)])
def test_a_span_tells_its_period(period: Period, day: date) -> None:
    assert span_of(period, day).period is period
