"""What an allowance means: terms in our own row, and refills by a delta on fresh numbers, each a request of its own."""

from collections.abc import Mapping
from dataclasses import replace

from bot.approvals.refills import REFILL
from bot.errors import InputError
from bot.features.forms.allowance_fields import ALLOWANCE, REFILL_FIELD, ROLLOVER, no_limit
from bot.features.forms.fields import NEVER_CHOICE, REASON
from bot.features.forms.key_form import read_key, too_much, waits
from bot.features.forms.new_owner import handed_over, refused
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import gateway_of, shown_number
from bot.gateway.writes import WriteResult, WriteStatus, change_quota
from bot.keys.text import allowance_line, refill_lines
from bot.languages import tr, trc
from bot.operations import (
    Allowance,
    AllowanceTerms,
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
    is_refilled,
)
from bot.periods import Period, day_of, span_of
from bot.permissions.models import Actor, ActorKind, Facts
from bot.units import MAX_QUOTA, format_quota, short_quota

# Until Slack is asked again who somebody is.
SILENT_SECONDS = 30.0


class ChangeAllowance(Frozen):
    """`terms` None: it ends. The look fills in who owns the key. `refill`: by terms that were granted before; `most`:
    no more than that, since budgets have no more.
    """

    key_id: int
    terms: AllowanceTerms | None
    owner_id: str = ""
    refill: bool = False
    most: int | None = None


class KeyAllowance(Operation):
    """`key.allowance`."""

    description = Description(
        name="key.allowance",
        title=tr("Allowance"),
        command="allowance",
        usage="KEY [AMOUNT per day | week | month] | off",
        help=tr("a quota that is refilled once per period"),
        button=tr("Allowance"),
        owned=True,
        asks=tr("{who} asks to change the allowance of key {name}"),
        you_ask=tr("you asked to change the allowance of key {name}"),
        done=tr("The allowance of key {name} is up to date."),
        ended=trc("status of a request", "Allowance changed"),
        effect=Effect.CHANGES,
        fields=(ALLOWANCE, REFILL_FIELD, ROLLOVER, REASON),
    )
    input_model = ChangeAllowance

    async def inspect(self, look: Look, actor: Actor, wanted: ChangeAllowance) -> Inspection:
        """Read the key fresh, and what it is refilled with now. Raises InputError for what changes nothing."""
        key, own = await read_key(look, actor, wanted.key_id)
        owner = await look.owner_of(key.id, key.created_time)
        if owner is None:
            nobody = tr(
                "Nobody owns the key yet: `/apikey adopt {number} @person` gives it an owner.",
                number=shown_number(key.id),
            )
            raise InputError({REFILL_FIELD: nobody})
        successor = await look.successor_of(key.id, key.created_time)
        if successor is not None:
            raise InputError(
                {REFILL_FIELD: tr("The key was replaced by key {key}; that one is in use.", key=successor)}
            )
        known = await look.allowance_of(key.id, key.created_time)
        before = known.terms if known is not None and known.stands else None
        _check(key, before, wanted.terms)
        return Inspection(
            key=key,
            key_name=key.name,
            own=own,
            facts=_facts(look, key, before, wanted.terms),
            changes=_lines(look, key, known, before, wanted.terms),
            completed=wanted.model_copy(update={"owner_id": owner}),
        )

    async def run(self, work: Work, wanted: ChangeAllowance) -> WriteResult:
        """Terms: nothing is written to the gateway. A refill: its delta, so that nothing that is spent is lost."""
        mark, fresh = await work.journal.recall(REFILL) if wanted.refill else None, None
        if mark is None:
            found = await self._look_again(work, wanted)
            if isinstance(found, WriteResult):
                return found
            if not wanted.refill or wanted.terms is None:
                return handed_over(found)
            span, fresh = span_of(wanted.terms.period, day_of(work.client.now(), work.time_zone)), found
            units = wanted.terms.units(found.remain_quota)
            units = units if wanted.most is None else min(units, wanted.most)
            mark = {"first": span.first.isoformat(), "until": span.until.isoformat(), "units": units}
            await work.journal.record(REFILL, mark)
        key_id, units = KeyId(wanted.key_id), int(mark["units"])
        if units == 0:
            return handed_over(fresh or await work.client.get_key(key_id))
        return await change_quota(work.client, key_id, units, work.journal, fresh=fresh, processing=work.processing)

    async def _look_again(self, work: Work, wanted: ChangeAllowance) -> Key | WriteResult:
        """The key as it is now, if it may be refilled, or may get these terms."""
        if wanted.refill and (waiting := await waits(work, wanted.key_id, "quota")):
            return waiting
        if wanted.refill and (absent := await _absent(work, wanted.owner_id)):
            return absent
        if why := await work.lineage.out_of_use(wanted.key_id):
            return refused(why)
        key = await work.client.get_key(KeyId(wanted.key_id))
        if isinstance(work.before, Key) and work.before.created_time != key.created_time:
            return refused(tr("The number belongs to another key now than the one that this was asked for."))
        if await work.ownership.owner_of(key.id, key.created_time) != wanted.owner_id:
            return refused(tr("The key belongs to somebody else by now than when this was asked. Ask again."))
        problem = _problem(key, wanted, now=work.client.server_now())
        # With the key, so that one that is not in use is known as such.
        return refused(problem).model_copy(update={"key": key}) if problem else key

    def form_fields(self, wanted: ChangeAllowance, *, now: float) -> Mapping[str, Filled]:
        """The terms that were asked for."""
        del now
        if wanted.terms is None:
            return {REFILL_FIELD: NEVER_CHOICE}
        terms = wanted.terms
        return {REFILL_FIELD: str(terms.period), ALLOWANCE: short_quota(terms.amount), ROLLOVER: terms.rollover}

    def with_offer(self, wanted: ChangeAllowance, offer: Offer) -> ChangeAllowance:
        """Less once per period. Raises InputError."""
        if offer.allowance is None or wanted.terms is None:
            return wanted
        if offer.allowance > wanted.terms.amount:
            raise InputError({ALLOWANCE: tr("That is more than was asked for.")})
        return wanted.model_copy(update={"terms": wanted.terms.model_copy(update={"amount": offer.allowance})})


async def _absent(work: Work, owner_id: str) -> WriteResult | None:
    """Why the owner gets no refill now: keys of who has left are refilled by nobody. None when they do."""
    kind = (await work.ownership.standing(owner_id)).kind
    if kind is ActorKind.UNKNOWN:
        why = tr("Slack does not say who the owner of the key is.")
        return WriteResult(status=WriteStatus.FAILED, sentence=why, again_after=SILENT_SECONDS)
    if kind is not ActorKind.MEMBER:
        return refused(tr("The owner of the key is no full member of this workspace any more."))
    return None


def _problem(key: Key, wanted: ChangeAllowance, *, now: float) -> str:
    """Why a key cannot be refilled now, or get these terms; "" when it can."""
    terms = wanted.terms
    if terms is not None and key.unlimited_quota:
        return no_limit()
    if terms is None or not wanted.refill:
        return ""
    if not is_refilled(key, now=now):
        return tr("The key is not in use.")
    if key.remain_quota + terms.units(key.remain_quota) < 0:
        return tr("The key is overdrawn by more than one refill. Raise its quota first.")
    return ""


def _check(key: Key, before: AllowanceTerms | None, after: AllowanceTerms | None) -> None:
    """What changes nothing, and what the key cannot take, as an error under a field."""
    if after is None and before is None:
        raise InputError({REFILL_FIELD: tr("The key has no allowance, so there is none to end.")})
    if after is not None and key.unlimited_quota:
        raise InputError({REFILL_FIELD: no_limit()})
    if after is not None and after == before:
        raise InputError({ALLOWANCE: tr("That is its allowance already.")})
    if after is not None and key.remain_quota + after.amount > MAX_QUOTA:
        raise InputError({ALLOWANCE: too_much()})


def _facts(look: Look, key: Key, before: AllowanceTerms | None, after: AllowanceTerms | None) -> Facts:
    """The key after a refill, and what is refilled; what is no more than before adds nothing."""
    settings = key.settings()
    amount = 0 if after is None else after.amount
    # A rollover grows without an end, whatever the amount is.
    less = after is None or (
        before is not None
        and (before.period, before.rollover) == (after.period, after.rollover)
        and amount <= before.amount
    )
    left = key.remain_quota if after is None else key.remain_quota + max(0, after.units(key.remain_quota))
    facts = facts_of(
        settings.model_copy(update={"remain_quota": left}),
        now=look.now,
        increase=0 if less else amount,
        reason=look.reason,
        channel=look.channel_id,
    )
    period = Period.MONTH if after is None else after.period
    return replace(facts, allowance=amount, allowance_period=period.seconds)


def _lines(
    look: Look, key: Key, known: Allowance | None, before: AllowanceTerms | None, after: AllowanceTerms | None
) -> tuple[Change, ...]:
    """Terms before → after, when the first refill is, and whether the account has that much."""
    units = look.dollars.of(key.id)
    lines = [allowance_line(before, after, units_per_usd=units)]
    if after is not None:
        today = day_of(look.now, look.time_zone)
        covered = known is not None and known.is_covered(today)
        lines += refill_lines(known.next_day(today) if known is not None and covered else None, look.time_zone)
        account = look.inventory.known_account(gateway_of(key.id))
        if account is not None and account.quota < after.amount:
            has = format_quota(account.quota, units)
            less = tr("{amount}, which is less than one refill", amount=has)
            lines.append(Change(field="account", label=tr("The gateway's account has"), before=None, after=less))
    return tuple(lines)


OPERATION = KeyAllowance()
