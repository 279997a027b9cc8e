"""Decisions and facts as plain JSON and back: what the request's row keeps. Word for word, both ways.

TomlDocument raises ValueError for anything that was not written here; it knows no table and no column.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.permissions.models import Approval, Count, Counted, Decision, Escalation, Facts, Stage

Json = dict[str, Any]
_OUTCOMES = ("allow", "deny", "needs_approval")
_OFFERS = ("ask", "stand")


def decision_to_json(decision: Decision) -> Json:
    """Plain JSON of a decision, its terms and its trail."""
    plain = asdict(decision)
    plain["trail"] = [list(entry) for entry in decision.trail]
    return plain


def decision_from_json(data: Mapping[str, Any]) -> Decision:
    """The decision that decision_to_json wrote; ValueError otherwise."""
    try:
        if data["outcome"] not in _OUTCOMES:
            raise ValueError(f"no such outcome: {data['outcome']!r}")
        return Decision(
            outcome=data["outcome"],
            rule=data["rule"],
            sentence=data["sentence"],
            approval=None if data["approval"] is None else _approval(data["approval"]),
            trail=tuple((name, why) for name, why in data["trail"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no stored decision: {error!r}") from error


def facts_to_json(facts: Facts) -> Json:
    """Plain JSON; a lifetime without end is the text "never", because JSON has no infinity."""
    plain = asdict(facts)
    plain["lifetime"] = "never" if facts.lifetime == math.inf else facts.lifetime
    plain["models"] = None if facts.models is None else sorted(facts.models)
    return plain


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """The facts that facts_to_json wrote; ValueError otherwise."""
    try:
        plain = dict(data)
        plain["lifetime"] = math.inf if plain["lifetime"] == "never" else plain["lifetime"]
        plain["models"] = None if plain["models"] is None else frozenset(plain["models"])
        if plain.get("addresses") is not None:
            plain["addresses"] = tuple(plain["addresses"])
        if plain.get("counts") is not None:
            plain["counts"] = tuple(_counted(one) for one in plain["counts"])
        # Rows of earlier versions lack the younger fields, which then are not spoken of.
        return Facts(**plain)
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no stored facts: {error!r}") from error


def _counted(data: Mapping[str, Any]) -> Counted:
    count = dict(data["count"])
    count["names"] = tuple(count["names"])
    return Counted(count=Count(**count), value=data["value"])


def _approval(data: Mapping[str, Any]) -> Approval:
    plain = dict(data)
    if plain["counter_offer"] not in _OFFERS:
        raise ValueError(f"no such counter_offer: {plain['counter_offer']!r}")
    plain["stages"] = tuple(_stage(stage) for stage in plain["stages"])
    return Approval(**plain)


def _stage(data: Mapping[str, Any]) -> Stage:
    escalations = tuple(Escalation(roles=tuple(one["roles"]), after=one["after"]) for one in data["escalations"])
    return Stage(roles=tuple(data["roles"]), count=data["count"], escalations=escalations)
