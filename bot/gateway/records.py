"""Between the wire's record of a key and our Key: parsing in, complete bodies out.

The record is described in gateway-api.md, sections 3, 6, 7 and 13.
"""

import re
from collections.abc import Collection
from typing import Any

from pydantic import SecretStr

from bot.gateway.errors import CallFacts, GatewayProtocolError, GatewayRejected, Refusal
from bot.gateway.models import NEVER, SETTINGS_FIELDS, GatewayModel, Int64, Key, KeySettings
from bot.gateway.numbers import KeyNumbers
from bot.gateway.replies import parse
from bot.languages import tr

PREFIX = "sk-"
LONG_PAST = 1
"""An expiry nobody can take for "never" or for a default: one second after the epoch."""

_VALUE = re.compile(r"[0-9A-Za-z._-]{1,200}")
_HINT_LENGTH = 12


class Page(GatewayModel):
    """One page of a list. A server that says null for no items means none."""

    total: Int64
    items: list[dict[str, Any]] | None


class _Credential(GatewayModel):
    id: Int64
    key: str


def core_of(value: str) -> str:
    """A key value without its one client-side prefix."""
    return value.removeprefix(PREFIX)


def is_masked(value: str) -> bool:
    """Any asterisk means the value is not usable; an empty one is not either."""
    return "*" in value or not core_of(value)


def hint_of(value: str) -> str:
    """First and last four characters of the value, or just an ellipsis when it is too short to show any of it."""
    core = core_of(value)
    return f"{core[:4]}…{core[-4:]}" if len(core) >= _HINT_LENGTH else "…"


def usable_value(value: str, facts: CallFacts) -> SecretStr:
    """The value with exactly one `sk-`. Raises GatewayRejected(VALUE_HIDDEN) when masked."""
    if is_masked(value):
        raise GatewayRejected(Refusal.VALUE_HIDDEN, facts=facts)
    if not _VALUE.fullmatch(core_of(value)):
        raise GatewayProtocolError(tr("The gateway gave a key value of an unknown form."), facts=facts)
    return SecretStr(PREFIX + core_of(value))


def key_and_value(data: Any, facts: CallFacts, numbers: KeyNumbers) -> tuple[Key, str]:
    """A record of the wire as a Key with its number inside Keydesk, and the raw value beside it (masked or not)."""
    found = parse(_Credential, data, facts)
    try:
        key_id = numbers.inside(found.id)
    except ValueError:
        raise GatewayProtocolError(tr("The gateway gave a key a number that no key can have."), facts=facts) from None
    told = {**data, "id": key_id, "hint": hint_of(found.key), "masked": is_masked(found.key)}
    return parse(Key, told, facts), found.key


def create_body(settings: KeySettings) -> dict[str, Any]:
    """The nine fields. Zero as expiry would mean never, so it is sent as a moment long past."""
    body = {field: getattr(settings, field) for field in SETTINGS_FIELDS}
    body["expired_time"] = LONG_PAST if settings.expired_time == 0 else settings.expired_time
    body["allow_ips"] = settings.allow_ips or ""
    return body


def update_body(record: Key, numbers: KeyNumbers, *, status: int) -> dict[str, Any]:
    """The complete record: omitted fields would be reset. A negative remainder is clamped, or the PUT would fail."""
    body = create_body(record)
    body["allow_ips"] = record.allow_ips
    if not record.unlimited_quota:
        body["remain_quota"] = max(0, record.remain_quota)
    return {"id": numbers.own(record.id), "status": int(status), **body}


def meaning(field: str, value: Any) -> Any:
    """A field's value with its harmless spellings made one."""
    if field == "allow_ips":
        return value or ""
    if field == "expired_time" and value != NEVER:
        return max(value, LONG_PAST)
    return value


def member_of(data: Any, name: str, facts: CallFacts, *, kind: type = str) -> Any:
    """One member of `data` of this kind. Raises GatewayProtocolError where it is missing or of another kind."""
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise GatewayProtocolError(tr("The gateway's answer does not have the documented shape."), facts=facts)
    return value


def newest_first(found: Collection[Key]) -> list[Key]:
    """Each key once, the highest number first."""
    return sorted({key.id: key for key in found}.values(), key=lambda key: -key.id)
