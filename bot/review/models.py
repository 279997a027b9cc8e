"""A review, its cards and the keys on them, as values. Times are Unix seconds, quota is in units."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DAY = 86_400.0
# Days after the beginning: when those who decide are reminded, and when silence disables.
REMINDED_ON, ENDS_ON = (7, 10, 13), 15
# So long before it disables anything everybody was reminded, also where the clock was moved or nothing ran meanwhile.
NOTICE_SECONDS = 2 * DAY
UNDO_SECONDS = 14 * DAY
# In the record and on requests: by what it was done.
RULE = "[review]"


class ReviewStatus(StrEnum):
    """WANTED: its keys are not chosen yet."""

    WANTED = "wanted"
    OPEN = "open"
    CLOSED = "closed"


class Reason(StrEnum):
    """Why somebody should look at a key."""

    WITHOUT_OWNER = "without_owner"
    UNLIMITED = "unlimited"
    NEVER_EXPIRES = "never_expires"
    NEVER_BILLED = "never_billed"
    IDLE = "idle"
    OVER_GRANTED = "over_granted"


class Verdict(StrEnum):
    """What became of a key in its review. SILENCE: nobody decided, so it was disabled. LEFT: it needed no decision."""

    OPEN = ""
    KEEP = "keep"
    SHRINK = "shrink"
    DISABLE = "disable"
    SILENCE = "silence"
    LEFT = "left"

    @property
    def stops(self) -> bool:
        """Whether the key is taken out of use."""
        return self in {Verdict.DISABLE, Verdict.SILENCE}


class WhyLeft(StrEnum):
    """Why a key left the list."""

    GONE = "gone"
    OUT_OF_USE = "out_of_use"
    OTHER_OWNER = "other_owner"
    NOBODY = "nobody"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Review:
    """`asked_by`: "command" or "schedule". `reminded`: how many of the reminders were told, the last one when."""

    id: int
    version: int
    status: ReviewStatus
    asked_by: str
    asked_at: float
    opened_at: float | None
    closed_at: float | None
    reminded: int
    reminded_at: float | None

    @property
    def ends_at(self) -> float:
        """When silence disables: day 15, and never sooner than two days after the last reminder."""
        begun = self.asked_at if self.opened_at is None else self.opened_at
        end = begun + ENDS_ON * DAY
        return end if self.reminded_at is None else max(end, self.reminded_at + NOTICE_SECONDS)


@dataclass(frozen=True, kw_only=True)
class ReviewCard:
    """The keys that the same people decide about. `roles`: names of the policy; `security`: those who may disable any
    key at once decide, since nobody else may.
    """

    id: int
    review_id: int
    roles: tuple[str, ...]
    security: bool


@dataclass(frozen=True, kw_only=True)
class NewReviewedKey:
    """A key that was chosen. `snapshot`: as it was then. `target`: units that are left after *Shrink*; None = no such
    button. `spent`: units in the last 90 days.
    """

    key_id: int
    born_at: int
    name: str
    owner_id: str | None
    reasons: tuple[Reason, ...]
    snapshot: Mapping[str, Any]
    spent: int
    target: int | None
    verdict: Verdict = Verdict.OPEN
    departure: WhyLeft | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewedKey(NewReviewedKey):
    """A row. `request_id`: what changes the key at the gateway; `undo_id`: what takes that back. `attempt`: the number
    of the last request. `settled_at`: when the key was read back as decided.
    """

    id: int
    version: int
    review_id: int
    card_id: int
    decided_by: str | None
    decided_at: float | None
    request_id: int | None
    attempt: int
    settled_at: float | None
    undo_id: int | None
    undone_by: str | None
    undone_at: float | None

    @property
    def is_moving(self) -> bool:
        """Whether the gateway is still to be asked for what was decided."""
        if self.undo_id is not None:
            return self.undone_at is None
        return self.verdict not in {Verdict.OPEN, Verdict.LEFT} and self.settled_at is None

    def can_be_undone(self, now: float) -> bool:
        """Whether the disable is done and not so long ago, and nobody takes it back already."""
        done = self.verdict.stops and self.settled_at is not None and self.undo_id is None
        return done and now < (self.settled_at or 0.0) + UNDO_SECONDS


@dataclass(frozen=True, kw_only=True)
class ReviewCounts:
    """How many keys of a review, or of a card, stand where."""

    by_verdict: Mapping[Verdict, int]

    def of(self, *verdicts: Verdict) -> int:
        """Keys with one of these."""
        return sum(self.by_verdict.get(verdict, 0) for verdict in verdicts)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_verdict.values())

    @property
    def open(self) -> int:
        """Those that wait for a decision."""
        return self.of(Verdict.OPEN)
