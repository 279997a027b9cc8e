"""Days, weeks and months of the calendar, by which allowances are refilled: how people type them, which days they have.

A period is a span of calendar days in a time zone. Days do not move when clocks are changed, so a period begins once,
however long its first day is. Knows only numbers and text.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.languages import trc


class Period(StrEnum):
    """How often something is refilled."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def seconds(self) -> int:
        """How long it counts where amounts per period are compared: a month is 30 days."""
        return _SECONDS[self]


_DAY = 86_400
_SECONDS = {Period.DAY: _DAY, Period.WEEK: 7 * _DAY, Period.MONTH: 30 * _DAY}
_WORDS = {
    Period.DAY: (
        r"(?:(?<![a-z])(?:per|a|each|every)|/) ?day|(?<![a-z])daily|每 ?[日天]|按[日天]|"
        r"(?:كل|في|لكل) ?(?:ال)?يوم|يومي(?:ًا|اً|ا)?"
    ),
    Period.WEEK: (
        r"(?:(?<![a-z])(?:per|a|each|every)|/) ?week|(?<![a-z])weekly|每 ?(?:個|个)?(?:週|周|星期|禮拜|礼拜)|按[週周]|"
        r"(?:كل|في|لكل) ?(?:ال)?[أا]سبوع|[أا]سبوعي(?:ًا|اً|ا)?"
    ),
    Period.MONTH: (
        r"(?:(?<![a-z])(?:per|a|each|every)|/) ?month|(?<![a-z])monthly|每 ?(?:個|个)?月|按月|"
        r"(?:كل|في|لكل) ?(?:ال)?شهر|شهري(?:ًا|اً|ا)?"
    ),
}
_TYPED = re.compile("|".join(rf"(?P<{period}>(?:{words})(?![a-z]))" for period, words in _WORDS.items()), re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days from `first` up to `until`, which is the first day after them."""

    first: date
    until: date

    @property
    def period(self) -> Period:
        """Which period it is one of."""
        days = (self.until - self.first).days
        return Period.DAY if days == 1 else Period.WEEK if days == 7 else Period.MONTH


def span_of(period: Period, day: date) -> Span:
    """The day itself, its week (from Monday), or its month."""
    if period is Period.DAY:
        return Span(first=day, until=day + timedelta(days=1))
    if period is Period.WEEK:
        first = day - timedelta(days=day.weekday())
        return Span(first=first, until=first + timedelta(days=7))
    first = day.replace(day=1)
    return Span(first=first, until=(first + timedelta(days=31)).replace(day=1))


def day_of(now: float, zone: tzinfo) -> date:
    """The day of a moment (Unix seconds) in a time zone."""
    return datetime.fromtimestamp(now, UTC).astimezone(zone).date()


def begin_of(day: date, zone: tzinfo) -> float:
    """When a day begins in a time zone, in Unix seconds. Where midnight is left out, the first moment after it."""
    return datetime.combine(day, time(), zone).timestamp()


def find_period(text: str) -> tuple[str, Period, str] | None:
    """The first words for a period in a text, and what stands before and after them; None where there are none."""
    found = _TYPED.search(text)
    if found is None:
        return None
    return text[: found.start()].strip(), Period(str(found.lastgroup)), text[found.end() :].strip()


def period_word(period: Period) -> str:
    """As a choice of a form: `Monthly`."""
    words = {
        Period.DAY: trc("choice: how often a key is refilled", "Daily"),
        Period.WEEK: trc("choice: how often a key is refilled", "Weekly"),
        Period.MONTH: trc("choice: how often a key is refilled", "Monthly"),
    }
    return words[period]
