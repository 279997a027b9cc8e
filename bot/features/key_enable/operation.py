"""What enabling means: status 1, after a new expiry where the key has expired and more quota where it has none."""

from dataclasses import replace

from bot.errors import InputError
from bot.features.forms.fields import EXPIRY, EXPIRY_AT, REASON
from bot.features.forms.key_form import DELTA, read_key, too_much, waits
from bot.features.forms.wishes import expiry_fields
from bot.gateway.models import EffectiveState, Key, KeyId, KeySettings, KeyStatus
from bot.gateway.numbers import shown_number
from bot.gateway.writes import WriteResult, WriteStatus, enable
from bot.keys.text import expiry_text, quota_text, state_text
from bot.languages import tr, trc
from bot.operations import (
    Change,
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
from bot.units import MAX_QUOTA, format_moment, format_quota, short_quota


class EnableKey(Frozen):
    """A wish to use a key again. `expiry` and `delta` (units more) only where it cannot be used without."""

    key_id: int
    expiry: Expiry | None = None
    delta: int | None = None

    def settings(self, before: KeySettings, start: float) -> KeySettings:
        """The settings of the key after this change."""
        expired_time = before.expired_time if self.expiry is None else self.expiry.moment(start)
        remain_quota = before.remain_quota + (self.delta or 0)
        return before.model_copy(update={"expired_time": expired_time, "remain_quota": remain_quota})


class KeyEnable(Operation):
    """`key.enable`."""

    description = Description(
        name="key.enable",
        title=tr("Enable API key"),
        command="enable",
        usage="KEY…",
        help=tr("put keys back into use; also `batch N`"),
        button=trc("button", "Enable"),
        applies=lambda key: key.status != KeyStatus.ENABLED,
        asks=tr("{who} asks to enable key {name}"),
        you_ask=tr("you asked to enable key {name}"),
        done=tr("Key {name} was enabled."),
        ended=trc("status of a request", "Enabled"),
        effect=Effect.CHANGES,
        state_after=EffectiveState.ACTIVE,
        fields=(EXPIRY, EXPIRY_AT, DELTA, REASON),
    )
    input_model = EnableKey

    async def inspect(self, look: Look, actor: Actor, wanted: EnableKey) -> Inspection:
        """Read the key fresh and see that it would be usable. Raises InputError for what is lacking."""
        key, own = await read_key(look, actor, wanted.key_id)
        now = look.reader.server_now(key.id)
        after = wanted.settings(key.settings(), look.now)
        successor = await look.successor_of(key.id, key.created_time)
        if successor is not None:
            raise InputError(
                {REASON: tr("The key was replaced by key {key}, so it stays out of use.", key=shown_number(successor))}
            )
        _check(key, wanted, now=now, units_per_usd=look.dollars.of(key.id))
        increase = wanted.delta or 0
        facts = facts_of(after, now=look.now, increase=increase, reason=look.reason, channel=look.channel_id)
        facts = replace(facts, extended=wanted.expiry is not None)
        lines = _lines(key, after, wanted, now=now, units_per_usd=look.dollars.of(key.id))
        return Inspection(key=key, key_name=key.name, own=own, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: EnableKey) -> WriteResult:
        """Expiry and quota first, then the status, then read back: enabled, not expired, not empty."""
        if why := await work.lineage.out_of_use(wanted.key_id):
            return WriteResult(status=WriteStatus.REFUSED, sentence=why)
        if wanted.delta is not None and (waiting := await waits(work, wanted.key_id, "enable.put")):
            return waiting
        return await enable(
            work.client,
            KeyId(wanted.key_id),
            work.journal,
            expired_time=None if wanted.expiry is None else wanted.expiry.moment(work.approved_at),
            add_quota=wanted.delta,
            expected=work.before,
            processing=work.processing,
        )

    def form_fields(self, wanted: EnableKey, *, now: float) -> dict[str, Filled]:
        """What was to be added, where the key needs it still."""
        delta: dict[str, Filled] = {} if wanted.delta is None else {DELTA: f"+{short_quota(wanted.delta)}"}
        return delta | ({} if wanted.expiry is None else expiry_fields(wanted.expiry, now=now))

    def with_offer(self, wanted: EnableKey, offer: Offer) -> EnableKey:
        """The wish cut down: less quota, a shorter life. Raises InputError."""
        if offer.delta is not None:
            if wanted.delta is None or not 0 < offer.delta <= wanted.delta:
                raise InputError({DELTA: tr("Offer some quota, at most what was asked for.")})
            wanted = wanted.model_copy(update={"delta": offer.delta})
        return wanted if offer.expiry is None else wanted.model_copy(update={"expiry": offer.expiry})


def _check(key: Key, wanted: EnableKey, *, now: float, units_per_usd: int) -> None:
    if key.state(now) is EffectiveState.ACTIVE:
        raise InputError({REASON: tr("The key is active already.")})
    if key.is_past(now) and wanted.expiry is None:
        raise InputError({EXPIRY: tr("The key has expired; choose when it is to end. Open this form again to do so.")})
    left = key.remain_quota + (wanted.delta or 0)
    if not key.unlimited_quota and left <= 0:
        amount = format_quota(key.remain_quota, units_per_usd)
        lacks = tr("The key has {amount} left; add more than it lacks. Open this form again to do so.", amount=amount)
        raise InputError({DELTA: lacks})
    if left > MAX_QUOTA:
        raise InputError({DELTA: too_much()})


def _lines(key: Key, after: KeySettings, wanted: EnableKey, *, now: float, units_per_usd: int) -> tuple[Change, ...]:
    active = state_text(EffectiveState.ACTIVE)
    lines = [Change(field="status", label=tr("State"), before=state_text(key.state(now)), after=active)]
    if wanted.expiry is not None:
        before, new = format_moment(key.expired_time), expiry_text(wanted.expiry)
        lines.append(Change(field=EXPIRY, label=trc("label: when a key expires", "Expires"), before=before, after=new))
    if wanted.delta is not None:
        old, more = (
            quota_text(one.remain_quota, unlimited=one.unlimited_quota, units_per_usd=units_per_usd)
            for one in (key, after)
        )
        lines.append(Change(field=DELTA, label=tr("Quota left"), before=old, after=more))
    return tuple(lines)


OPERATION = KeyEnable()
