"""The fields of a key in people's words: for cards, lists and before → after lines. Pure."""

from bot.gateway.models import KeySettings
from bot.operations import Change, Expiry
from bot.units import format_duration, format_moment, format_quota

ALL_MODELS, ANYWHERE, OWN_GROUP = "every model", "from anywhere", "the account's own"


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
    """A wish: a span counts from the approval."""
    return f"{format_duration(expiry.seconds)} after approval" if expiry.seconds else format_moment(expiry.moment(0))


def list_text(items: tuple[str, ...], empty: str) -> str:
    """A few entries in full, many by number."""
    shown = ", ".join(items[:12])
    return empty if not items else shown if len(items) <= 12 else f"{shown} and {len(items) - 12} more"


def new_key_lines(settings: KeySettings, expiry: Expiry, *, units_per_usd: int) -> tuple[Change, ...]:
    """All that a new key is to have."""
    lines = [
        (
            "remain_quota",
            "Quota",
            quota_text(settings.remain_quota, unlimited=settings.unlimited_quota, units_per_usd=units_per_usd),
        ),
        ("expired_time", "Expires", expiry_text(expiry)),
        ("model_limits", "Models", list_text(settings.models, ALL_MODELS)),
        ("allow_ips", "Allowed IPs", list_text(settings.allowed_ips, ANYWHERE)),
    ]
    if settings.group:
        lines.append(("group", "Group", settings.group))
    if settings.cross_group_retry:
        lines.append(("cross_group_retry", "Cross-group retry", "on"))
    return tuple(Change(field=name, label=label, before=None, after=after) for name, label, after in lines)


def changed_lines(before: KeySettings, after: KeySettings, *, expiry: Expiry | None) -> tuple[Change, ...]:
    """Only what differs, before → after. `expiry`: the wish, when a span is to count from the approval."""
    moment = expiry_text(expiry) if expiry is not None else format_moment(after.expired_time)
    pairs = (
        ("name", "Name", before.name, after.name),
        ("expired_time", "Expires", format_moment(before.expired_time), moment),
        ("model_limits", "Models", list_text(before.models, ALL_MODELS), list_text(after.models, ALL_MODELS)),
        ("allow_ips", "Allowed IPs", list_text(before.allowed_ips, ANYWHERE), list_text(after.allowed_ips, ANYWHERE)),
        ("group", "Group", before.group or OWN_GROUP, after.group or OWN_GROUP),
        ("cross_group_retry", "Cross-group retry", _on(before.cross_group_retry), _on(after.cross_group_retry)),
    )
    return tuple(Change(field=f, label=label, before=old, after=new) for f, label, old, new in pairs if old != new)


def _on(value: bool) -> str:  # one value in, one word out
    return "on" if value else "off"
