"""Spending as people and programs do it: weekends, bursts, growth, keys that die and keys that leak. Deterministic.

What a key costs in an hour is a function of its number and of the hour, so that a test knows the future as well.
"""

from dataclasses import dataclass
from enum import StrEnum

HOUR, DAY = 3600.0, 86_400.0
USD = 500_000


class Habit(StrEnum):
    """How a key is used."""

    OFFICE = "office"  # by people, on working days
    SERVICE = "service"  # day and night, a little less on weekends
    NIGHTLY = "nightly"  # two hours every night
    WEEKLY = "weekly"  # one afternoon a week
    GROWING = "growing"  # like an office that doubles within half a year
    BURSTS = "bursts"  # like an office, four times as much on one day in twenty
    DEAD = "dead"  # never
    DIES = "dies"  # like an office, for some weeks


HABITS = tuple(Habit)
_OFFICE_DAYS = frozenset({Habit.OFFICE, Habit.GROWING, Habit.BURSTS, Habit.DIES})


@dataclass(frozen=True, kw_only=True)
class Spender:
    """One key. `start`: the beginning of a day, Unix seconds. `per_day`: units on a usual day of use. `seed`: keys of
    the same number and habit differ by it.

    `leak`: the hour, counted from the start, in which it begins to cost 100 dollars an hour, for six hours; -1 = never.
    """

    number: int
    habit: Habit
    start: float
    per_day: int
    leak: int = -1
    seed: int = 0

    def hour(self, hour: int) -> int:
        """Units in the hour of that number, counted from the start."""
        leaked = 100 * USD if 0 <= self.leak <= hour < self.leak + 6 else 0
        return leaked + int(self._usual(hour) * (0.7 + 0.6 * _chance(self.number + self.seed, hour)))

    def between(self, first: int, end: int) -> int:
        """Units in these hours, the last one left out."""
        return sum(map(self.hour, range(first, end)))

    def _usual(self, hour: int) -> float:
        day, of_day = divmod(hour, 24)
        weekday = (int(self.start // DAY) + day + 3) % 7
        habit = self.habit
        if habit is Habit.DEAD or (habit is Habit.DIES and day >= 20 + self.number % 40):
            return 0.0
        if habit is Habit.SERVICE:
            return self.per_day / 24 * (0.8 if weekday >= 5 else 1.0)
        if habit is Habit.NIGHTLY:
            return self.per_day / 2 if of_day in {2, 3} else 0.0
        if habit is Habit.WEEKLY:
            return self.per_day / 4 if weekday == self.number % 5 and 13 <= of_day < 17 else 0.0
        working = 9 <= of_day < 18
        units = self.per_day / 9 if working else 0.0
        if weekday >= 5:
            units *= 0.1
        if habit is Habit.GROWING:
            units *= 1 + day / 180
        if habit is Habit.BURSTS and _chance(self.number + self.seed, -day) < 0.05:
            units *= 4
        return units


def spender(number: int, *, start: float, leak: int = -1, seed: int = 0) -> Spender:
    """The key of this number: habits in turn, a dollar to twenty a day."""
    per_day = round((1 + 19 * _chance(number + seed, 7)) * USD)
    habit = HABITS[number % len(HABITS)]
    return Spender(number=number, habit=habit, start=start, per_day=per_day, leak=leak, seed=seed)


def _chance(number: int, at: int) -> float:
    """From 0 to 1, the same each time."""
    mixed = (number * 2_654_435_761 + at * 40_503 + 97) & 0xFFFFFFFF
    mixed = ((mixed ^ mixed >> 15) * 2_246_822_519) & 0xFFFFFFFF
    return ((mixed ^ mixed >> 13) & 0xFFFF) / 0xFFFF
