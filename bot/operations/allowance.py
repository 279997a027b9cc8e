"""What a key is refilled with, once per period, and what of it is covered at a given day. Plain values.

An allowance is the key's. Each refill covers the days of one period, and no other refill comes in them, whatever the
terms become meanwhile.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from bot.gateway.models import Key, KeyStatus
from bot.periods import Period, Span

# A time zone that is changed moves today back by as much; a clock that was wrong, by more.
ZONES_APART = timedelta(days=2)


class AllowanceTerms(BaseModel):
    """`amount` units once per `period`: added to whatever is left (`rollover`), or filled up to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: int
    period: Period
    rollover: bool = False

    def units(self, left: int) -> int:
        """What a refill adds to a key with so much left: never more than the amount, so that what was overdrawn is
        taken from it, and never less than nothing.
        """
        return self.amount if self.rollover else min(self.amount, max(0, self.amount - left))

    def per(self, seconds: int) -> int:
        """What they add in so many seconds, rounded up."""
        return -(-self.amount * seconds // self.period.seconds)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """The days that the last refill was for, the terms then, and whose key it was."""

    span: Span
    terms: AllowanceTerms
    owner_id: str


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The row of one key. `request_id`, `rule`: of the request that granted it. `ended_at`: None = it stands.

    `refill_id`: the request of a refill under way. `failed_at`: when the last one failed, None = it did not.
    """

    key_id: int
    born_at: int
    terms: AllowanceTerms
    request_id: int
    rule: str
    set_at: float
    ended_at: float | None = None
    covered: Coverage | None = None
    refill_id: int | None = None
    failed_at: float | None = None
    version: int = 0

    @property
    def stands(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    def is_covered(self, today: date) -> bool:
        """Whether a refill was made for this day. A day long before the last refill is not: the clock was wrong."""
        span = None if self.covered is None else self.covered.span
        return span is not None and span.first - ZONES_APART <= today < span.until

    def next_day(self, today: date) -> date:
        """The day of the next refill."""
        return self.covered.span.until if self.covered is not None and self.is_covered(today) else today


def is_refilled(key: Key, *, now: float) -> bool:
    """Whether a key is in use but for its quota. `now`: by the gateway's clock."""
    return key.status in {KeyStatus.ENABLED, KeyStatus.EXHAUSTED} and not key.is_past(now)
