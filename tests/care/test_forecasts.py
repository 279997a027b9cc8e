"""The pace of a key is that of its day: computed once, for at most so many keys, with what is left at the moment."""

import tracemalloc

import pytest

from bot.care.forecasts import MOST_KEYS, Forecasts
from bot.gateway.models import Key
from bot.keys.spending import Amount, Spending
from tests.care.kit import DAY, NOON, key
from tests.narrow import present

MIDNIGHT = NOON // DAY * DAY


class Clock:
    def __init__(self) -> None:
        self.now = MIDNIGHT

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def every_day(units: int) -> Spending:
    amounts = [Amount(MIDNIGHT + day * DAY, MIDNIGHT + (day + 1) * DAY, units) for day in range(-4, 0)]
    return Spending(tuple(amounts), MIDNIGHT - 4 * DAY)


def left(units: int, *, number: int = 1, born: float = NOON) -> Key:
    return key(number, born=born, remain_quota=units)


def test_the_pace_is_computed_once_a_day_and_what_is_left_is_taken_anew(clock: Clock) -> None:
    of = Forecasts(clock=clock)
    assert of.needs_spending(left(5_000))
    assert of.dry_at(left(5_000), every_day(1_000), now=clock.now) == MIDNIGHT + 5 * DAY
    assert not of.needs_spending(left(5_000))
    clock.now += DAY / 2
    assert of.dry_at(left(2_500), None, now=clock.now) == MIDNIGHT + 3 * DAY
    clock.now += DAY / 2
    assert of.needs_spending(left(2_000))
    assert of.dry_at(left(2_000), None, now=clock.now) is None
    clock.now -= DAY
    assert of.needs_spending(left(2_000))


def test_another_key_with_the_same_number_has_a_pace_of_its_own(clock: Clock) -> None:
    of = Forecasts(clock=clock)
    of.dry_at(left(5_000), every_day(1_000), now=clock.now)
    assert of.needs_spending(left(5_000, born=NOON + 9))
    assert of.dry_at(left(5_000, born=NOON + 9), every_day(500), now=clock.now) == MIDNIGHT + 10 * DAY


def test_a_key_of_which_too_little_is_known_is_not_read_again_on_the_same_day(clock: Clock) -> None:
    of = Forecasts(clock=clock)
    assert of.dry_at(left(5_000), Spending((), MIDNIGHT), now=clock.now) is None
    assert not of.needs_spending(left(5_000))
    assert of.dry_at(left(5_000), None, now=clock.now) is None


def test_more_keys_than_are_remembered_are_computed_each_time(clock: Clock) -> None:
    of = Forecasts(clock=clock, most=1)
    for number in (1, 2):
        assert of.dry_at(left(5_000, number=number), every_day(1_000), now=clock.now) == MIDNIGHT + 5 * DAY
    assert [of.needs_spending(left(5_000, number=number)) for number in (1, 2)] == [False, True]
    # The day changes what is remembered of it, also when it is full.
    assert of.dry_at(left(5_000, born=NOON + 9), every_day(500), now=clock.now) == MIDNIGHT + 10 * DAY


@pytest.mark.soak
def test_a_hundred_thousand_busy_keys_take_little_memory(clock: Clock) -> None:
    of = Forecasts(clock=clock)
    spent = [every_day(1_000 + number) for number in range(50)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(1, MOST_KEYS + 5_001):
        # As they are read: numbers and births of their own.
        one = left(5_000, number=10**6 + number, born=NOON - number)
        assert present(of.dry_at(one, spent[number % 50], now=clock.now)) > MIDNIGHT
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(f"{grown / MOST_KEYS:.0f} bytes a key, {grown / 1024 / 1024:.0f} MiB")  # noqa: T201  # the figure of the run
    assert len(of._paces) == MOST_KEYS
    assert grown <= 32 * 1024 * 1024
