"""Reads the lists of models and groups, whose shapes differ between deployments (gateway-api.md, section 2). Pure."""

from typing import Any

from bot.gateway.errors import CallFacts, GatewayProtocolError
from bot.gateway.models import Group

_ID_MEMBERS = ("id", "model_name", "model", "name")


def model_ids(data: Any, facts: CallFacts) -> list[str]:
    """Model ids of a list of ids, a list of objects, or an object of lists; sorted, each once."""
    found: set[str] = set()
    for item in _flat(data, facts):
        name = item if isinstance(item, str) else _first_text(item)
        if not name:
            raise GatewayProtocolError("The gateway's list of models has an unknown shape.", facts=facts)
        found.add(name)
    return sorted(found)


def _flat(data: Any, facts: CallFacts) -> list[Any]:
    if isinstance(data, dict):
        # Upstream: an object of channel number to the list of its models, null for none.
        parts = [part for part in data.values() if part is not None]
        if all(isinstance(part, list) for part in parts):
            return [item for part in parts for item in part]
    if isinstance(data, list):
        return data
    raise GatewayProtocolError("The gateway's list of models has an unknown shape.", facts=facts)


def _first_text(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    values = (item.get(member) for member in _ID_MEMBERS)
    return next((value for value in values if isinstance(value, str) and value), "")


def groups_of(data: Any, facts: CallFacts) -> list[Group]:
    """Groups of `{name: {ratio: number or text, desc}}`, sorted by name."""
    if not isinstance(data, dict) or not all(isinstance(about, dict) for about in data.values()):
        raise GatewayProtocolError("The gateway's list of groups has an unknown shape.", facts=facts)
    return [
        Group(name=name, description=str(about.get("desc") or ""), ratio=str(about.get("ratio", "")))
        for name, about in sorted(data.items())
    ]
