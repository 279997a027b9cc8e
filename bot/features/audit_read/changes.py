"""What a line of the record tells of the fields that were changed: new values, or before and after. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bot.approvals.cards.change_lines import change_value
from bot.gateway.models import NEVER, KeySettings, KeyStatus
from bot.keys.text import changed_lines, expiry_text, new_key_lines, quota_text
from bot.languages import said, tr, trc
from bot.languages.formats import with_commas
from bot.operations import Change, Description, Expiry, Offer
from bot.slack.blocks import inert, truncate
from bot.units import format_quota

_LONGEST = 120

_STATUSES = {
    KeyStatus.ENABLED: trc("status of a key at the gateway", "enabled"),
    KeyStatus.DISABLED: trc("status of a key at the gateway", "disabled"),
    KeyStatus.EXPIRED: trc("status of a key at the gateway", "expired"),
    KeyStatus.EXHAUSTED: trc("status of a key at the gateway", "exhausted"),
}


def changes_text(changes: Sequence[Change]) -> str:
    """`Quota 100k → 200k, Expires never`."""
    return with_commas(map(_change, changes))


def _change(change: Change) -> str:
    label, after = change.label, change_value(change, change.after)
    if change.before is None:
        return trc("a new value", "{label} {value}", label=label, value=after)
    before = change_value(change, change.before)
    return trc("a value before and after", "{label} {before} → {after}", label=label, before=before, after=after)


def offered_text(offer: Offer, *, units_per_usd: int) -> str:
    """What was granted instead of what was asked."""
    parts: list[str] = []
    if offer.remain_quota is not None:
        parts.append(tr("quota {amount}", amount=format_quota(offer.remain_quota, units_per_usd)))
    if offer.delta is not None:
        parts.append(tr("{amount} more", amount=format_quota(offer.delta, units_per_usd)))
    if offer.allowance is not None:
        parts.append(tr("{amount} in each refill", amount=format_quota(offer.allowance, units_per_usd)))
    if offer.expiry is not None:
        parts.append(trc("a key", "expires {moment}", moment=expiry_text(offer.expiry)))
    if offer.models is not None:
        models = inert(truncate(with_commas(offer.models), _LONGEST))
        parts.append(tr("models {models}", models=models) if models else tr("every model"))
    return with_commas(parts)


def made_text(details: Mapping[str, Any], described: Description | None, *, units_per_usd: int) -> str:
    """What the readings before and after a change tell, "" where they tell nothing. `described`: the operation."""
    before, after = _settings(details.get("before")), _settings(details.get("after"))
    if after is None:
        return ""
    if before is None or (described is not None and described.creates):
        expiry = Expiry() if after.expired_time == NEVER else Expiry(at=after.expired_time)
        return changes_text(new_key_lines(after, expiry, units_per_usd=units_per_usd))
    changes = [*changed_lines(before, after, expiry=None)]
    # Usage changes the quota between the two reads, so it is shown only for operations that change it.
    if described is not None and described.changes_quota:
        old, new = (
            quota_text(one.remain_quota, unlimited=one.unlimited_quota, units_per_usd=units_per_usd)
            for one in (before, after)
        )
        changes += [Change(field="remain_quota", label=tr("Quota left"), before=old, after=new)] if old != new else []
    old, new = _status(details["before"]), _status(details["after"])
    changes += [Change(field="status", label=tr("Status"), before=old, after=new)] if old != new else []
    return changes_text(changes)


def _settings(stored: object) -> KeySettings | None:
    try:
        return KeySettings.model_validate(stored)
    except ValidationError:
        return None


def _status(stored: Mapping[str, Any]) -> str:
    status = stored.get("status")
    found = next((one for one in KeyStatus if one == status), None)
    return str(status) if found is None else said(_STATUSES[found])
