"""A key like an old one: the form for a new key, prefilled with the settings of one that was disabled."""

from typing import Any

from bot.deps import BACKGROUND_SECONDS, Deps
from bot.features.forms.fields import CUSTOM, NAME_LIMIT, NEVER_CHOICE, Prefill
from bot.features.forms.key_command import loading, row_id
from bot.features.key_create.operation import OPERATION
from bot.features.key_create.views import build_modal
from bot.gateway.models import NEVER, Key
from bot.gateway.numbers import gateway_of, shown_number
from bot.keys.lookup import Match
from bot.languages import tr
from bot.permissions.models import Actor
from bot.slack.delivery import Ack, Delivery
from bot.units import short_quota

# The button under “your key was disabled”; its value is the old key's id.
ACTION = "request_replacement"
_SUFFIX = "-2"


def prefill_of(key: Key, *, now: float) -> Prefill:
    """The old settings, with a name that is free most likely; an expiry that has passed becomes the usual one."""
    name = key.name.encode()[: NAME_LIMIT - len(_SUFFIX)].decode(errors="ignore") + _SUFFIX
    expires = key.expired_time
    expiry, expiry_at = (
        (NEVER_CHOICE, None) if expires == NEVER else (CUSTOM, expires) if expires > now else ("30d", None)
    )
    return Prefill(
        name=name,
        quota="" if key.unlimited_quota else short_quota(max(0, key.remain_quota)),
        unlimited=key.unlimited_quota,
        expiry=expiry,
        expiry_at=expiry_at,
        models=key.models,
        allowed_ips=key.allowed_ips,
        group=key.group,
        gateway=gateway_of(key.id),
        cross_group_retry=key.cross_group_retry,
        reason=tr("Replaces key {number} ({name}), which was disabled.", number=shown_number(key.id), name=key.name),
    )


async def open_replacement(deps: Deps, delivery: Delivery) -> Ack:
    """Open the form; asking for the key goes the same way as for any other."""
    actor = await deps.actor(delivery)
    await deps.flow.admit(actor, OPERATION.name)
    await delivery.responder.fill(delivery, loading(OPERATION.title), lambda: _form(deps, delivery, actor))
    return None


async def _form(deps: Deps, delivery: Delivery, actor: Actor) -> dict[str, Any]:
    number = row_id(delivery.action_value)
    key = await deps.lookup.by_number(number, deadline=BACKGROUND_SECONDS)
    found = [] if key is None else [Match(key)]
    # Judged as asked for in the channel for requests, because a policy cannot name a direct message.
    seen = await deps.access.visible(actor, "key.update", found, channel=deps.channel)
    if not seen:
        await deps.access.turn_away(actor, "key.update", found, str(number), channel=deps.channel)
    prefill = prefill_of(seen[0].key, now=deps.reader.server_now(seen[0].key.id))
    units = deps.dollars.at(prefill.gateway)
    return build_modal(prefill, gateways=deps.gateways, units_per_usd=units, channel=deps.channel)
