"""The fields of a key in people's words: for cards, lists and before → after lines. Pure."""

from collections.abc import Collection, Iterable

from bot.gateway.models import EffectiveState, GatewayAccount, Key, KeySettings, ModelAccess, OverPromise
from bot.languages import said, trc
from bot.operations import Change, Expiry
from bot.permissions.addresses import lets_in
from bot.units import format_duration, format_moment, format_quota

ALL_MODELS, ANYWHERE, OWN_GROUP = "every model", "from anywhere", "the account's own"
NO_MODEL = "no model: limited to an empty list (CometAPI's page says every model)"
NOT_LISTED = "not in the list"
_STATES = {
    EffectiveState.ACTIVE: trc("state of a key", "active"),
    EffectiveState.DISABLED: trc("state of a key", "disabled"),
    EffectiveState.EXPIRED: trc("state of a key", "expired"),
    EffectiveState.EXHAUSTED: trc("state of a key: its quota is used up", "exhausted"),
    EffectiveState.OVERDRAWN: trc("state of a key: more than its quota is used", "overdrawn"),
    EffectiveState.UNKNOWN: trc("state of a key", "unknown"),
}


def state_text(state: EffectiveState) -> str:
    """Whether a key works, and else why not, in one word."""
    return said(_STATES[state])


def quota_text(units: int, *, unlimited: bool, units_per_usd: int) -> str:
    """`1.5M units ($3.00)`, or `unlimited`."""
    return "unlimited" if unlimited else format_quota(units, units_per_usd)


def left_text(units: int, *, unlimited: bool, units_per_usd: int) -> str:
    """`1.5M units ($3.00) left`, or `unlimited quota`."""
    return "unlimited quota" if unlimited else f"{format_quota(units, units_per_usd)} left"


def lifetime_text(expired_time: int, *, now: float) -> str:
    """`never expires`, `expires …` or `expired …`."""
    if expired_time == -1:
        return "never expires"
    return f"{'expired' if expired_time < now else 'expires'} {format_moment(expired_time)}"


def expiry_text(expiry: Expiry) -> str:
    """An expiry that is asked for; a span counts from the approval."""
    return f"{format_duration(expiry.seconds)} after approval" if expiry.seconds else format_moment(expiry.moment(0))


def list_text(items: tuple[str, ...], empty: str) -> str:
    """A few entries in full, many by number."""
    shown = ", ".join(items[:12])
    return empty if not items else shown if len(items) <= 12 else f"{shown} and {len(items) - 12} more"


def addresses_text(entries: tuple[str, ...]) -> str:
    """From where a key may be used. A list that lets everybody in, by one network or by several together, is said."""
    text, note = list_text(entries, ANYWHERE), addresses_note(entries)
    return f"{text} ({note})" if note else text


def addresses_note(entries: Iterable[str]) -> str:
    """How much more than named addresses a list lets in, for a sentence; "" where it names addresses, or is empty."""
    wide = lets_in(entries)
    if wide is None:
        return ""
    return "this list lets everybody in" if wide.prefixlen == 0 else f"this list lets in all of {wide}"


def models_text(settings: KeySettings, unlisted: Collection[str] = ()) -> str:
    """Which models a key may use. `unlisted`: those that the gateway does not list, which are marked."""
    if settings.model_access is ModelAccess.NOTHING:
        return NO_MODEL
    named = (f"{model} ({NOT_LISTED})" if model in unlisted else model for model in settings.models)
    return list_text(tuple(named), ALL_MODELS)


def new_key_lines(
    settings: KeySettings, expiry: Expiry, *, units_per_usd: int, unlisted: Collection[str] = ()
) -> tuple[Change, ...]:
    """All that a new key is to have. `unlisted`: models that the gateway does not list."""
    lines = [
        (
            "remain_quota",
            "Quota",
            quota_text(settings.remain_quota, unlimited=settings.unlimited_quota, units_per_usd=units_per_usd),
        ),
        ("expired_time", "Expires", expiry_text(expiry)),
        ("model_limits", "Models", models_text(settings, unlisted)),
        ("allow_ips", "Allowed IPs", addresses_text(settings.allowed_ips)),
    ]
    if settings.group:
        lines.append(("group", "Group", settings.group))
    if settings.cross_group_retry:
        lines.append(("cross_group_retry", "Cross-group retry", "on"))
    return tuple(Change(field=name, label=label, before=None, after=after) for name, label, after in lines)


def changed_lines(
    before: KeySettings, after: KeySettings, *, expiry: Expiry | None, unlisted: Collection[str] = ()
) -> tuple[Change, ...]:
    """Only what differs, before → after. `expiry`: the wish, when a span is to count from the approval."""
    moment = expiry_text(expiry) if expiry is not None else format_moment(after.expired_time)
    pairs = (
        ("name", "Name", before.name, after.name),
        ("expired_time", "Expires", format_moment(before.expired_time), moment),
        ("model_limits", "Models", models_text(before), models_text(after, unlisted)),
        ("allow_ips", "Allowed IPs", addresses_text(before.allowed_ips), addresses_text(after.allowed_ips)),
        ("group", "Group", before.group or OWN_GROUP, after.group or OWN_GROUP),
        ("cross_group_retry", "Cross-group retry", _on(before.cross_group_retry), _on(after.cross_group_retry)),
    )
    return tuple(Change(field=f, label=label, before=old, after=new) for f, label, old, new in pairs if old != new)


def account_trouble(account: GatewayAccount | None, key: Key, *, now: float) -> str:
    """What a key that looks well cannot do because of the account behind it; "" when nothing is known against it."""
    if account is None or account.quota > 0 or key.state(now) is not EffectiveState.ACTIVE:
        return ""
    return ":warning: The key has quota, the gateway's account has none: calls are refused until it is topped up."


def over_promise_text(promise: OverPromise, *, units_per_usd: int) -> str:
    """What all keys may still spend beyond what the account has; "" when it is enough."""
    if not promise.missing:
        return ""
    promised, balance = format_quota(promise.promised, units_per_usd), format_quota(promise.balance, units_per_usd)
    more = f", and {promise.unlimited} keys have no limit" if promise.unlimited else ""
    return f"Keys may still spend {promised}{more}; the gateway's account has {balance}. Top it up, or lower quotas."


def _on(value: bool) -> str:  # one value in, one word out
    return "on" if value else "off"
