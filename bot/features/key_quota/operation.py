"""What a change of quota means: a delta on fresh numbers, or the limit taken away, or given back with a number."""

from typing import Any

from pydantic import model_validator

from bot.errors import InputError
from bot.features.forms.fields import QUOTA, REASON, UNLIMITED
from bot.features.forms.key_form import DELTA, read_key, too_much, waits
from bot.gateway.models import Key, KeyId, KeySettings
from bot.gateway.writes import WriteResult, change_quota, set_unlimited
from bot.keys.text import quota_text
from bot.languages import tr, trc
from bot.operations import (
    Change,
    Description,
    Effect,
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
from bot.units import MAX_QUOTA, format_quota, short_quota


class ChangeQuota(Frozen):
    """Exactly one of: `delta` units more (negative: less); no limit; a limit again, with `remain_quota` units left."""

    key_id: int
    delta: int | None = None
    unlimited_quota: bool | None = None
    remain_quota: int | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> "ChangeQuota":
        # A limit without a number brings back a stored rest, maybe negative (gateway-api.md, section 18, rule 14).
        if (self.unlimited_quota is False) != (self.remain_quota is not None):
            raise ValueError("a limit comes with what is left")
        if (self.delta is None) == (self.unlimited_quota is None):
            raise ValueError("either a delta or a limit")
        return self

    def settings(self, before: KeySettings) -> KeySettings:
        """The settings of the key after this change."""
        if self.delta is not None:
            return before.model_copy(update={"remain_quota": before.remain_quota + self.delta})
        if self.unlimited_quota:
            return before.model_copy(update={"unlimited_quota": True})
        return before.model_copy(update={"unlimited_quota": False, "remain_quota": self.remain_quota})


class KeyQuota(Operation):
    """`key.quota`."""

    description = Description(
        name="key.quota",
        title=tr("Change quota"),
        command="quota",
        usage="KEY [+AMOUNT | =AMOUNT]",
        help=tr("more quota, less, or no limit"),
        button=tr("More quota"),
        asks=tr("{who} asks to change the quota of key {name}"),
        you_ask=tr("you asked to change the quota of key {name}"),
        done=tr("Key {name} has a new quota."),
        ended=trc("status of a request", "Quota changed"),
        effect=Effect.CHANGES,
        fields=(DELTA, QUOTA, UNLIMITED, REASON),
    )
    input_model = ChangeQuota

    async def inspect(self, look: Look, actor: Actor, wanted: ChangeQuota) -> Inspection:
        """Read the key fresh, say what its quota would be. Raises InputError for what the gateway cannot hold."""
        key, own = await read_key(look, actor, wanted.key_id)
        _check(key, wanted, units_per_usd=look.dollars.of(key.id))
        after = wanted.settings(key.settings())
        # Without a limit nothing is added that could be counted; a limit again counts as the number it sets.
        increase = 0 if after.unlimited_quota else after.remain_quota - key.remain_quota
        facts = facts_of(after, now=look.now, increase=increase, reason=look.reason, channel=look.channel_id)
        lines = quota_lines(key, after, wanted.delta, units_per_usd=look.dollars.of(key.id))
        return Inspection(key=key, key_name=key.name, own=own, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: ChangeQuota) -> WriteResult:
        """Move remain + used by exactly the delta, or set the limit; an exhausted key is revived."""
        if waiting := await waits(work, wanted.key_id, "quota" if wanted.delta is not None else "unlimited"):
            return waiting
        client, journal, key_id = work.client, work.journal, KeyId(wanted.key_id)
        expected, processing = work.before, work.processing
        if wanted.delta is not None:
            return await change_quota(client, key_id, wanted.delta, journal, expected=expected, processing=processing)
        return await set_unlimited(
            client,
            key_id,
            journal,
            unlimited=bool(wanted.unlimited_quota),
            remain_quota=wanted.remain_quota,
            expected=expected,
            processing=processing,
        )

    def form_fields(self, wanted: ChangeQuota, *, now: float) -> dict[str, Filled]:
        """The old change, or the limit that was to go or to come back."""
        del now
        if wanted.delta is not None:
            sign = "+" if wanted.delta > 0 else ""
            return {DELTA: f"{sign}{short_quota(wanted.delta)}", UNLIMITED: False}
        left = {} if wanted.remain_quota is None else {QUOTA: short_quota(wanted.remain_quota)}
        return {UNLIMITED: bool(wanted.unlimited_quota), **left}

    def with_offer(self, wanted: ChangeQuota, offer: Offer) -> ChangeQuota:
        """The wish cut down: a smaller delta, also instead of no limit; a lower limit. Raises InputError."""
        changes: dict[str, Any] = {}
        if offer.delta is not None:
            asked = wanted.delta
            if asked is not None and offer.delta > asked:
                raise InputError({DELTA: tr("That is more than was asked for.")})
            if (asked is None or asked > 0) and offer.delta <= 0:
                raise InputError({DELTA: tr("More quota was asked for; offer some, or deny the request.")})
            changes |= {"delta": offer.delta, "unlimited_quota": None}
        if offer.remain_quota is not None:
            if wanted.remain_quota is None or offer.remain_quota > wanted.remain_quota:
                raise InputError({QUOTA: tr("That is more than was asked for.")})
            changes["remain_quota"] = offer.remain_quota
        return ChangeQuota.model_validate(wanted.model_dump() | changes)


def _check(key: Key, wanted: ChangeQuota, *, units_per_usd: int) -> None:
    """What the key cannot take, as errors under the fields."""
    if wanted.delta is not None and key.unlimited_quota:
        raise InputError(
            {DELTA: tr("The key has no limit, so there is nothing to add to. Untick the box to give it one.")}
        )
    if wanted.delta is not None and key.remain_quota + wanted.delta < 0:
        left = format_quota(key.remain_quota, units_per_usd)
        raise InputError({DELTA: tr("Only {amount} are left; that much cannot be taken away.", amount=left)})
    if wanted.delta is not None and key.remain_quota + wanted.delta > MAX_QUOTA:
        raise InputError({DELTA: too_much()})
    if wanted.unlimited_quota is not None and wanted.unlimited_quota == key.unlimited_quota:
        already = tr("The key has no limit already.") if key.unlimited_quota else tr("The key has a limit already.")
        raise InputError({UNLIMITED: already})


def quota_lines(key: Key, after: KeySettings, delta: int | None, *, units_per_usd: int) -> tuple[Change, ...]:
    """Before → after with money, and the delta by itself."""
    before_text = quota_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=units_per_usd)
    after_text = quota_text(after.remain_quota, unlimited=after.unlimited_quota, units_per_usd=units_per_usd)
    lines = [Change(field=QUOTA, label=tr("Quota left"), before=before_text, after=after_text)]
    if delta is not None:
        change = format_quota(delta, units_per_usd)
        more = trc("an amount that is added", "+{amount}", amount=change) if delta > 0 else change
        lines.append(
            Change(field=DELTA, label=trc("label: what a quota changes by", "Change"), before=None, after=more)
        )
    return tuple(lines)


OPERATION = KeyQuota()
