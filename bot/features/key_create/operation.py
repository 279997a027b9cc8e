"""What asking for a key means: the wish, the look before it, the create, and the search for what was made."""

from dataclasses import replace
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from bot.errors import InputError
from bot.features.forms.allowance_fields import REFILL_FIELD
from bot.features.forms.fields import (
    CROSS_GROUP,
    EXPIRY,
    EXPIRY_AT,
    GATEWAY,
    GROUP,
    IPS,
    MODELS,
    NAME,
    NEVER_CHOICE,
    QUOTA,
    REASON,
    UNLIMITED,
    name_taken,
)
from bot.features.forms.wishes import expiry_fields
from bot.gateway.models import KeySettings
from bot.gateway.numbers import first_of, gateway_of
from bot.gateway.writes import WriteResult, create
from bot.keys.prices import price_lines
from bot.keys.text import allowance_line, gateway_lines, new_key_lines
from bot.languages import tr, trc
from bot.operations import (
    AllowanceTerms,
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
from bot.periods import Period
from bot.permissions.models import Actor
from bot.units import short_quota


class CreateKey(Frozen):
    """A wish for a key: the gateway's nine fields; the expiry as it was chosen; how often it is refilled."""

    name: str
    remain_quota: int
    unlimited_quota: bool = False
    expiry: Expiry
    models: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    group: str = ""
    cross_group_retry: bool = False
    refill: Period | None = None
    # The gateway that makes it, "" = that of the settings.
    gateway: str = ""

    @model_serializer(mode="wrap")
    def _without_news(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Left out where there is none: a replica of the version before takes no field that it does not know."""
        plain: dict[str, Any] = dump(self)
        return {name: value for name, value in plain.items() if name not in {"refill", "gateway"} or value}

    @property
    def terms(self) -> AllowanceTerms | None:
        """What it is refilled with: filled up to its quota; None = it is not."""
        return None if self.refill is None else AllowanceTerms(amount=self.remain_quota, period=self.refill)

    def settings(self, start: float) -> KeySettings:
        """The record to be, its expiry counted from `start` (Unix seconds: the approval)."""
        return KeySettings.of(
            name=self.name,
            remain_quota=self.remain_quota,
            unlimited_quota=self.unlimited_quota,
            expired_time=self.expiry.moment(start),
            models=self.models,
            allowed_ips=self.allowed_ips,
            group=self.group,
            cross_group_retry=self.cross_group_retry,
        )


class KeyCreate(Operation):
    """`key.create`."""

    description = Description(
        name="key.create",
        title=tr("New API key"),
        command="new",
        usage="[NAME AMOUNT TIME MODEL because WHY]",
        help=tr("ask for a new key"),
        asks=tr("{who} asks for a new key {name}"),
        you_ask=tr("you asked for a new key {name}"),
        done=tr("Key {name} was created."),
        ended=trc("status of a request", "Created"),
        effect=Effect.CREATES,
        fields=(
            GATEWAY,
            NAME,
            QUOTA,
            UNLIMITED,
            REFILL_FIELD,
            EXPIRY,
            EXPIRY_AT,
            MODELS,
            IPS,
            GROUP,
            CROSS_GROUP,
            REASON,
        ),
    )
    input_model = CreateKey

    async def inspect(self, look: Look, actor: Actor, wanted: CreateKey) -> Inspection:
        """Names are unique in the account: one that is in use is refused here, and again in the run."""
        del actor  # a new key is the requester's own
        if not look.preview and await look.inventory.name_in_use(
            wanted.name, deadline=look.deadline, gateway=wanted.gateway
        ):
            raise InputError({NAME: name_taken(wanted.name)})
        settings = wanted.settings(look.now)
        facts = facts_of(
            settings, now=look.now, increase=wanted.remain_quota, reason=look.reason, channel=look.channel_id
        )
        facts = replace(facts, gateway=wanted.gateway or gateway_of(first_of(0)))
        terms = wanted.terms
        if terms is not None:
            facts = replace(facts, allowance=terms.amount, allowance_period=terms.period.seconds)
        unlisted = await look.unlisted(wanted.models, group=wanted.group, gateway=wanted.gateway)
        lines, units = gateway_lines(facts.gateway), look.dollars.at(wanted.gateway)
        lines += new_key_lines(settings, wanted.expiry, units_per_usd=units, unlisted=unlisted)
        if terms is not None:
            lines += (allowance_line(None, terms, units_per_usd=units),)
        prices = await look.prices(wanted.models, group=wanted.group, gateway=wanted.gateway)
        lines += price_lines(wanted.models, prices, units_per_usd=units)
        return Inspection(key=None, key_name=wanted.name, own=True, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: CreateKey) -> WriteResult:
        """POST once, find it, compare every field (docs/decisions/0004-verified-writes.md)."""
        return await create(work.client, wanted.settings(work.approved_at), work.journal, processing=work.processing)

    def form_fields(self, wanted: CreateKey, *, now: float) -> dict[str, Filled]:
        """All of the old wish."""
        return {
            NAME: wanted.name,
            QUOTA: "" if wanted.unlimited_quota and not wanted.remain_quota else short_quota(wanted.remain_quota),
            UNLIMITED: wanted.unlimited_quota,
            REFILL_FIELD: NEVER_CHOICE if wanted.refill is None else str(wanted.refill),
            **expiry_fields(wanted.expiry, now=now),
            MODELS: wanted.models,
            IPS: wanted.allowed_ips,
            GROUP: wanted.group,
            CROSS_GROUP: wanted.cross_group_retry,
            **({GATEWAY: wanted.gateway} if wanted.gateway else {}),
        }

    def with_offer(self, wanted: CreateKey, offer: Offer) -> CreateKey:
        """The wish cut down; an offer never grants more than was asked. Raises InputError."""
        changes: dict[str, Any] = {}
        if offer.remain_quota is not None:
            if not wanted.unlimited_quota and offer.remain_quota > wanted.remain_quota:
                raise InputError({"remain_quota": tr("That is more than was asked for.")})
            changes |= {"remain_quota": offer.remain_quota, "unlimited_quota": False}
        if offer.expiry is not None:
            changes["expiry"] = offer.expiry
        if offer.models is not None:
            if wanted.models and not set(offer.models) <= set(wanted.models):
                raise InputError({"model_limits": tr("Offer only models that were asked for.")})
            changes["models"] = offer.models
        return wanted.model_copy(update=changes)


OPERATION = KeyCreate()
