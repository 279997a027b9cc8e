"""When security is called to an alert, and which roles: at once, after 5, 15 and 60 minutes, then every 4 hours. Pure.

The role is called that the policy names first among those who may disable any key; from an hour on all of them are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.alerts.models import Alert
from bot.permissions.entitlements import who_may_any
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy

OnCall = Callable[[Iterable[str]], frozenset[str]]
"""Ids with each schedule replaced by whoever is on call now (bot/oncall)."""
# Seconds since the first call; then one more each `LATER` seconds.
DUE, LATER = (0.0, 300.0, 900.0, 3600.0), 4 * 3600.0
# From this call on more people are called, and the channel sees it, not only the thread.
ESCALATES_AT = 3
# Of whoever says that they are on it.
ACKNOWLEDGED_SECONDS = 1800.0


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """Whom the last call of an alert went to and the next one goes to: names of roles and people of the policy.

    `people`: name -> ids of those who have that role now. `nobody`: the next call reaches nobody. `automatic`: the
    policy has its keys disabled at once, without people.
    """

    now: float
    last: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    nobody: bool = False
    automatic: bool = False
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)


def due(step: int) -> float:
    """Seconds from the first call to this one."""
    return DUE[step] if step < len(DUE) else DUE[-1] + (step - len(DUE) + 1) * LATER


def roles_called(policy: Policy, step: int) -> tuple[str, ...]:
    """Names (roles, ids) of those whom this call is to."""
    names = who_may_any(policy, "key.disable")
    return names if step >= ESCALATES_AT else names[:1]


def ids_called(policy: Policy, step: int) -> frozenset[str]:
    """Ids of the groups, people and schedules whom this call is to."""
    return policy.roles.ids(roles_called(policy, step)) - {EVERYBODY}


def is_automatic(policy: Policy, alert: Alert) -> bool:
    """Whether the policy has the keys of this alert disabled at once."""
    return alert.source in policy.auto_disable and bool(alert.all_sure_keys)


def call_plan(alert: Alert, policy: Policy, *, on_call: OnCall, now: float) -> CallPlan:
    """Who is called to an alert by the policy of now."""
    step = alert.calls.step
    last, following = roles_called(policy, step - 1) if step else (), roles_called(policy, step)
    return CallPlan(
        now=now,
        last=last,
        next=following,
        people={name: on_call(policy.roles.ids((name,)) - {EVERYBODY}) for name in {*last, *following}},
        nobody=not on_call(ids_called(policy, step)),
        automatic=is_automatic(policy, alert),
    )


def paused_until(alert: Alert) -> float | None:
    """Until when the calls pause since somebody said that they are on it (Unix seconds), None = nobody did."""
    return None if alert.acknowledged_at is None else alert.acknowledged_at + ACKNOWLEDGED_SECONDS


def next_call(alert: Alert) -> float | None:
    """When the next call comes unless somebody acts (Unix seconds), None where none does."""
    at = alert.calls.next_at
    if at is None or alert.calls.step == 0:
        return None
    return max(at, paused_until(alert) or at)
