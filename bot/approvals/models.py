"""The request as a value, its statuses, and the table of moves between them. Knows no SQL, no Slack, no gateway."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from bot.gateway.models import Key, KeySettings
from bot.operations import Change, Offer
from bot.permissions.models import Approval, Decision, Facts
from bot.permissions.serial import decision_from_json, decision_to_json, facts_from_json, facts_to_json


class Status(StrEnum):
    """Where a request stands. `WORDS` says it to people."""

    PENDING = "pending"
    OFFERED = "offered"
    APPROVED = "approved"
    RUNNING = "running"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


WORDS = {
    Status.PENDING: "waiting",
    Status.OFFERED: "counter-offer",
    Status.APPROVED: "approved",
    Status.RUNNING: "applying",
    Status.UNKNOWN: "unknown",
    Status.SUCCEEDED: "done",
    Status.FAILED: "failed",
    Status.DENIED: "denied",
    Status.EXPIRED: "lapsed",
    Status.WITHDRAWN: "withdrawn",
}

# Every allowed move. What is not here is an ApprovalConflict, whoever asks for it.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.APPROVED, Status.OFFERED, Status.DENIED, Status.EXPIRED, Status.WITHDRAWN}),
    Status.OFFERED: frozenset({Status.PENDING, Status.APPROVED, Status.EXPIRED, Status.WITHDRAWN}),
    Status.APPROVED: frozenset({Status.RUNNING, Status.FAILED}),
    Status.RUNNING: frozenset({Status.UNKNOWN, Status.SUCCEEDED, Status.FAILED}),
    Status.UNKNOWN: frozenset({Status.RUNNING, Status.SUCCEEDED, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.DENIED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.WITHDRAWN: frozenset(),
}
WAITING = frozenset({Status.PENDING, Status.OFFERED})
IN_HAND = frozenset({Status.APPROVED, Status.RUNNING, Status.UNKNOWN})
FINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)


class Stored(BaseModel):
    """Base of what is kept as JSON inside a row. Unknown names are ignored: an older version may read a newer row."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Vote(Stored):
    """One person's approval, and when (Unix seconds)."""

    by: str
    team: str
    at: float


class Judgement(Stored):
    """The decision as it was when the request was asked, with the facts it was made of."""

    decision: Annotated[
        Decision,
        PlainSerializer(decision_to_json),
        BeforeValidator(lambda value: value if isinstance(value, Decision) else decision_from_json(value)),
    ]
    facts: Annotated[
        Facts,
        PlainSerializer(facts_to_json),
        BeforeValidator(lambda value: value if isinstance(value, Facts) else facts_from_json(value)),
    ]
    own: bool


class Outcome(Stored):
    """How it ended, in words for people. `sentence` is whole; `notes` and `differences` are small lines under it."""

    sentence: str
    notes: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    changed_since: bool = False
    key_id: int | None = None
    hint: str = ""


class NewRequest(Stored):
    """What submit stores."""

    delivery_id: str
    operation: str
    requester_id: str
    requester_team: str
    channel_id: str
    key_id: int | None
    key_name: str
    reason: str
    input: dict[str, Any]
    # The whole record, so that an edit of its quota shows; rows of older versions hold the settings only.
    before: Annotated[Key | KeySettings, Field(union_mode="left_to_right")] | None
    summary: tuple[Change, ...]
    judgement: Judgement
    asked_at: float


class ApprovalRequest(NewRequest):
    """A row of `requests`, whole. `number` is how people call it."""

    id: int
    version: int
    status: Status
    votes: tuple[Vote, ...] = ()
    taken_by: str | None = None
    counter_offer: Offer | None = None
    decided_by: str | None = None
    decided_at: float | None = None
    note: str = ""
    lapses_at: float | None = None
    settled_at: float | None = None
    progress: dict[str, Any] = {}
    outcome: Outcome | None = None
    reviewed_by: str | None = None

    @property
    def number(self) -> str:
        """`#12`: on every card and in every message."""
        return f"#{self.id}"

    @property
    def approval(self) -> Approval | None:
        """The terms it waits or waited under; None when the policy granted it at once."""
        return self.judgement.decision.approval

    @property
    def has_card(self) -> bool:
        """Whether people were asked, so that a card stands in the channel."""
        return self.approval is not None
