"""Which rule leaves nothing to another: when one condition follows from another. Used by lint only."""

from typing import cast

from bot.permissions.condition import Condition
from bot.permissions.counting import COUNTING
from bot.permissions.roles import EVERYBODY, Roles
from bot.permissions.rules import Rule

_SMALLER = frozenset({"remain_quota_at_most", "increase_at_most", "lifetime_at_most", *COUNTING})
_SUBSET = frozenset({"models_within", "group_in", "gateway_in", "channel_in"})


def covers(above: Rule, rule: Rule, operation: str, who: str, roles: Roles) -> bool:
    """Whether `above` matches whenever `rule` would for this operation and these people."""
    if operation not in above.do or (rule.any and not above.any):
        return False
    ids = roles.ids(above.who)
    if who not in above.who and EVERYBODY not in ids and not roles.ids((who,)) <= ids:
        return False
    return all(any(follows(one, narrow) for narrow in rule.conditions) for one in above.conditions)


def impossible(conditions: tuple[Condition, ...]) -> str | None:
    """Why these conditions can never hold together, None if they can."""
    values = {condition.name: condition.value for condition in conditions}
    if values.get("unlimited_quota") is True:
        for name in ("remain_quota_at_most", "increase_at_most", "granted_at_most"):
            if name in values:
                return f"an unlimited key is never within {name}"
    if "lifetime_over" in values and "lifetime_at_most" in values:
        over, most = cast("int", values["lifetime_over"]), cast("int", values["lifetime_at_most"])
        if over >= most:
            return "no lifetime is over lifetime_over and at most lifetime_at_most"
    return None


def follows(wide: Condition, narrow: Condition) -> bool:
    """Whether `wide` holds wherever `narrow` holds."""
    if wide.name != narrow.name or wide.count != narrow.count:
        return False
    if wide.name in _SMALLER:
        return cast("int", narrow.value) <= cast("int", wide.value)
    if wide.name == "lifetime_over":
        return cast("int", narrow.value) >= cast("int", wide.value)
    if wide.name in _SUBSET:
        many, few = cast("tuple[str, ...]", wide.value), cast("tuple[str, ...]", narrow.value)
        return set(few) <= set(many) or (wide.name == "models_within" and "*" in many)
    return wide.value == narrow.value
