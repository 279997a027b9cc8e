"""What an owner is told of one key: which crossing, and what its message says. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.keys.spending import DAY

# What comes sooner than this does not wait for a later day, however much somebody was told already.
SOON = 2 * DAY


class Crossing(StrEnum):
    """What an owner is told. IDLE asks whether the key is needed; UNANSWERED: it was disabled for want of an answer."""

    EXPIRES = "expires"
    ENDED = "ended"
    LOW = "low"
    DRY = "dry"
    IDLE = "idle"
    UNANSWERED = "unanswered"
    ANOMALY = "anomaly"

    @property
    def urgent(self) -> bool:
        """Told at once, at any time: the key no longer works, or spends what nobody meant to."""
        return self in {Crossing.ENDED, Crossing.DRY, Crossing.UNANSWERED, Crossing.ANOMALY}


class CareOutcome(StrEnum):
    """Why there is nothing left to do about what was told."""

    ENDS_LATER = "ends_later"
    HAS_MORE = "has_more"
    STOPPED = "stopped"
    GONE = "gone"
    GIVEN = "given"
    IN_USE = "in_use"
    KEPT = "kept"
    NOT_ASKED = "not_asked"
    ENABLED = "enabled"
    LATE = "late"
    CALM = "calm"
    MINE = "mine"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One crossing, with what its message says. `mark`: of an expiry, in seconds. `left`, `granted`: units.

    Of an idle key: `billed`, when it was billed last, 0 = never; `due`: when it is disabled without an answer, or until
    when that is taken back, 0 = not. Of an anomaly: `left` and `granted` are the units an hour, now and as a rule.
    """

    kind: Crossing
    key_id: int
    name: str
    expires: int
    born_at: int = 0
    mark: int = 0
    left: int = 0
    granted: int = 0
    dry_at: float | None = None
    billed: float = 0.0
    due: float = 0.0

    def waits(self, now: float) -> bool:
        """Whether another day is early enough. `now`: by the gateway's clock."""
        if self.kind is Crossing.EXPIRES:
            return self.expires - now > SOON
        if self.kind is Crossing.LOW:
            return self.dry_at is not None and self.dry_at - now > SOON
        return not self.kind.urgent

    def stored(self) -> dict[str, Any]:
        """Plain JSON for the row of the message."""
        return vars(self) | {"kind": str(self.kind)}

    @classmethod
    def of_stored(cls, kept: dict[str, Any]) -> "Notice":
        """Back from the row."""
        return cls(**kept | {"kind": Crossing(kept["kind"])})
