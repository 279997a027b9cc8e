"""The fields of a key in people's words: for cards, lists and before → after lines. Pure."""

from collections.abc import Collection, Iterable
from datetime import date, tzinfo

from bot.gateway.models import EffectiveState, GatewayAccount, Key, KeySettings, ModelAccess, OverPromise
from bot.languages import said, tr, trc, trn
from bot.languages.formats import some_of
from bot.operations import Allowance, AllowanceTerms, Change, Expiry
from bot.periods import Period, day_of
from bot.permissions.addresses import lets_in
from bot.units import format_duration, format_moment, format_quota

ALL_MODELS = trc("which models a key may use", "every model")
ANYWHERE = trc("from where a key may be used", "from anywhere")
OWN_GROUP = trc("the group of a key", "the account's own")
NO_MODEL = tr("no model: limited to an empty list (CometAPI's page says every model)")
_STATES = {
    EffectiveState.ACTIVE: trc("state of a key", "active"),
    EffectiveState.DISABLED: trc("state of a key", "disabled"),
    EffectiveState.EXPIRED: trc("state of a key", "expired"),
    EffectiveState.EXHAUSTED: trc("state of a key: its quota is used up", "exhausted"),
    EffectiveState.OVERDRAWN: trc("state of a key: more than its quota is used", "overdrawn"),
    EffectiveState.UNKNOWN: trc("state of a key", "unknown"),
}

# What each refill does, by period and rollover.
_REFILLS = {
    (Period.DAY, False): tr("filled up to {amount} every day"),
    (Period.WEEK, False): tr("filled up to {amount} every week"),
    (Period.MONTH, False): tr("filled up to {amount} every month"),
    (Period.DAY, True): tr("{amount} added every day"),
    (Period.WEEK, True): tr("{amount} added every week"),
    (Period.MONTH, True): tr("{amount} added every month"),
}


def state_text(state: EffectiveState) -> str:
    """Whether a key works, and else why not, in one word."""
    return said(_STATES[state])


def quota_text(units: int, *, unlimited: bool, units_per_usd: int) -> str:
    """`1.5M units ($3.00)`, or `unlimited`."""
    return trc("the quota of a key", "unlimited") if unlimited else format_quota(units, units_per_usd)


def left_text(units: int, *, unlimited: bool, units_per_usd: int) -> str:
    """`1.5M units ($3.00) left`, or `unlimited quota`."""
    if unlimited:
        return tr("unlimited quota")
    return trc("the quota of a key", "{amount} left", amount=format_quota(units, units_per_usd))


def lifetime_text(expired_time: int, *, now: float) -> str:
    """`never expires`, `expires …` or `expired …`."""
    if expired_time == -1:
        return trc("a key", "never expires")
    moment = format_moment(expired_time)
    if expired_time < now:
        return trc("a key", "expired {moment}", moment=moment)
    return trc("a key", "expires {moment}", moment=moment)


def expiry_text(expiry: Expiry) -> str:
    """An expiry that is asked for; a span counts from the approval."""
    if not expiry.seconds:
        return format_moment(expiry.moment(0))
    return tr("{duration} after approval", duration=format_duration(expiry.seconds))


def list_text(items: tuple[str, ...], empty: str) -> str:
    """A few entries in full, many by number."""
    if not items:
        return said(empty)
    return some_of(items, 12)


def addresses_text(entries: tuple[str, ...]) -> str:
    """From where a key may be used. A list that lets everybody in, by one network or by several together, is said."""
    text, note = list_text(entries, ANYWHERE), addresses_note(entries)
    return trc("allowed addresses, and what they mean", "{items} ({note})", items=text, note=note) if note else text


def addresses_note(entries: Iterable[str]) -> str:
    """How much more than named addresses a list lets in, for a sentence; "" where it names addresses, or is empty."""
    wide = lets_in(entries)
    if wide is None:
        return ""
    if wide.prefixlen == 0:
        return tr("this list lets everybody in")
    return tr("this list lets in all of {network}", network=wide)


def models_text(settings: KeySettings, unlisted: Collection[str] = ()) -> str:
    """Which models a key may use. `unlisted`: those that the gateway does not list, which are marked."""
    if settings.model_access is ModelAccess.NOTHING:
        return said(NO_MODEL)
    named = (tr("{model} (not in the list)", model=model) if model in unlisted else model for model in settings.models)
    return list_text(tuple(named), ALL_MODELS)


def allowance_text(terms: AllowanceTerms | None, *, units_per_usd: int) -> str:
    """`filled up to 10M units ($20.00) every month`, or `none`."""
    if terms is None:
        return trc("the allowance of a key", "none")
    amount = format_quota(terms.amount, units_per_usd)
    return _REFILLS[terms.period, terms.rollover].filled(amount=amount)


def allowance_line(before: AllowanceTerms | None, after: AllowanceTerms | None, *, units_per_usd: int) -> Change:
    """The line of a card: what a key is refilled with, and what it is to be."""
    texts = [allowance_text(terms, units_per_usd=units_per_usd) for terms in (before, after)]
    label = trc("label: what a key is refilled with", "Allowance")
    return Change(field="allowance", label=label, before=texts[0], after=texts[1])


def refilled_text(allowance: Allowance, *, now: float, time_zone: tzinfo, units_per_usd: int) -> str:
    """What a key is refilled with, and when next. `now`: by our clock."""
    terms, today = allowance_text(allowance.terms, units_per_usd=units_per_usd), day_of(now, time_zone)
    if not allowance.is_covered(today):
        return tr("{terms}; the next refill is due", terms=terms)
    return tr("{terms}; the next refill is on {day}", terms=terms, day=allowance.next_day(today).isoformat())


def refill_lines(day: date | None, time_zone: tzinfo) -> tuple[Change, ...]:
    """When the first refill by new terms is; None = at once."""
    when = tr("at once, after the approval")
    if day is not None:
        when = tr("on {day}, in the time zone {zone}", day=day.isoformat(), zone=str(time_zone))
    return (Change(field="refill", label=tr("First refill"), before=None, after=when),)


def gateway_lines(gateway: str | None) -> tuple[Change, ...]:
    """The gateway of a new key, where there is more than one."""
    return (Change(field="gateway", label=tr("Gateway"), before=None, after=gateway),) if gateway else ()


def new_key_lines(
    settings: KeySettings, expiry: Expiry, *, units_per_usd: int, unlisted: Collection[str] = ()
) -> tuple[Change, ...]:
    """All that a new key is to have. `unlisted`: models that the gateway does not list."""
    lines = [
        (
            "remain_quota",
            tr("Quota"),
            quota_text(settings.remain_quota, unlimited=settings.unlimited_quota, units_per_usd=units_per_usd),
        ),
        ("expired_time", _expires(), expiry_text(expiry)),
        ("model_limits", tr("Models"), models_text(settings, unlisted)),
        ("allow_ips", tr("Allowed IPs"), addresses_text(settings.allowed_ips)),
    ]
    if settings.group:
        lines.append(("group", tr("Group"), settings.group))
    if settings.cross_group_retry:
        lines.append(("cross_group_retry", tr("Cross-group retry"), _on(True)))
    return tuple(Change(field=name, label=label, before=None, after=after) for name, label, after in lines)


def changed_lines(
    before: KeySettings, after: KeySettings, *, expiry: Expiry | None, unlisted: Collection[str] = ()
) -> tuple[Change, ...]:
    """Only what differs, before → after. `expiry`: the wish, when a span is to count from the approval."""
    moment = expiry_text(expiry) if expiry is not None else format_moment(after.expired_time)
    pairs = (
        ("name", tr("Name"), before.name, after.name),
        ("expired_time", _expires(), format_moment(before.expired_time), moment),
        ("model_limits", tr("Models"), models_text(before), models_text(after, unlisted)),
        ("allow_ips", tr("Allowed IPs"), addresses_text(before.allowed_ips), addresses_text(after.allowed_ips)),
        ("group", tr("Group"), before.group or said(OWN_GROUP), after.group or said(OWN_GROUP)),
        ("cross_group_retry", tr("Cross-group retry"), _on(before.cross_group_retry), _on(after.cross_group_retry)),
    )
    return tuple(Change(field=f, label=label, before=old, after=new) for f, label, old, new in pairs if old != new)


def account_trouble(account: GatewayAccount | None, key: Key, *, now: float) -> str:
    """What a key that looks well cannot do because of the account behind it; "" when nothing is known against it."""
    if account is None or account.quota > 0 or key.state(now) is not EffectiveState.ACTIVE:
        return ""
    return tr(":warning: The key has quota, the gateway's account has none: calls are refused until it is topped up.")


def account_empty_text(account: GatewayAccount | None) -> str:
    """That no key can be used because the account has nothing left; "" when nothing is known against it."""
    if account is None or account.quota > 0:
        return ""
    return tr(":warning: The gateway's account has nothing left: calls with any key are refused until it is topped up.")


def account_text(promise: OverPromise, *, units_per_usd: int) -> str:
    """What the account has, and what its keys may still spend of it."""
    promised, balance = format_quota(promise.promised, units_per_usd), format_quota(promise.balance, units_per_usd)
    if not promise.unlimited:
        return tr(
            "The gateway's account has {balance}; keys may still spend {promised}.", balance=balance, promised=promised
        )
    return trn(
        "The gateway's account has {balance}; keys may still spend {promised}, and {count} key has no limit.",
        "The gateway's account has {balance}; keys may still spend {promised}, and {count} keys have no limit.",
        promise.unlimited,
        balance=balance,
        promised=promised,
    )


def over_promise_text(promise: OverPromise, *, units_per_usd: int) -> str:
    """What all keys may still spend beyond what the account has; "" when it is enough."""
    if not promise.missing:
        return ""
    promised, balance = format_quota(promise.promised, units_per_usd), format_quota(promise.balance, units_per_usd)
    if not promise.unlimited:
        return tr(
            "Keys may still spend {promised}; the gateway's account has {balance}. Top it up, or lower quotas.",
            promised=promised,
            balance=balance,
        )
    return trn(
        "Keys may still spend {promised}, and {count} key has no limit; the gateway's account has {balance}. "
        "Top it up, or lower quotas.",
        "Keys may still spend {promised}, and {count} keys have no limit; the gateway's account has {balance}. "
        "Top it up, or lower quotas.",
        promise.unlimited,
        promised=promised,
        balance=balance,
    )


def _expires() -> str:
    return trc("label: when a key expires", "Expires")


def age_text(as_of: float, now: float) -> str:
    """`as of 2 minutes ago`: how old what is shown is."""
    minutes = int(max(0.0, now - as_of) // 60)
    if minutes < 1:
        return tr("as of a moment ago")
    if minutes < 120:
        return trn("as of {count} minute ago", "as of {count} minutes ago", minutes)
    if minutes < 2880:
        return trn("as of {count} hour ago", "as of {count} hours ago", minutes // 60)
    return trn("as of {count} day ago", "as of {count} days ago", minutes // 1440)


def quota_bar(key: Key) -> str:
    """How much of a key's quota is used, as a bar of ten and a percentage; "" for a key without a limit."""
    return "" if key.unlimited_quota else quantity_bar(key.used_quota, key.total_quota)


def quantity_bar(used_units: int, total: int) -> str:
    """A bar of ten and a percentage; "" where there is nothing to use."""
    if total <= 0:
        return ""
    used = min(1.0, max(0.0, used_units / total))
    # Full only when nothing is left, empty only when nothing was used.
    full = min(9, max(1, round(10 * used))) if 0 < used < 1 else round(10 * used)
    percent = min(99, max(1, round(100 * used))) if 0 < used < 1 else round(100 * used)
    return tr("{bar} {share} used", bar="█" * full + "░" * (10 - full), share=f"{percent} %")


def _on(value: bool) -> str:  # one value in, one word out
    return trc("a switch of a key", "on") if value else trc("a switch of a key", "off")
