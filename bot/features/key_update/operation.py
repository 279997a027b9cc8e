"""What changing a key means: only the fields that were changed, on the key as it was seen."""

from typing import Any

from bot.errors import InputError
from bot.features.forms.fields import (
    CROSS_GROUP,
    EVERY_MODEL,
    EXPIRY,
    EXPIRY_AT,
    GROUP,
    IPS,
    MODELS,
    NAME,
    REASON,
    name_taken,
)
from bot.features.forms.wishes import expiry_fields
from bot.gateway.models import KeyId, KeySettings
from bot.gateway.numbers import gateway_of
from bot.gateway.writes import KeyChanges, WriteResult, update
from bot.keys.prices import price_lines
from bot.keys.text import changed_lines
from bot.languages import tr, trc
from bot.operations import (
    Description,
    Effect,
    Expiry,
    Filled,
    Frozen,
    Inspection,
    Look,
    Offer,
    Operation,
    Work,
    facts_of,
)
from bot.permissions.models import Actor


class UpdateKey(Frozen):
    """A wish to change a key: None = leave as it is. Lists replace the whole list; an empty one lifts the limit."""

    key_id: int
    name: str | None = None
    expiry: Expiry | None = None
    models: tuple[str, ...] | None = None
    # Lifts the limit on models and keeps the list.
    every_model: bool = False
    allowed_ips: tuple[str, ...] | None = None
    group: str | None = None
    cross_group_retry: bool | None = None

    def changes(self, start: float) -> KeyChanges:
        """The fields as the gateway takes them, the expiry counted from `start`."""
        models = self.models
        return KeyChanges(
            name=self.name,
            expired_time=None if self.expiry is None else self.expiry.moment(start),
            model_limits_enabled=False if self.every_model else None if models is None else bool(models),
            model_limits=None if models is None or self.every_model else ",".join(models),
            allow_ips=None if self.allowed_ips is None else "\n".join(self.allowed_ips),
            group=self.group,
            cross_group_retry=self.cross_group_retry,
        )

    def settings(self, before: KeySettings, start: float) -> KeySettings:
        """The settings of the key after this change."""
        return before.model_copy(update=self.changes(start).as_fields())


class KeyUpdate(Operation):
    """`key.update`."""

    description = Description(
        name="key.update",
        title=tr("Edit API key"),
        command="edit",
        usage="KEY",
        help=tr("change a key's settings"),
        button=trc("button", "Edit"),
        asks=tr("{who} asks to change key {name}"),
        you_ask=tr("you asked to change key {name}"),
        done=tr("Key {name} was changed."),
        ended=trc("status of a request", "Changed"),
        effect=Effect.CHANGES,
        fields=(NAME, EXPIRY, EXPIRY_AT, MODELS, EVERY_MODEL, IPS, GROUP, CROSS_GROUP, REASON),
    )
    input_model = UpdateKey

    async def inspect(self, look: Look, actor: Actor, wanted: UpdateKey) -> Inspection:
        """Read the key fresh; what is left is what really changes. Raises InputError when that is nothing."""
        key = look.read
        if key is None or key.id != wanted.key_id:
            key = await look.reader.get_key(KeyId(wanted.key_id), deadline=look.deadline)
        before = key.settings()
        after = wanted.settings(before, look.now)
        unlisted = await look.unlisted(wanted.models or (), group=after.group, gateway=gateway_of(key.id))
        lines = changed_lines(before, after, expiry=wanted.expiry, unlisted=unlisted)
        if not look.preview:
            if not lines:
                raise InputError({NAME: tr("Nothing is changed yet. Change a field, or cancel.")})
            renamed = after.name != before.name
            if renamed and await look.inventory.name_in_use(
                after.name, deadline=look.deadline, gateway=gateway_of(key.id)
            ):
                raise InputError({NAME: name_taken(after.name)})
        prices = await look.prices(wanted.models or (), group=after.group, gateway=gateway_of(key.id))
        lines += price_lines(wanted.models or (), prices, units_per_usd=look.dollars.of(key.id))
        facts = facts_of(after, now=look.now, increase=0, reason=look.reason, channel=look.channel_id)
        own = await look.owner_of(key.id, key.created_time) == actor.slack_user_id
        return Inspection(key=key, key_name=before.name, own=own, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: UpdateKey) -> WriteResult:
        """Write the complete record with only these fields altered, unless it changed since it was approved."""
        return await update(
            work.client,
            KeyId(wanted.key_id),
            wanted.changes(work.approved_at),
            work.journal,
            expected=work.before,
            processing=work.processing,
        )

    def form_fields(self, wanted: UpdateKey, *, now: float) -> dict[str, Filled]:
        """What was to change; the rest is as the key is now."""
        asked: dict[str, Filled | None] = {
            NAME: wanted.name,
            MODELS: wanted.models,
            EVERY_MODEL: wanted.every_model,
            IPS: wanted.allowed_ips,
            GROUP: wanted.group,
            CROSS_GROUP: wanted.cross_group_retry,
        }
        expiry = {} if wanted.expiry is None else expiry_fields(wanted.expiry, now=now)
        return {field: value for field, value in asked.items() if value is not None} | expiry

    def with_offer(self, wanted: UpdateKey, offer: Offer) -> UpdateKey:
        """The wish cut down: a shorter life, fewer models. Raises InputError."""
        changes: dict[str, Any] = {}
        if offer.expiry is not None:
            changes["expiry"] = offer.expiry
        if offer.models is not None:
            changes["models"] = offer.models
        return wanted.model_copy(update=changes)


OPERATION = KeyUpdate()
