"""Reads the lists of models and groups, whose shapes differ between deployments (gateway-api.md, section 2). Pure."""

from typing import Any

from bot.gateway.errors import CallFacts, GatewayProtocolError
from bot.gateway.models import GatewayStatus, Group
from bot.languages import tr

MOST_MODELS = 20_000
MOST_DIGITS = 15
_ID_MEMBERS = ("id", "model_name", "model", "name")


def model_ids(data: Any, facts: CallFacts) -> list[str]:
    """Model ids of a list of ids, a list of objects, or an object of lists; sorted, each once."""
    found: set[str] = set()
    for item in _flat(data, facts):
        name = item if isinstance(item, str) else _first_text(item)
        if not name:
            raise GatewayProtocolError(tr("The gateway's list of models has an unknown shape."), facts=facts)
        found.add(name)
        if len(found) > MOST_MODELS:
            raise GatewayProtocolError(
                tr("The gateway lists more than {most} models.", most=f"{MOST_MODELS:,}"), facts=facts
            )
    return sorted(found)


def _flat(data: Any, facts: CallFacts) -> list[Any]:
    if isinstance(data, dict):
        # Upstream: an object of channel number to the list of its models, null for none.
        parts = [part for part in data.values() if part is not None]
        if all(isinstance(part, list) for part in parts):
            return [item for part in parts for item in part]
    if isinstance(data, list):
        return data
    raise GatewayProtocolError(tr("The gateway's list of models has an unknown shape."), facts=facts)


def _first_text(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    values = (item.get(member) for member in _ID_MEMBERS)
    return next((value for value in values if isinstance(value, str) and value), "")


def status_of(data: Any) -> GatewayStatus:
    """What `/api/status` tells, as far as it makes sense; the call is optional, so nothing in it is an error."""
    data = data if isinstance(data, dict) else {}
    version = data.get("version")
    return GatewayStatus(
        quota_per_unit=units_per_dollar(data.get("quota_per_unit")),
        version=version[:50] if isinstance(version, str) else "",
    )


def units_per_dollar(value: Any) -> int | None:
    """`quota_per_unit` as a whole number above zero; None for 0, words, fractions and other nonsense."""
    if isinstance(value, str):
        value = value.strip()
        value = int(value) if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS else None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value < 10**MOST_DIGITS else None


def groups_of(data: Any, facts: CallFacts) -> list[Group]:
    """Groups of `{name: {ratio: number or text, desc}}`, or of a list of names or numbers; sorted by name."""
    if isinstance(data, list) and all(isinstance(name, str | int) for name in data):
        data = {str(name): {} for name in data}
    if isinstance(data, dict):
        # Older servers map a name to its ratio alone.
        data = {
            name: {"ratio": about} if isinstance(about, int | float | str) else about for name, about in data.items()
        }
    if not isinstance(data, dict) or not all(isinstance(about, dict) for about in data.values()):
        raise GatewayProtocolError(tr("The gateway's list of groups has an unknown shape."), facts=facts)
    return [
        Group(name=name, description=str(about.get("desc") or ""), ratio=str(about.get("ratio", "")))
        for name, about in sorted(data.items())
    ]
