"""A budget is a plain value: what is left, its periods, other terms."""

from datetime import date

from bot.operations import AllowanceTerms, Budget, role_holder, role_of
from bot.periods import Period, Span, span_of

MARCH = span_of(Period.MONTH, date(2026, 3, 10))


def budget(*, rollover: bool = False, carried: int = 0, ended_at: float | None = None) -> Budget:
    terms = AllowanceTerms(amount=100, period=Period.MONTH, rollover=rollover)
    values = {"request_id": 1, "rule": "r", "set_at": 1.0}
    return Budget(holder="U0ADA", terms=terms, span=MARCH, amount=100, carried=carried, ended_at=ended_at, **values)  # type: ignore[arg-type]


def test_a_holder_is_a_person_or_a_role() -> None:
    assert (role_of(role_holder("data")), role_of("U0ADA")) == ("data", "")


def test_what_is_left_is_never_less_than_nothing() -> None:
    one = budget(carried=5)
    assert [one.left(given) for given in (0, 104, 200, None)] == [105, 1, 0, 0]


def test_a_period_begins_once_and_keeps_what_is_left_where_that_is_wished() -> None:
    later = date(2026, 7, 1)
    assert budget().at(date(2026, 3, 31), 30) == budget()
    assert budget().at(date(2026, 2, 27), 30) == budget()  # the clock went back a little
    assert (budget().at(later, 30).span, budget().at(later, 30).carried) == (span_of(Period.MONTH, later), 0)
    kept = budget(rollover=True)
    assert [kept.at(later, given).carried for given in (30, 130, None)] == [70, -30, 0]
    assert budget(rollover=True, ended_at=2.0).at(later, 30).carried == 0


def test_other_terms_count_in_the_period_that_it_is_in() -> None:
    more = AllowanceTerms(amount=150, period=Period.MONTH)
    daily = AllowanceTerms(amount=150, period=Period.DAY)
    assert (budget(carried=9).changed(more).amount, budget(carried=9).changed(more).carried) == (150, 0)
    assert budget(carried=-9).changed(more).carried == -9
    changed = budget(ended_at=3.0).changed(daily)
    assert (changed.span, changed.amount, changed.stands, changed.terms) == (MARCH, 100, True, daily)
    assert changed.at(date(2026, 4, 1), 0).span == Span(first=date(2026, 4, 1), until=date(2026, 4, 2))


def test_what_it_was_in_its_period_adds_until_that_is_over() -> None:
    lowered = budget().changed(AllowanceTerms(amount=1, period=Period.DAY))
    here, later = date(2026, 3, 20), date(2026, 4, 1)
    assert [(one.amount, one.period) for one in lowered.adding(here)] == [(1, Period.DAY), (100, Period.MONTH)]
    assert [one.amount for one in lowered.adding(later)] == [1]
    ended = budget(ended_at=2.0)
    assert ([one.amount for one in ended.adding(here)], ended.adding(later)) == ([100], [])


def test_a_clock_that_was_ahead_leaves_only_what_is_overdrawn() -> None:
    ahead = budget(rollover=True).at(date(2027, 3, 10), 30)
    assert [ahead.at(date(2026, 3, 10), given).carried for given in (0, 250)] == [0, -80]
