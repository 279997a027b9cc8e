"""An alert as a value: what was found, which keys it means, what was done about each, step by step. Knows no SQL."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bot.alerts.detection.key_index import MatchKind
from bot.alerts.detection.scanner import masked
from bot.gateway.models import EffectiveState, Key
from bot.gateway.numbers import gateway_of
from bot.languages import StoredText

# How many findings are kept and shown; the rest is a number on the card.
MOST_FINDINGS = 40
# How many of a source's words about its alert are kept.
MOST_EVENTS = 20
# The old key of a rotation from an alert ends when its successor was revealed, or after this many seconds.
ROTATION_OVERLAP = 86_400
# Marks in an alert's `place`: GitHub was asked for the secret, and did not give it in all the time we tried.
FETCHED, UNFETCHED = "fetched", "unfetched"
# The gateways that do not tell of its keys now, and those that are not in the policy any more.
AWAY, REMOVED = "away", "removed"


class MoreFinding(NamedTuple):
    """A whole value beyond the findings that are shown: kept so that its key is acted on, however many there are."""

    fingerprint: str
    key_id: int | None = None


class HeldMessage(NamedTuple):
    """A message whose values may be keys that the index does not know yet. `findings`: (fingerprint, hint) of each.

    `place`: what an alert about it says of where and by whom it was written.
    """

    channel: str
    ts: str
    place: Mapping[str, Any]
    findings: tuple[tuple[str, str], ...]
    held_until: float


class AlertStatus(StrEnum):
    """OPEN until somebody says that it was no leak, or that what it names is none of ours."""

    OPEN = "open"
    FALSE_ALARM = "false_alarm"
    NOT_OURS = "not_ours"


# The columns of an alert that is open again.
REOPENED: dict[str, Any] = {
    "status": AlertStatus.OPEN.value, "closed_by": None, "closed_at": None, "acknowledged_by": None,
    "acknowledged_at": None, "elsewhere": {},
}  # fmt: skip


class AlertRecord(BaseModel):
    """Base of what is kept as JSON inside a row. Unknown names are ignored: an older version may read a newer row."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class KeyFinding(AlertRecord):
    """One candidate that is worth showing. `fingerprint`: keyed, of a full one, to look again when the index grew."""

    hint: str
    how: MatchKind
    key_ids: tuple[int, ...] = ()
    fingerprint: str | None = None

    @property
    def masked_text(self) -> str:
        """What people may see of it."""
        return masked(self.hint)


class KeySnapshot(AlertRecord):
    """What was last seen of a key that an alert may mean. Times in Unix seconds, quota in units."""

    key_id: int
    name: str = ""
    hint: str = ""
    state: str = ""
    remain_quota: int = 0
    unlimited_quota: bool = False
    accessed_time: float = 0.0
    created_time: float = 0.0
    owner: str = ""
    looked_at: float = 0.0
    gone: bool = False

    @property
    def may_work(self) -> bool:
        """Whether it worked when it was seen last."""
        return not self.gone and self.state == EffectiveState.ACTIVE.value

    @classmethod
    def of(cls, key: Key, *, owner: str, now: float, looked_at: float) -> "KeySnapshot":
        """A fresh record. `now` is the gateway's clock."""
        return cls(
            key_id=int(key.id),
            name=key.name,
            hint=key.last_four,
            state=key.state(now).value,
            remain_quota=key.remain_quota,
            unlimited_quota=key.unlimited_quota,
            accessed_time=key.accessed_time,
            created_time=key.created_time,
            owner=owner,
            looked_at=looked_at,
        )


class AlertAction(AlertRecord):
    """What was begun about one key of an alert; how it stands is in the request's own row.

    `by`: Slack user id, "" = Keydesk itself, by the policy's `auto_disable`. `clicked_at`: the order. `attempt`: 1 for
    the first; a new one may follow after a denial or a failure.
    """

    operation: str
    by: str
    clicked_at: float
    request_id: int
    attempt: int = 1


class AlertEvent(AlertRecord):
    """What the source said of its alert at a time: created, reopened, resolved. `id`: of this delivery, for repeats."""

    id: str
    at: float
    sentence: StoredText = ""


class AlertCalls(AlertRecord):
    """How often security was called (calls.py). `number`: of the next call; `step`: calls since it was open anew.

    `first`: the oldest call whose message does not say yet that it is over. `next_at`: when the next one is due.
    `called_by`: another alert about the same keys that calls instead. `told`: how things stood when the messages that
    called were drawn last.
    """

    number: int = 0
    step: int = 0
    first: int = 0
    next_at: float | None = None
    called_by: int | None = None
    told: str = ""

    def still_calls(self, number: int) -> bool:
        """Whether this call is one of those that still wait for somebody: what it was about is not over."""
        return number >= self.number - self.step


class Alert(AlertRecord):
    """A row of `alerts`, whole. `keys` and `actions` by key id."""

    id: int
    source: str
    their_id: str
    status: AlertStatus
    title: StoredText
    text: str
    url: str
    place: dict[str, Any] = Field(default_factory=dict)
    findings: tuple[KeyFinding, ...] = ()
    more_findings: tuple[MoreFinding, ...] = ()
    # The batch that disables its keys, when they are more than are shown.
    batch_id: int | None = None
    keys: dict[int, KeySnapshot] = Field(default_factory=dict)
    actions: dict[int, AlertAction] = Field(default_factory=dict)
    notes: tuple[StoredText, ...] = ()
    events: tuple[AlertEvent, ...] = ()
    deliveries: int = 1
    received_at: float
    # When its candidates were last compared with the account's keys as they were then; None = not yet.
    looked_up_at: float | None = None
    calls: AlertCalls = AlertCalls()
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
    closed_by: str | None = None
    closed_at: float | None = None
    # Of its keys those that another alert's card shows, with that alert's id (sightings.py).
    elsewhere: dict[int, int] = Field(default_factory=dict)

    @property
    def number(self) -> str:
        """The number of the alert in sentences."""
        return f"alert {self.id}"

    @property
    def proven_keys(self) -> tuple[int, ...]:
        """Keys that were matched by their whole value, each once, whichever card shows them."""
        return tuple(dict.fromkeys(i for f in self.findings if f.how is MatchKind.FULL for i in f.key_ids))

    @property
    def sure_keys(self) -> tuple[int, ...]:
        """Those of them that its own card shows."""
        return tuple(key_id for key_id in self.proven_keys if key_id not in self.elsewhere)

    @property
    def all_sure_keys(self) -> tuple[int, ...]:
        """The same, with those beyond the findings that are shown; where there are such, also those of other cards:
        one batch disables all.
        """
        more = {finding.key_id: None for finding in self.more_findings if finding.key_id is not None}
        if more.keys() <= set(self.sure_keys):
            return self.sure_keys
        return tuple(dict.fromkeys((*self.proven_keys, *more)))

    @property
    def away(self) -> tuple[str, ...]:
        """The gateways that did not tell of its keys when they were asked last; "" = there is only one."""
        return tuple(self.place.get(AWAY, ()))

    @property
    def removed(self) -> tuple[str, ...]:
        """The gateways of its keys that are not in the policy any more, where that is so of all that may still work."""
        gone = tuple(self.place.get(REMOVED, ()))
        left = [key_id for key_id in self.possible_keys if key_id not in self.keys or self.keys[key_id].may_work]
        return gone if left and {gateway_of(key_id) for key_id in left} <= set(gone) else ()

    @property
    def may_be_not_ours(self) -> bool:
        """Whether it can be true that it names no key of our gateways."""
        return self.is_foreign or bool(self.removed)

    @property
    def is_mass_leak(self) -> bool:
        """Whether it names more keys than are kept one by one: all of them are then disabled by one batch."""
        return len(self.all_sure_keys) > len(self.sure_keys)

    @property
    def named_keys(self) -> tuple[int, ...]:
        """Every key it may mean, the sure ones first, whichever card shows them."""
        found = [key_id for finding in self.findings for key_id in finding.key_ids]
        return tuple(dict.fromkeys((*self.proven_keys, *found)))

    @property
    def possible_keys(self) -> tuple[int, ...]:
        """Those of them that its own card shows."""
        return tuple(key_id for key_id in self.named_keys if key_id not in self.elsewhere)

    @property
    def is_sighting(self) -> bool:
        """Whether other cards show all of its keys, so that it needs none."""
        return bool(self.elsewhere) and not self.possible_keys

    @property
    def the_key(self) -> int | None:
        """The one key it means, when there is no doubt: one match in all, and no ambiguous one."""
        doubtful = any(finding.how is MatchKind.AMBIGUOUS for finding in self.findings)
        return self.possible_keys[0] if len(self.possible_keys) == 1 and not doubtful else None

    @property
    def the_keys(self) -> tuple[int, ...]:
        """The same, and the keys of one whole value that several accounts have: they are one leak."""
        proven = [finding for finding in self.findings if finding.how is MatchKind.FULL]
        if len(proven) == 1 and set(self.possible_keys) == set(proven[0].key_ids) == set(self.sure_keys):
            return self.sure_keys
        return () if self.the_key is None else (self.the_key,)

    @property
    def awaits_lookup(self) -> bool:
        """Whether nobody can say yet whose keys these are: the gateway, or GitHub, was not asked successfully yet."""
        fetching = self.source == "github" and not self.findings and not self.place.get(FETCHED)
        return fetching or (bool(self.unknown) and self.looked_up_at is None)

    @property
    def untellable(self) -> tuple[KeyFinding, ...]:
        """Masked keys that fit none of this account: of a mask nobody can say that it is another account's."""
        return tuple(finding for finding in self.unknown if finding.fingerprint is None)

    @property
    def is_untellable(self) -> bool:
        """Whether it holds nothing but such masks."""
        return not self.named_keys and bool(self.unknown) and self.untellable == self.unknown

    @property
    def names_nothing_known(self) -> bool:
        """Whether it names no key that is known here: such alerts share a message.

        Not what waits for GitHub, nor what was not looked through or has another note that somebody must read.
        """
        unfetched = self.source == "github" and not self.findings
        return not self.named_keys and not self.all_sure_keys and not unfetched and not self.notes

    @property
    def is_foreign(self) -> bool:
        """Whether it was looked up and names no key of this account: nothing in it can be a leak of ours."""
        return not self.named_keys and not self.all_sure_keys and not self.awaits_lookup

    @property
    def unknown(self) -> tuple[KeyFinding, ...]:
        """What looks like a key and is none of this account."""
        return tuple(finding for finding in self.findings if finding.how is MatchKind.UNKNOWN)
