"""The values a decision is made of and made into: people, what they ask, the answer. Only data.

Everything is frozen and plain, so that a decision can be stored in the request's row as JSON and
read back word for word. It knows no Slack client, no gateway record and no rule.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict

from bot.languages import StoredText

OPERATIONS = (
    "key.create",
    "key.update",
    "key.quota",
    "key.allowance",
    "budget.change",
    "key.disable",
    "key.end",
    "key.enable",
    "key.rotate",
    "key.delete",
    "key.adopt",
    "key.transfer",
    "key.reveal",
    "key.list",
    "key.show",
    "request.list",
    "audit.read",
    "policy.explain",
    "usage.read",
)
# What gives a key, and with it the sight of its value, to somebody.
GIVES_A_KEY = frozenset({"key.adopt", "key.transfer"})
# That, and what goes on giving money: a rule that allows it, or has it approved, names it in full. A pattern such as
# "key.*" only denies it.
NAMED_IN_FULL = GIVES_A_KEY | {"key.allowance", "budget.change"}
# Rights that no command is called after. A rule names them in full: a pattern such as "key.*" does not give them.
RIGHTS = ("key.unlock",)
UNLOCK = RIGHTS[0]
# What could bring a locked key back, or give somebody another one in its place: each needs `key.unlock` as well.
REVIVING = frozenset({"key.enable", "key.rotate", "key.quota", "key.update", "key.allowance"})
# These look at no single key, so there is no record a condition could speak of.
WITHOUT_RECORD = frozenset({"key.list", "request.list", "audit.read", "policy.explain", "usage.read"})

Outcome = Literal["allow", "deny", "needs_approval"]
CounterOffer = Literal["ask", "stand"]
Notify = Literal["channel", "dm", "both"]
What = Literal["keys", "granted", "allowance"]
Over = Literal["person", "role", "team"]
Cause = Literal["alert", "incident", "person", "leaver"]


class ActorKind(StrEnum):
    """What somebody is in this workspace. Only a full member can have a role."""

    MEMBER = "member"
    GUEST = "guest"
    OUTSIDER = "outsider"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody as Slack shows them now. `groups` are ids of Slack user groups.

    `assumed_roles` is for `policy explain` and `policy test` only: "someone with just this role".
    The Slack directory never sets it.
    """

    slack_user_id: str
    team_id: str = ""
    kind: ActorKind = ActorKind.MEMBER
    groups: frozenset[str] = frozenset()
    name: str = ""
    assumed_roles: frozenset[str] = frozenset()


class _Stored:
    """What a request's row keeps as JSON (serial.py). A member that we do not know is refused, not passed over."""

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, order=True)
class Count(_Stored):
    """A number that rules compare. The caller counts it, in the transaction that stores the request.

    `what`: "keys" = living keys: enabled ones, and those that are granted and not made yet; "granted" = units granted
    in the last `per` seconds by creates, raises, revivals and rotations, each with what it added; "allowance" = units
    that the allowances of *other* keys add in `per` seconds. `over`: "person" = who asks; "role" = everybody
    whom `names` name (role names, ids or "*"); "team" = the whole workspace.
    """

    what: What
    over: Over = "person"
    names: tuple[str, ...] = ()
    per: int = 0


@dataclass(frozen=True, kw_only=True)
class Counted(_Stored):
    """A count and its number before this request. None = it cannot be told, such as after an unlimited grant."""

    count: Count
    value: int | None


@dataclass(frozen=True, kw_only=True)
class BudgetLeft(_Stored):
    """A budget that what is added counts against, before this request. `role`: "" = of a person. `number`: of its row.

    `amount`: units of its present period, which ends before the day `until` (ISO). `left`: None = it cannot be told
    whether it counts.
    """

    number: int
    role: str
    amount: int
    left: int | None
    until: str


@dataclass(frozen=True, kw_only=True)
class Lock(_Stored):
    """Why a key may only come back with `key.unlock`: it was disabled from an alert, in an incident, by a person
    whose key it is not, or because its owner has left.

    `by`: Slack user id, "" = Keydesk itself. `at`: Unix seconds. `number`: of the alert, the batch or the request,
    by the cause. `rule`: by which it was disabled, "" = not known.
    """

    cause: Cause
    by: str
    at: float
    number: int
    rule: str


@dataclass(frozen=True, kw_only=True)
class Facts(_Stored):
    """The outcome (the key as it would be) and the change, in plain values; None = not spoken of.

    `lifetime`: seconds from now until the key expires, math.inf = never. `models`: empty = every model.
    `allow_ips`: True = restricted to addresses. `increase`: units added (a new key: all it starts with;
    0 = none; negative = taken away). `extended`: enabling gives it a new expiry. `group`: "" = the account's own, which
    is `account_group` (None = the gateway has not told).
    `channel`: id, "" = not in a channel. `addresses`: the allowed addresses as they would be, () = from everywhere.
    `gateway`: the name of the gateway. `counts`: what `Policy.counts_needed` asks for, as it is before this request;
    None = not counted. `adds_key`: one living key more; `decide` says it by the operation where it is None.
    `allowance` units are added every `allowance_period` seconds. `lock`: the key is locked, None = it is not.
    `budgets`: those that what is added counts against, None = there is none.
    """

    remain_quota: int | None = None
    unlimited_quota: bool | None = None
    lifetime: float | None = None
    models: frozenset[str] | None = None
    group: str | None = None
    allow_ips: bool | None = None
    increase: int | None = None
    extended: bool = False
    reason: str = ""
    channel: str = ""
    addresses: tuple[str, ...] | None = None
    cross_group_retry: bool | None = None
    gateway: str | None = None
    counts: tuple[Counted, ...] | None = None
    adds_key: bool | None = None
    allowance: int | None = None
    allowance_period: int | None = None
    lock: Lock | None = None
    account_group: str | None = None
    budgets: tuple[BudgetLeft, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Who wants to do what. `own`: on a key (or request, or record) of their own; a new key is one's own.

    `receiver`: the Slack user id of whoever owns the key then, "" where that does not change.
    """

    actor: Actor
    operation: str
    own: bool = True
    facts: Facts = field(default_factory=Facts)
    receiver: str = ""


@dataclass(frozen=True, kw_only=True)
class Escalation(_Stored):
    """After `after` seconds of an open stage these roles may answer as well."""

    roles: tuple[str, ...]
    after: float


@dataclass(frozen=True, kw_only=True)
class Stage(_Stored):
    """`count` different people with one of `roles` must approve before the next stage opens."""

    roles: tuple[str, ...]
    count: int = 1
    escalations: tuple[Escalation, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Approval(_Stored):
    """The terms on which a request is approved, as they were when it was asked. Times in seconds.

    `remind`: the first reminder after this time; each later wait is `remind_factor` times longer; at most
    `remind_most`. `counter_offer`: "ask" = an approval for less waits for the requester's yes, "stand" = it
    counts at once. `break_glass`: done at once if a reason is given, everyone is told, reviewed afterwards.
    `notify`: how those who may decide are called: mentioned in the channel, by direct message, or both; None =
    mentioned at first, reminded by direct message.
    `self_approval_rule`: the other rule whose explicit `self_approval = false` won, if one did.
    """

    stages: tuple[Stage, ...]
    expires: float
    remind: float | None = None
    remind_factor: float = 2.0
    remind_most: int = 5
    self_approval: bool = False
    self_approval_rule: str | None = None
    counter_offer: CounterOffer = "ask"
    break_glass: bool = False
    notify: Notify | None = None

    @property
    def count(self) -> int:
        """How many different people must approve in all."""
        return sum(stage.count for stage in self.stages)


@dataclass(frozen=True, kw_only=True)
class Decision(_Stored):
    """The answer: what, by which rule (None = no rule matched), in a sentence, and on what terms.

    `trail` holds, for each rule above the deciding one, its name and why it did not match; empty unless asked for.
    """

    outcome: Outcome
    rule: str | None
    sentence: StoredText
    approval: Approval | None = None
    trail: tuple[tuple[str, StoredText], ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it is done at once, without an approval."""
        return self.outcome == "allow"


@dataclass(frozen=True, kw_only=True)
class Given:
    """One person's approval and when it was given (Unix seconds)."""

    by: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """Whether somebody may answer a request: a sentence, the rule it comes from, and by which of their roles."""

    allowed: bool
    sentence: str
    rule: str | None = None
    role: str | None = None
