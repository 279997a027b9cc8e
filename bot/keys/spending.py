"""What was spent, how fast, and when a key runs dry, out of the samples of its counters. Pure.

Every change of a counter becomes an `Amount`: so many units within an hour or a day. In it spending counts as even.
A fall is a pre-charge that was given back when the step before it took at least as much; a larger one is a counter that
began again (a restored gateway), and tells nothing. Days are those of UTC, or of a zone `offset` seconds east of it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from bot.keys.samples import DAYS, HOURS, Grain, KeySample

HOUR, DAY, MONTH = 3600.0, 86_400.0, 30 * 86_400.0
# A key whose birth lies so shortly before it was first read had spent nothing before.
BORN_HERE = 2 * HOUR
# Whole days of data before anything is forecast, how far back days are looked at, and how far ahead.
LEAST_DAYS, LOOKED_AT, HORIZON = 3, 28, 366
_LIKE_DAYS = 10
# What the pace is computed from: those days, today, and what lies over their edge in any time zone.
PACE_SECONDS = (LOOKED_AT + 3) * DAY
# Seconds between two looks at a key, about.
_LOOK = 300.0


@dataclass(frozen=True)
class Amount:
    """Units that were spent between two moments (Unix seconds)."""

    start: float
    end: float
    units: int

    def within(self, start: float, end: float) -> float:
        """The part of it that fell into this time."""
        overlap = min(self.end, end) - max(self.start, start)
        return self.units * overlap / (self.end - self.start) if overlap > 0 else 0.0


@dataclass(frozen=True)
class Spending:
    """What a key (or several, or the account) spent: amounts, oldest first. `since`: before it nothing is known."""

    amounts: tuple[Amount, ...]
    since: float

    def counted(self, other: Callable[[int], int]) -> "Spending":
        """The same in other units: `other` tells how many of them some of these are worth."""
        return replace(self, amounts=tuple(replace(one, units=other(one.units)) for one in self.amounts))

    def between(self, start: float, end: float) -> int:
        """Units spent in this time, as far as it is known."""
        return max(0, round(sum(amount.within(start, end) for amount in self.amounts)))

    def last(self, seconds: float, *, now: float) -> int:
        """Units spent in the last so many seconds."""
        return self.between(now - seconds, now)

    def days(self, number: int, *, now: float, offset: float = 0.0) -> list[tuple[float, int]]:
        """The last so many days up to today: when each began, and what was spent in it."""
        first = _day(now, offset) - DAY * (number - 1)
        units = [0.0] * number
        for amount in self.amounts:
            begin = max(0, int((amount.start - first) // DAY))
            for day in range(begin, min(number, int((amount.end - first) // DAY) + 1)):
                start = first + DAY * day
                units[day] += amount.within(start, min(start + DAY, now))
        return [(first + DAY * day, max(0, round(one))) for day, one in enumerate(units)]


@dataclass(frozen=True)
class Counters:
    """The counters as they were last read. `created`: when the key was made at the gateway."""

    used: int
    read_at: float
    known_since: float
    created: float


@dataclass(frozen=True)
class Pace:
    """Units a day on like days: the middle one, and the quarter below and above which the others lie."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """When a key runs dry at the usual pace, the earliest and latest likely moment (None: not within a year), and what
    a day costs on average.
    """

    dry_at: float | None
    earliest: float | None
    latest: float | None
    per_day: float

    @property
    def per_month(self) -> int:
        """Units that a month costs at this pace."""
        return round(self.per_day * 30)


def spending(
    now: float, counters: Counters, *, hours: Sequence[KeySample] = (), days: Sequence[KeySample] = ()
) -> Spending:
    """What was spent, from the samples of a key and its counters now. Samples of a time to come are passed over."""
    points = _points(now, counters, hours, days)
    born_here = counters.created >= counters.known_since - BORN_HERE
    since = counters.created if born_here else points[0][1]
    amounts: list[Amount] = []
    before = 0 if born_here else points[0][2]
    for start, end, used in points if born_here else points[1:]:
        _add(amounts, Amount(start, max(end, start + 1.0), used - before))
        before = used
    return Spending(tuple(amounts), min(since, now))


def _points(
    now: float, counters: Counters, hours: Sequence[KeySample], days: Sequence[KeySample]
) -> list[tuple[float, float, int]]:
    """When a counter may have begun to move, when it had the value, and the value: by day, then by hour, then now."""
    fine = [_point(sample, HOURS) for sample in hours if sample.slot * HOURS.seconds <= now]
    begin = fine[0][1] if fine else min(counters.read_at, now)
    points = [point for sample in days if (point := _point(sample, DAYS))[1] <= begin]
    if fine and points:
        fine[0] = (points[-1][1], fine[0][1], fine[0][2])
    points += fine
    read_at = min(counters.read_at, now)
    # It was found different at this moment, so it moved since the look before.
    start = HOURS.slot(read_at - _LOOK) * float(HOURS.seconds)
    points.append((max(start, points[-1][1]) if points else start, read_at, counters.used))
    return points


def _point(sample: KeySample, grain: Grain) -> tuple[float, float, int]:
    return float(sample.slot * grain.seconds), float((sample.slot + 1) * grain.seconds), sample.used


def _add(amounts: list[Amount], amount: Amount) -> None:
    if amount.units > 0:
        amounts.append(amount)
    elif amount.units < 0 and amounts and -amount.units <= amounts[-1].units:
        last = amounts.pop()
        _add(amounts, Amount(last.start, last.end, last.units + amount.units))


def together(parts: Iterable[Spending]) -> Spending:
    """What several keys spent. Known since the moment at which the first of them was."""
    parts = list(parts)
    amounts = sorted((amount for part in parts for amount in part.amounts), key=lambda amount: amount.end)
    return Spending(tuple(amounts), min((part.since for part in parts), default=0.0))


def pace(spent: Spending, *, now: float, offset: float = 0.0) -> dict[bool, Pace] | None:
    """What like days cost, working days (False) and days of a weekend (True). None under three whole days of data."""
    whole = [
        (start, units)
        for start, units in spent.days(LOOKED_AT + 1, now=now, offset=offset)[:-1]
        if start >= spent.since
    ]
    if len(whole) < LEAST_DAYS:
        return None
    everyday = [float(units) for _, units in whole]
    found = {}
    for weekend in (False, True):
        like = [float(units) for start, units in whole if _is_weekend(start, offset) is weekend][-_LIKE_DAYS:]
        found[weekend] = _pace(like or everyday)
    if not any(one.middle for one in found.values()) and any(everyday):
        # It is used now and then, so that a usual day costs nothing: the average says more.
        average = sum(everyday) / len(everyday)
        return dict.fromkeys((False, True), Pace(0.0, average, max(everyday)))
    return found


def forecast(spent: Spending, *, remain: int, now: float, offset: float = 0.0) -> Forecast | None:
    """When `remain` units are used up. None: too little is known, or nothing was spent."""
    paces = pace(spent, now=now, offset=offset)
    if paces is None or not any(one.high for one in paces.values()):
        return None
    per_day = (5 * paces[False].middle + 2 * paces[True].middle) / 7
    dry = [
        dry_at((getattr(paces[False], name), getattr(paces[True], name)), remain=remain, now=now, offset=offset)
        for name in ("middle", "high", "low")
    ]
    return Forecast(dry_at=dry[0], earliest=dry[1], latest=dry[2], per_day=per_day)


def dry_at(of_a_day: tuple[float, float], *, remain: float, now: float, offset: float = 0.0) -> float | None:
    """When `remain` units are used up, where a working day costs this much and a day of a weekend that. None: not
    within a year.
    """
    of_a_week = 5 * of_a_day[False] + 2 * of_a_day[True]
    if remain > of_a_week * HORIZON / 7:
        return None
    start, at = _day(now, offset), now
    for _ in range(HORIZON):
        end = start + DAY
        cost = of_a_day[_is_weekend(start, offset)] * (end - at) / DAY
        if cost >= remain:
            return at + (end - at) * max(0.0, remain) / cost if cost else at
        # From the second day on whole weeks are passed at once.
        weeks = math.ceil((remain - cost) / of_a_week) - 1
        remain, start = remain - cost - weeks * of_a_week, end + weeks * 7 * DAY
        at = start
    return None


def _pace(units: list[float]) -> Pace:
    ordered = sorted(units)
    last = len(ordered) - 1
    return Pace(ordered[round(last * 0.25)], median(ordered), ordered[round(last * 0.75)])


def _day(at: float, offset: float) -> float:
    """The beginning of the day that holds this moment."""
    return (at + offset) // DAY * DAY - offset


def _is_weekend(start: float, offset: float) -> bool:
    # The first day of Unix time was a Thursday.
    return ((start + offset) // DAY + 3) % 7 >= 5
