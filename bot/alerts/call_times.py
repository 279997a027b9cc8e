"""When security is called to an alert, and which roles: at once, after 5, 15 and 60 minutes, then every 4 hours. Pure.

The role is called that the policy names first among those who may disable any key; from an hour on all of them are.
"""

from bot.alerts.models import Alert
from bot.permissions.entitlements import who_may_any
from bot.permissions.rules import Policy

# Seconds since the first call; then one more each `LATER` seconds.
DUE, LATER = (0.0, 300.0, 900.0, 3600.0), 4 * 3600.0
# From this call on more people are called, and the channel sees it, not only the thread.
ESCALATES_AT = 3
# Of whoever says that they are on it.
ACKNOWLEDGED_SECONDS = 1800.0


def due(step: int) -> float:
    """Seconds from the first call to this one."""
    return DUE[step] if step < len(DUE) else DUE[-1] + (step - len(DUE) + 1) * LATER


def roles_called(policy: Policy, step: int) -> tuple[str, ...]:
    """Names (roles, ids) of those whom this call is to."""
    names = who_may_any(policy, "key.disable")
    return names if step >= ESCALATES_AT else names[:1]


def next_call(alert: Alert) -> float | None:
    """When the next call comes unless somebody acts (Unix seconds), None where none does."""
    at = alert.calls.next_at
    if at is None or alert.calls.step == 0:
        return None
    return at if alert.acknowledged_at is None else max(at, alert.acknowledged_at + ACKNOWLEDGED_SECONDS)
