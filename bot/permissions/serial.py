"""Decisions and facts as plain JSON and back: what the request's row keeps. Word for word, both ways.

Raises ValueError for anything that was not written here; it knows no table and no column.
"""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from bot.permissions.models import Decision, Facts

Json = dict[str, Any]
_DECISION, _FACTS = TypeAdapter(Decision), TypeAdapter(Facts)


def decision_to_json(decision: Decision) -> Json:
    """Plain JSON of a decision, its terms and its trail."""
    plain: Json = _DECISION.dump_python(decision, mode="json")
    # Left out where nothing is said: a replica of the version before takes no member that it does not know.
    if plain["approval"] is not None and plain["approval"]["notify"] is None:
        del plain["approval"]["notify"]
    return plain


def decision_from_json(data: Mapping[str, Any]) -> Decision:
    """The decision that decision_to_json wrote; ValueError otherwise."""
    return _DECISION.validate_python(data)


def facts_to_json(facts: Facts) -> Json:
    """Plain JSON; a lifetime without end is the text "never", because JSON has no infinity."""
    plain: Json = _FACTS.dump_python(facts, mode="json")
    plain["lifetime"] = "never" if facts.lifetime == math.inf else facts.lifetime
    plain["models"] = None if facts.models is None else sorted(facts.models)
    # As above.
    for name in ("lock", "account_group"):
        if plain[name] is None:
            del plain[name]
    return plain


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """The facts that facts_to_json wrote; ValueError otherwise. Rows of earlier versions lack the younger fields."""
    return _FACTS.validate_python({**data, "lifetime": math.inf if data["lifetime"] == "never" else data["lifetime"]})
