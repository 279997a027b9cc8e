"""What an operation is: a name, a typed input, a look before, a run, and what the run means for the owner's list.

One `Operation` per thing people can do to a key. It is lent what it may use: `Look` reads, `Work` also writes.
It knows neither Slack nor the database; the flow (approvals/flow.py) decides, stores, runs and confirms.
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from bot.gateway.client import GatewayClient
from bot.gateway.dollars import Dollars
from bot.gateway.gateways import KeyReader
from bot.gateway.models import NEVER, EffectiveState, GatewayAccount, Group, Key, KeySettings
from bot.gateway.prices import ModelPrice
from bot.gateway.writes import Journal, WriteResult
from bot.languages import Sentence, StoredText
from bot.operations.allowance import Allowance
from bot.operations.budget import Budget
from bot.operations.lineage import Lineage
from bot.operations.ownership import Ownership
from bot.permissions.models import Actor, Facts


class Frozen(BaseModel):
    """Base of stored values: immutable, and strict about names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Expiry(Frozen):
    """When a key ends: `seconds` after the approval, or `at` a Unix second; neither = never.

    A span counts from the moment of approval, so that waiting does not shrink what was asked for.
    """

    seconds: int | None = None
    at: int | None = None

    def moment(self, start: float) -> int:
        """`expired_time` as the gateway takes it: Unix seconds, or -1 for never."""
        if self.seconds is not None:
            return int(start) + self.seconds
        return self.at if self.at is not None else NEVER


# The field of a line of a card whose values are Slack user ids.
OWNER_FIELD = "owner"


class Change(Frozen):
    """One line of a card: a field in people's words, and its value before (None: it is new) and after."""

    field: str
    label: StoredText
    before: StoredText | None
    after: StoredText


class NewOwner(Frozen):
    """Input of what gives an existing key an owner. The look fills in the rest: the team of the new owner, and who
    owned the key then (None: nobody).
    """

    key_id: int
    owner_id: str
    owner_team: str = ""
    from_id: str | None = None


# What stands in a field of a form: a text or a choice, ticked or not, a moment (Unix seconds), or several entries.
Filled = str | bool | int | tuple[str, ...]


class Effect(StrEnum):
    """What a success means for the list of who owns what."""

    CREATES = "creates"
    CHANGES = "changes"
    REPLACES = "replaces"  # a new key; the old one is disabled after a while (approvals/rotation/)
    STOPS = "stops"  # out of use; the key itself is tried until it is refused (approvals/revocation/)
    DELETES = "deletes"
    GIVES = "gives"  # another owner; the key itself stays as it is
    BUDGETS = "budgets"  # what somebody's keys may be given per period; no key is written


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What the look found: the key as it is (None: a new one), what is to change, and the policy's facts.

    `unread`: the id of a key that could not be read now; it is judged again, with its record, before the run.
    `completed`: the wish with what the look filled in, where it fills in anything; it is what is stored.
    """

    key: Key | None
    key_name: str
    own: bool
    facts: Facts
    changes: tuple[Change, ...]
    unread: int | None = None
    completed: Frozen | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """The reading half of the gateway and what else a look needs.

    From our own lists, by a number and, where it is at hand, the record's birth: `owner_of`, `successor_of` (the key
    that replaced this one, None = none did), `unended` (the keys before it in its line that may still work) and
    `allowance_of` (what it is refilled with, None = it never was). `budget_of`: the budget of a holder in its present
    period, and what was given in it. `time_zone`: in which periods begin.

    `deadline` is what is left of Slack's 3 s, in seconds, for all reads of this look together.
    """

    reader: KeyReader
    inventory: "Offered"
    owner_of: Callable[..., Awaitable[str | None]]
    successor_of: Callable[..., Awaitable[int | None]]
    unended: Callable[..., Awaitable[Sequence[int]]]
    allowance_of: Callable[..., Awaitable[Allowance | None]]
    budget_of: Callable[[str], Awaitable[tuple[Budget, int | None] | None]]
    ownership: Ownership
    time_zone: tzinfo
    now: float
    dollars: Dollars
    until: float
    channel_id: str = ""
    reason: str = ""
    # A live line under a form that is still being filled in: leave out what only a submission needs.
    preview: bool = False
    # For a preview: the key as it was read a moment ago, so that it need not be read again.
    read: Key | None = None

    @property
    def deadline(self) -> float:
        """Seconds left now, for the next read; never quite nothing."""
        return max(0.05, self.until - time.monotonic())

    async def unlisted(self, models: Sequence[str], *, group: str, gateway: str) -> frozenset[str]:
        """Those of the models that the gateway does not list for this group; none where it does not tell."""
        known = await self.inventory.models(group=group, gateway=gateway, deadline=self.deadline) if models else None
        return frozenset() if known is None else frozenset(models) - frozenset(known)

    async def prices(self, models: Sequence[str], *, group: str, gateway: str) -> Mapping[str, ModelPrice]:
        """What these models cost in this group, as far as the gateway tells."""
        return await self.inventory.prices(group=group, gateway=gateway, deadline=self.deadline) if models else {}


class Offered(Protocol):
    """What the gateways offer, from a cache that is refreshed beside. `gateway`: "" = that of the settings."""

    async def models(self, *, deadline: float, group: str = "", gateway: str = "") -> list[str] | None:
        """Model ids of the account, or of a group where they are told; None when the gateway does not tell."""

    async def prices(self, *, deadline: float, group: str = "", gateway: str = "") -> dict[str, ModelPrice]:
        """What models cost in a group, "" = the account's own; without those that the gateway does not tell."""

    async def groups(self, *, deadline: float, gateway: str = "") -> list[Group] | None:
        """Groups the account may use, or None when the gateway does not tell."""

    def recent(self, key_id: int, *, within: float) -> Key | None:
        """The record of a key, when anybody read it less than so many seconds ago."""

    def known_account(self, gateway: str = "") -> GatewayAccount | None:
        """The account as it was last told, None when it was not for an hour. Asks nobody."""

    async def name_in_use(self, name: str, *, deadline: float, gateway: str = "") -> bool:
        """Whether a key of a gateway's account already has exactly this name, as far as can be told in time."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a run is lent: the writing client, the request's durable journal, and what was approved.

    `before` is the record as it was read at `seen_at` (Unix seconds), when this was asked; requests of older
    versions hold its settings only. `known`: the account had this key, as far as we know without reading it now.
    """

    client: GatewayClient
    journal: Journal
    request_id: int
    approved_at: float
    before: KeySettings | None
    seen_at: float
    known: bool
    lineage: Lineage
    ownership: Ownership
    time_zone: tzinfo  # in which the periods of allowances begin
    leaked: bool = False  # an alert led to it: the key must not stay in use, whatever that costs
    processing: float  # seconds a server may still be working on a call that nobody waits for any more


class Offer(Frozen):
    """What an approver grants instead of what was asked: None = as asked. `reason`: why, in their words."""

    remain_quota: int | None = None
    delta: int | None = None
    expiry: Expiry | None = None
    models: tuple[str, ...] | None = None
    reason: str | None = None
    allowance: int | None = None


# Fields of which a condition of the policy can speak.
_JUDGED_FIELDS = frozenset(
    {"remain_quota", "unlimited_quota", "expired_time", "model_limits", "allow_ips", "group", "delta", "allowance"}
)


def _always(_key: Key) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Description:
    """One operation as people meet it, and what it means: the entry from which every list of operations follows.

    `title`: heading of its window. `command`, `usage`: `/apikey COMMAND USAGE`, "" = no command. `help`: what it does.
    `button`: its button in a key's window, "" = none; shown where it `applies` to the key, and with `owner_only` to the
    owner alone; `owned`: only on keys with an owner (True), or without one (False). `asks`, `you_ask`, `done`: what
    cards and lists say: “{who} asks for a new key {name}”, “you asked …”, “Key {name} was created.”; None = it only
    reads. `ended`: the last alone, as a status: “Created”. `effect`: None = it only reads. `state_after`: of the key,
    once it is done; None = as it was. `unread`: an order counts also while its key cannot be read. `accepted`: it waits
    for the new owner's yes. `fields`: the fields its form may ask for.
    """

    name: str
    help: str
    title: str = ""
    command: str = ""
    usage: str = ""
    button: str = ""
    owned: bool | None = None
    accepted: bool = False
    applies: Callable[[Key], bool] = _always
    owner_only: bool = False
    asks: Sentence | None = None
    you_ask: Sentence | None = None
    done: Sentence | None = None
    ended: Sentence | None = None
    effect: Effect | None = None
    state_after: EffectiveState | None = None
    unread: bool = False
    fields: tuple[str, ...] = ()

    @property
    def judged_by_values(self) -> bool:
        """Whether what the policy says hangs on what is filled into its form."""
        return not _JUDGED_FIELDS.isdisjoint(self.fields)

    @property
    def changes_quota(self) -> bool:
        """Whether it moves the quota of a key that exists."""
        return self.effect is Effect.CHANGES and "delta" in self.fields

    @property
    def creates(self) -> bool:
        """Whether a new key comes of it."""
        return self.effect in {Effect.CREATES, Effect.REPLACES}


class Operation(ABC):
    """One thing people can do to a key. Its name is the operation, the permission and the modal's callback id."""

    description: ClassVar[Description]
    input_model: ClassVar[type[BaseModel]]

    @property
    def name(self) -> str:
        """`key.create`."""
        return self.description.name

    @property
    def title(self) -> str:
        """Heading of the modal: “New API key”."""
        return self.description.title

    def asks(self, who: str, name: str) -> str:
        """What the card says the requester does: “@ada asks for a new key search”."""
        sentence = self.description.asks
        return "" if sentence is None else sentence.filled(who=who, name=name)

    def you_ask(self, name: str) -> str:
        """The same in the requester's own list: “you asked for a new key search”."""
        sentence = self.description.you_ask
        return "" if sentence is None else sentence.filled(name=name)

    def done(self, name: str) -> str:
        """What the confirmation says of the key: “Key search was created.”"""
        sentence = self.description.done
        return "" if sentence is None else sentence.filled(name=name)

    @property
    def effect(self) -> Effect | None:
        """What a success means for the list of owners."""
        return self.description.effect

    @abstractmethod
    async def inspect(self, look: Look, actor: Actor, wanted: Any) -> Inspection:
        """Read what the decision and the card need. Raises InputError and GatewayError."""

    @abstractmethod
    async def run(self, work: Work, wanted: Any) -> WriteResult:
        """Make it so, read it back. Re-entrant: may be called again from the top after a crash."""

    def form_fields(self, wanted: Any, *, now: float) -> Mapping[str, Filled]:
        """What the form holds when this is asked again, by block id; without the reason, which the request has."""
        del wanted, now
        return {}

    def with_offer(self, wanted: Any, offer: Offer) -> Any:
        """The input cut down to what an approver offers instead; unchanged where there is nothing to offer."""
        del offer
        return wanted


def facts_of(
    after: KeySettings,
    *,
    now: float,
    increase: int | None,
    reason: str,
    channel: str,
) -> Facts:
    """The policy's view of an outcome. Lifetimes are seconds from `now`; never = infinity."""
    lifetime = math.inf if after.expired_time == NEVER else max(0.0, after.expired_time - now)
    return Facts(
        remain_quota=after.remain_quota,
        unlimited_quota=after.unlimited_quota,
        lifetime=lifetime,
        models=frozenset(after.models),
        group=after.group,
        allow_ips=bool(after.allowed_ips),
        addresses=tuple(after.allowed_ips),
        cross_group_retry=after.cross_group_retry,
        increase=increase,
        reason=reason,
        channel=channel,
    )
