"""The request as a value, its statuses, and the table of moves between them. Knows no SQL, no Slack, no gateway."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from bot.gateway.models import Key, KeySettings
from bot.gateway.numbers import gateway_of
from bot.languages import StoredText, trc
from bot.operations import Change, Offer
from bot.permissions.models import Approval, BudgetLeft, Decision, Facts, Given
from bot.permissions.serial import decision_from_json, decision_to_json, facts_from_json, facts_to_json


class Status(StrEnum):
    """Where a request stands. `WORDS` and `STATES` say it to people."""

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
    Status.PENDING: trc("status of a request", "waiting"),
    Status.OFFERED: trc("status of a request", "approved with changes"),
    Status.APPROVED: trc("status of a request", "approved"),
    Status.RUNNING: trc("status of a request", "applying"),
    Status.UNKNOWN: trc("status of a request", "unknown"),
    Status.SUCCEEDED: trc("status of a request", "done"),
    Status.FAILED: trc("status of a request", "failed"),
    Status.DENIED: trc("status of a request", "denied"),
    Status.EXPIRED: trc("status of a request", "expired"),
    Status.WITHDRAWN: trc("status of a request", "withdrawn"),
}

# The same alone at the beginning of a line.
STATES = {
    Status.PENDING: trc("status of a request", "Waiting"),
    Status.OFFERED: trc("status of a request", "Approved with changes"),
    Status.APPROVED: trc("status of a request", "Approved"),
    Status.RUNNING: trc("status of a request", "Applying"),
    Status.UNKNOWN: trc("status of a request", "Unknown"),
    Status.SUCCEEDED: trc("status of a request", "Done"),
    Status.FAILED: trc("status of a request", "Failed"),
    Status.DENIED: trc("status of a request", "Denied"),
    Status.EXPIRED: trc("status of a request", "Expired"),
    Status.WITHDRAWN: trc("status of a request", "Withdrawn"),
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


class StoredModel(BaseModel):
    """Base of what is kept as JSON inside a row. Unknown names are ignored: an older version may read a newer row."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Vote(StoredModel):
    """One person's approval, and when (Unix seconds)."""

    by: str
    team: str
    at: float


class Judgement(StoredModel):
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


class Outcome(StoredModel):
    """How it ended, in words for people. `sentence` is whole; `notes` and `differences` are small lines under it."""

    sentence: StoredText
    notes: tuple[StoredText, ...] = ()
    differences: tuple[StoredText, ...] = ()
    changed_since: bool = False
    # Of a request whose outcome is not known: nothing more will show it by itself, so a person must look.
    by_hand: bool = False
    key_id: int | None = None
    hint: str = ""
    # Keys just like it that the gateway made with it, which nobody owns.
    copies: tuple[int, ...] = ()


class OriginKind(StrEnum):
    """What led to a request."""

    PERSON = "person"
    ROTATION_END = "rotation_end"  # the overlap of a rotation is over: its old key is disabled
    ALERT = "alert"  # a person's order on an alert
    COPY = "copy"  # a person's order about a copy that the gateway made with their key
    ALERT_RULE = "alert_rule"  # the policy's [alerts] table, without a person
    CARE = "care"  # the policy's [care] table, without a person
    LEAVER = "leaver"  # its owner has left, and nobody took the key over in time
    ALLOWANCE = "allowance"  # a refill by an allowance that was granted
    REVIEW = "review"  # what a reviewer decided about a key
    REVIEW_END = "review_end"  # nobody decided about a key before its review ended


class Origin(StoredModel):
    """What led to a request: the rotation that it ends, the allowance by which it refills, or the alert and which
    attempt on the key it is, or who has left, or the review.
    """

    kind: OriginKind = OriginKind.PERSON
    request_id: int | None = None
    alert_id: int | None = None
    attempt: int | None = None
    person_id: str | None = None
    review_id: int | None = None

    @property
    def by_person(self) -> bool:
        """Whether a person asked. What Keydesk asks by itself was granted with something else."""
        return self.kind in {OriginKind.PERSON, OriginKind.ALERT, OriginKind.COPY, OriginKind.REVIEW}

    @property
    def shown_elsewhere(self) -> bool:
        """Whether one message tells of many such requests: of all keys of somebody who left, or of a review."""
        return self.kind is OriginKind.LEAVER or self.review_id is not None

    @property
    def judged_again(self) -> bool:
        """Whether today's rules are asked once more before the run: not where something else granted it just now."""
        return self.by_person and self.review_id is None


PERSON = Origin()


class Postponement(StoredModel):
    """The gateway cannot be asked now: since when, how often it was tried, and why."""

    since: float
    tries: int
    why: StoredText = ""


class RevocationProgress(StoredModel):
    """What trying a disabled key itself has shown so far. Times in Unix seconds."""

    tries: int = 0
    at: float | None = None
    proof: StoredText = ""
    why: StoredText = ""
    ended: bool = False
    accepted_at: float | None = None
    accepted_last: float | None = None
    refused_at: float | None = None


class OverlapProgress(StoredModel):
    """When the old key of a rotation ends, and the request that disables it once there is one."""

    at: float
    request_id: int | None = Field(default=None, validation_alias=AliasChoices("request_id", "request"))


class Acceptance(StoredModel):
    """Until when the new owner of a key may accept it, and when they did. Times in Unix seconds."""

    until: float
    accepted_at: float | None = None


_OLD_NAMES = {"held": "postponed", "probe": "revocation", "retire": "overlap", "nudged": "nudged_at"}


class Progress(StoredModel):
    """What a run and what follows it have to remember. `checkpoints`: of the gateway's writes, by their names."""

    postponed: Postponement | None = None
    revocation: RevocationProgress | None = None
    overlap: OverlapProgress | None = None
    acceptance: Acceptance | None = None
    nudged_at: float | None = None
    # Whether whoever asked has ordered the copies of their key disabled (copies.py).
    copies_ordered: bool = False
    # Since when nobody was found who can approve it (approver_check.py).
    no_approver_since: float | None = None
    # Whom the card mentions, when deciders were last called, and the direct messages that show the card (calls.py).
    called: tuple[str, ...] = ()
    called_at: float | None = None
    # Why the policy's fallback was called in place of whoever is on call, "" where it was not.
    silence: StoredText = ""
    messages: tuple[str, ...] = ()
    checkpoints: dict[str, Any] = {}
    # Names of the roles that the requester had when the run began, for the owner's line of the key that it makes.
    roles: list[str] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, value: Any) -> Any:
        """Rows of older versions hold everything side by side under other names."""
        if not isinstance(value, dict):
            return value
        known = {_OLD_NAMES.get(name, name): one for name, one in value.items()}
        flat = {name: one for name, one in known.items() if name not in cls.model_fields}
        named = {name: one for name, one in known.items() if name in cls.model_fields}
        return named | {"checkpoints": {**flat, **named.get("checkpoints", {})}}


class NewRequest(StoredModel):
    """What submit stores."""

    delivery_id: str
    operation: str
    requester_id: str
    requester_team: str
    channel_id: str
    key_id: int | None
    key_name: str
    # What somebody typed, or a sentence of ours about an alert.
    reason: StoredText
    input: dict[str, Any]
    # The whole record, so that an edit of its quota shows; rows of older versions hold the settings only.
    before: Annotated[Key | KeySettings, Field(union_mode="left_to_right")] | None
    summary: tuple[Change, ...]
    judgement: Judgement
    asked_at: float
    origin: Origin = Origin()

    @property
    def counted_for(self) -> str:
        """In whose numbers it counts: the new owner's, where an existing key gets one; the owner's, where it is
        refilled; else the requester's.
        """
        return str(self.input.get("owner_id", self.requester_id))


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
    denial: str = ""
    break_glass: bool = False
    # False between its answer and what others see of it (announcement.py).
    announced: bool = True
    lapses_at: float | None = None
    settled_at: float | None = None
    progress: Progress = Progress()
    outcome: Outcome | None = None
    reviewed_by: str | None = None

    @property
    def number(self) -> str:
        """`#12`: on every card and in every message."""
        return f"#{self.id}"

    @property
    def gateway(self) -> str:
        """The name of the gateway that it is about, of its key or asked for with a new one; "" = there is only one."""
        return (self.judgement.facts.gateway or "") if self.key_id is None else gateway_of(self.key_id)

    @property
    def approval(self) -> Approval | None:
        """The terms it waits or waited under; None when the policy granted it at once."""
        return self.judgement.decision.approval

    @property
    def given(self) -> tuple[Given, ...]:
        """The approvals so far, as the permission layer takes them."""
        return tuple(Given(by=vote.by, at=vote.at) for vote in self.votes)

    @property
    def waits_for_acceptance(self) -> bool:
        """Whether it is granted, and the new owner of the key has not answered yet."""
        acceptance = self.progress.acceptance
        return self.status is Status.APPROVED and acceptance is not None and acceptance.accepted_at is None

    @property
    def granted_at(self) -> float:
        """Since when nobody has to say yes any more."""
        acceptance = self.progress.acceptance
        accepted_at = None if acceptance is None else acceptance.accepted_at
        return accepted_at or self.decided_at or self.asked_at

    def under(self, budgets: tuple[BudgetLeft, ...] | None) -> "ApprovalRequest":
        """The same, with these as the budgets that it counts against."""
        facts = replace(self.judgement.facts, budgets=budgets)
        return self.model_copy(update={"judgement": self.judgement.model_copy(update={"facts": facts})})

    @property
    def has_card(self) -> bool:
        """Whether people were asked, so that a card stands in the channel."""
        return self.approval is not None
