"""What was spent and when a key runs dry: tables of counters in, sums and dates out."""

from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.keys.samples import DAYS, GRAINS, HOURS, KeySample, push, unpack
from bot.keys.spending import DAY, HOUR, PACE_SECONDS, Counters, Spending, forecast, pace, spending, together

MONDAY = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
NOW = MONDAY + 12 * HOUR


def hourly(*counters: tuple[float, int]) -> list[KeySample]:
    """Samples at the end of the hours that begin so many hours after Monday."""
    return [KeySample(HOURS.slot(MONDAY + at * HOUR), used, 10**9 - used, 1, 0) for at, used in counters]


def daily(*counters: tuple[float, int]) -> list[KeySample]:
    return [KeySample(DAYS.slot(MONDAY + at * DAY), used, 10**9 - used, 1, 0) for at, used in counters]


def counters(used: int, *, read_at: float = NOW, known_since: float = 0.0, created: float = -1e9) -> Counters:
    return Counters(used=used, read_at=read_at, known_since=known_since, created=created)


@pytest.mark.parametrize(
    ("hours", "used", "spent"),
    [
        # Nothing but the counter: what it held before is not ours.
        ([], 500, 0),
        ([(2, 100), (5, 300)], 450, 350),
        # A pre-charge is taken and given back in the next hour.
        ([(2, 100), (5, 300), (6, 120)], 150, 50),
        # A restored gateway: the counter begins again, and what follows counts.
        ([(2, 9_000), (5, 9_100), (6, 10)], 60, 150),
        ([(2, 9_000)], 10, 0),
        # Hours to come are of a clock that was wrong.
        ([(2, 100), (5, 300), (8_760, 99_999)], 450, 350),
    ],
)
def test_what_was_spent(hours: list[tuple[float, int]], used: int, spent: int) -> None:
    assert spending(NOW, counters(used), hours=hourly(*hours)).last(DAY, now=NOW) == spent


def test_a_key_that_was_made_while_we_looked_had_spent_nothing_before() -> None:
    made = counters(700, known_since=MONDAY + HOUR, created=MONDAY + 0.5 * HOUR)
    spent = spending(NOW, made, hours=hourly((1, 200), (3, 600)))
    assert (spent.last(DAY, now=NOW), spent.since) == (700, MONDAY + 0.5 * HOUR)
    assert spending(NOW, counters(700, known_since=MONDAY, created=MONDAY)).last(DAY, now=NOW) == 700


def test_hours_and_days_are_one_history_and_nothing_counts_twice() -> None:
    days = daily((-9, 1_000), (-8, 3_000), (-2, 4_000), (-1, 4_800))
    hours = hourly((-40, 3_500), (-26, 4_000), (-20, 4_500), (-2, 4_800), (3, 5_000))
    spent = spending(NOW, counters(5_100), hours=hours, days=days)
    assert spent.between(0, NOW) == 4_100
    assert spent.between(MONDAY - 8 * DAY, MONDAY - 7 * DAY) == 2_000
    assert spent.between(MONDAY, NOW) == 300
    assert spent.days(2, now=NOW) == [(MONDAY - DAY, 800), (MONDAY, 300)]


def test_a_day_counts_as_even_where_its_hours_are_not_known() -> None:
    spent = spending(NOW, counters(2_400, read_at=MONDAY), days=daily((-9, 0), (-8, 2_400)), hours=[])
    assert spent.between(MONDAY - 8 * DAY, MONDAY - 8 * DAY + 6 * HOUR) == 600


def test_days_of_another_zone() -> None:
    spent = spending(NOW, counters(300), hours=hourly((-1, 0), (1, 100), (4, 300)))
    assert spent.days(2, now=NOW, offset=-3 * HOUR) == [(MONDAY - 21 * HOUR, 100), (MONDAY + 3 * HOUR, 200)]


def test_several_keys_together() -> None:
    one = spending(NOW, counters(300), hours=hourly((-30, 0), (1, 300)))
    two = spending(NOW, counters(50), hours=hourly((-3, 0), (2, 50)))
    both = together([one, two])
    assert (both.last(DAY, now=NOW), both.since) == (350, one.since)
    assert together([]) == Spending((), 0.0)


def weeks(working: int, weekend: int, *, number: int = 4, since: float = 0.0) -> Spending:
    """So much every working day and every day of a weekend, up to the end of Sunday."""
    used, samples = 0, daily((-7 * number - 1, 0))
    for day in range(-7 * number, 0):
        used += weekend if day % 7 in (5, 6) else working
        samples += daily((day, used))
    spent = spending(MONDAY, counters(used, read_at=MONDAY), days=samples)
    return Spending(spent.amounts, max(spent.since, since))


def test_working_days_and_weekends_have_a_pace_of_their_own() -> None:
    paces = pace(weeks(1_000, 50), now=MONDAY)
    assert paces is not None
    assert (paces[False].middle, paces[True].middle) == (1_000, 50)


@pytest.mark.parametrize(
    ("working", "weekend", "remain", "days"),
    [
        (1_000, 0, 2_500, 2.5),
        (1_000, 0, 5_500, 7.5),  # nothing on Saturday and Sunday
        (1_000, 1_000, 7_250, 7.25),
        (1_000, 0, 10_000, 12.0),  # to the end of the second Friday, not of the weekend after it
        (1_000, 500, 3 * 6_000 + 1_500, 22.5),
        (1_000, 0, 0, 0.0),
        (1_000, 0, -10, 0.0),
    ],
)
def test_the_day_on_which_a_key_runs_dry(working: int, weekend: int, remain: int, days: float) -> None:
    found = forecast(weeks(working, weekend), remain=remain, now=MONDAY)
    assert found is not None
    assert found.dry_at == pytest.approx(MONDAY + days * DAY)
    assert found.per_day == pytest.approx((5 * working + 2 * weekend) / 7)
    assert found.per_month == round(found.per_day * 30)


def test_the_range_is_that_of_the_quarter_below_and_above() -> None:
    used, samples = 0, daily((-29, 0))
    for day in range(-28, 0):
        used += 500 if day % 2 else 1_500
        samples += daily((day, used))
    spent = spending(MONDAY, counters(used, read_at=MONDAY), days=samples)
    found = forecast(spent, remain=9_000, now=MONDAY)
    assert found is not None
    assert found.earliest is not None
    assert found.dry_at is not None
    assert found.latest is not None
    assert found.earliest < found.dry_at < found.latest
    assert found.latest == pytest.approx(MONDAY + 18 * DAY)


@pytest.mark.parametrize(
    ("spent", "why"),
    [
        (weeks(1_000, 0, since=MONDAY - 2.5 * DAY), "under three whole days of data"),
        (weeks(0, 0), "nothing was spent"),
        (Spending((), 0.0), "nothing was ever seen"),
    ],
)
def test_nothing_is_forecast(spent: Spending, why: str) -> None:
    assert forecast(spent, remain=5, now=MONDAY) is None, why


def test_a_key_used_now_and_then_is_forecast_by_its_average() -> None:
    used, samples = 0, daily((-29, 0))
    for day in range(-28, 0):
        used += 7_000 if day % 7 == 2 else 0
        samples += daily((day, used))
    found = forecast(spending(MONDAY, counters(used, read_at=MONDAY), days=samples), remain=10_000, now=MONDAY)
    assert found is not None
    assert found.per_day == pytest.approx(1_000)
    assert found.dry_at == pytest.approx(MONDAY + 10 * DAY)
    assert found.latest is None


def test_more_than_a_year_is_no_date() -> None:
    found = forecast(weeks(1, 1), remain=10**9, now=MONDAY)
    assert found is not None
    assert (found.dry_at, found.latest) == (None, None)


def test_a_clock_that_was_a_year_ahead_for_a_while_changes_no_sum() -> None:
    year = 365 * 24.0
    ahead = hourly((-30, 0), (-20, 100), (year - 2, 150), (year, 170))
    assert spending(NOW, counters(250), hours=ahead).last(7 * DAY, now=NOW) == 250
    # And while it is ahead.
    later = NOW + 365 * DAY
    assert spending(later, counters(170, read_at=later), hours=ahead).last(DAY, now=later) == 70


@given(st.lists(st.tuples(st.integers(1, 40 * 24), st.integers(-500, 5_000)), max_size=60), st.booleans())
def test_the_pace_needs_no_more_than_the_samples_of_its_time(steps: list[tuple[int, int]], born_here: bool) -> None:
    at, used, series = MONDAY - 300 * DAY, 0, dict.fromkeys(GRAINS, b"")
    begin = read_at = at
    for hours, units in steps:
        # As the inventory does it: the counters of a slot are noted when they move in a later one.
        for grain in GRAINS:
            series[grain] = push(series[grain], KeySample(grain.slot(read_at), used, 0, 1, 0), grain)
        at, used = at + hours * 3600, used + units
        if at > MONDAY:
            break
        read_at = at
    created = begin if born_here else begin - 100 * DAY
    of = Counters(used=used, read_at=read_at, known_since=begin, created=created)

    def spent(seconds: float) -> Spending:
        hours, days = (unpack(series[grain], grain, since=MONDAY - seconds) for grain in (HOURS, DAYS))
        return spending(MONDAY, of, hours=hours, days=days)

    whole, part = spent(inf), spent(PACE_SECONDS)
    assert pace(part, now=MONDAY) == pace(whole, now=MONDAY)
    # What was given back is taken from a step before it, which may lie before that time.
    if whole.amounts and all(units >= 0 for _, units in steps):
        assert part.amounts[-1].end == whole.amounts[-1].end
