"""People and facts made up from words, for explaining and testing a policy without Slack or a gateway.

Fields are those of the modals (`remain_quota=100k`, `expired_time=30d`), so that what is explained is
what would be asked. It decides nothing.
"""

import ipaddress
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from bot.periods import Period
from bot.permissions.gateways import OF_SETTINGS
from bot.permissions.models import REVIVING, WITHOUT_RECORD, Actor, ActorKind, BudgetLeft, Count, Counted, Facts, Lock
from bot.permissions.roles import is_group, is_person, is_schedule
from bot.permissions.rules import Policy
from bot.permissions.toml_document import guess, short
from bot.units import UNITS_PER_USD, parse_delta, parse_duration, parse_quota

ASK_FIELDS = ("reason", "channel")
# Fields of the record after the change. Where a form does not ask for them, they describe the key as it is.
_RECORD_FIELDS = (
    "name", "remain_quota", "unlimited_quota", "expired_time", "expired_time_at", "model_limits", "allow_ips", "group",
    "cross_group_retry", "gateway",
)  # fmt: skip
# What only some forms ask for.
_FORM_FIELDS = {
    "key.create": ("refill",),
    "key.update": ("every_model",),
    "key.quota": ("delta",),
    "key.allowance": ("allowance", "refill", "rollover"),
    "budget.change": ("allowance", "refill", "rollover"),
    "key.enable": ("delta",),
    "key.rotate": ("overlap",),
    "key.delete": ("confirm",),
    "key.adopt": ("owner",),
    "key.transfer": ("owner",),
}
# What the person has already; no form asks for it. Left out means none.
LOCKED = "locked"
# What no form asks for either: the group that a key without one is in. Left out means not known.
ACCOUNT_GROUP = "account_group"
BUDGET_LEFT = "budget_left"
SO_FAR = {"keys_so_far": "keys", "granted_so_far": "granted", "allowances_so_far": "allowance"}
FIELDS = (
    *_RECORD_FIELDS,
    *SO_FAR,
    LOCKED,
    ACCOUNT_GROUP,
    BUDGET_LEFT,
    *dict.fromkeys(name for names in _FORM_FIELDS.values() for name in names),
    *ASK_FIELDS,
)
NOBODY = "nobody"
_ON = frozenset({"on", "true", "yes"})
_OFF = frozenset({"off", "false", "no", ""})


def hypothetical_actor(policy: Policy, names: Sequence[str]) -> Actor:
    """Somebody made of roles, a person's id, ids of groups and schedules, `nobody` (a member without a role), or a kind
    (`guest`).

    A role of that name comes before a word. ValueError with a sentence for an unknown name.
    """
    kinds = {kind.value: kind for kind in ActorKind if kind is not ActorKind.MEMBER}
    user, kind = "U0SOMEBODY", ActorKind.MEMBER
    roles, groups = set(), set()
    for name in names:
        if name in policy.roles.members:
            roles.add(name)
        elif is_group(name) or is_schedule(name):
            groups.add(name)
        elif is_person(name):
            user = name
        elif name in kinds:
            kind = kinds[name]
        elif name != NOBODY:
            known = [*policy.roles.members, *kinds, NOBODY]
            wrong = f"“{short(name)}” is no role of the policy and no Slack id"
            raise ValueError(guess(wrong, name, known))
    shown = " and ".join(names)
    return Actor(slack_user_id=user, kind=kind, groups=frozenset(groups), assumed_roles=frozenset(roles), name=shown)


def fields_of(operation: str) -> tuple[str, ...]:
    """What can be told of an operation: what its form asks for, and what the key is like."""
    if operation in WITHOUT_RECORD:
        return ASK_FIELDS
    locked = (LOCKED,) if operation in REVIVING else ()
    return (
        *_RECORD_FIELDS,
        *_FORM_FIELDS.get(operation, ()),
        *ASK_FIELDS,
        *SO_FAR,
        *locked,
        ACCOUNT_GROUP,
        BUDGET_LEFT,
    )


def hypothetical_facts(
    operation: str,
    fields: Mapping[str, str],
    *,
    now: float,
    key: Facts | None = None,
    policy: Policy | None = None,
) -> Facts:
    """The outcome if these fields were sent for `key` (its facts now; None = a new or an unknown key).

    `policy`: of each number that it compares what was told, or 0; and it knows how each gateway counts dollars.
    A field that was not told stays not spoken of, except that a new key is as an untouched form makes it.
    ValueError with a sentence for an unknown field or a wrong value.
    """
    known = fields_of(operation)
    for name in fields:
        if name not in known:
            raise ValueError(f"{operation} has no field “{short(name)}”; it has {', '.join(known)}")
    _check_unjudged(fields)
    counts = policy.counts_needed(operation) if policy else ()
    gateway = _gateway(fields, policy, None if key is None else key.gateway)
    units_per_usd = policy.at(gateway).units_per_usd if policy else UNITS_PER_USD
    if operation in WITHOUT_RECORD:
        return Facts(reason=fields.get("reason", ""), channel=fields.get("channel", ""))
    before = key or Facts()
    if operation == "key.create":
        before = Facts(unlimited_quota=False, models=frozenset(), group="", allow_ips=False, addresses=())
    addresses = _addresses(fields["allow_ips"]) if "allow_ips" in fields else before.addresses
    remain, increase = _quota(operation, fields, before, units_per_usd)
    if operation == "key.create":
        allowance, period = _refilled_from_the_start(fields, remain)
    else:
        allowance, period = _allowance(fields, units_per_usd)
    if operation not in {"key.create", "budget.change"} and allowance is not None:
        remain, increase = _refilled(fields, remain, allowance), allowance
    return Facts(
        remain_quota=remain,
        increase=increase,
        extended=operation == "key.enable" and not {"expired_time", "expired_time_at"}.isdisjoint(fields),
        unlimited_quota=_switch(fields, "unlimited_quota", before.unlimited_quota),
        lifetime=_lifetime(fields, now=now, before=before.lifetime),
        models=_models(fields, before),
        group=fields.get("group", before.group),
        allow_ips=before.allow_ips if addresses is before.addresses else bool(addresses),
        addresses=addresses,
        cross_group_retry=_switch(fields, "cross_group_retry", before.cross_group_retry),
        allowance=allowance,
        allowance_period=period,
        gateway=gateway,
        counts=_counts(fields, counts, units_per_usd),
        lock=_lock(fields, before.lock),
        account_group=fields.get(ACCOUNT_GROUP, before.account_group),
        budgets=_budgets(fields, units_per_usd),
        reason=fields.get("reason", ""),
        channel=fields.get("channel", ""),
    )


def _gateway(fields: Mapping[str, str], policy: Policy | None, before: str | None) -> str | None:
    """The gateway that was told, else that of the key. A name is looked for where the policy has a table of them."""
    told = fields.get("gateway", before)
    names = [OF_SETTINGS, *(one.name for one in policy.gateways)] if policy and policy.gateways else []
    if told and names and told not in names:
        raise ValueError(guess(f"There is no gateway “{short(told)}”", told, names))
    return told


def _budgets(fields: Mapping[str, str], units_per_usd: int) -> tuple[BudgetLeft, ...] | None:
    """The budget of the person, of which so much is left; None where none was told."""
    if BUDGET_LEFT not in fields:
        return None
    left = _field(BUDGET_LEFT, parse_quota, fields[BUDGET_LEFT], units_per_usd)
    return (BudgetLeft(number=0, role="", amount=left, left=left, until="…"),)


def _check_unjudged(fields: Mapping[str, str]) -> None:
    """What the form would not send, although no rule can speak of it."""
    _switch(fields, "cross_group_retry", None)
    overlap = fields.get("overlap", "0")
    if overlap != "0":
        _field("overlap", lambda text, _: parse_duration(text), overlap, 0)


def _quota(
    operation: str, fields: Mapping[str, str], before: Facts, units_per_usd: int
) -> tuple[int | None, int | None]:
    """Units the key would have, and by how many it would grow."""
    told = fields.get("remain_quota")
    remain = before.remain_quota if told is None else _field("remain_quota", parse_quota, told, units_per_usd)
    if operation == "key.create":
        return remain, remain
    if "delta" not in fields:
        if remain is None or before.remain_quota is None:
            return remain, None
        return remain, remain - before.remain_quota
    delta = _field("delta", parse_delta, fields["delta"], units_per_usd)
    if told is None and remain is not None:
        remain += delta
    return remain, delta


def _allowance(fields: Mapping[str, str], units_per_usd: int) -> tuple[int | None, int | None]:
    """Units of each refill, and the seconds of its period; 0 where it ends, None where none is spoken of."""
    if fields.keys().isdisjoint(("allowance", "refill")):
        return None, None
    choice = fields.get("refill", str(Period.MONTH))
    if choice == "never":
        return 0, Period.MONTH.seconds
    period = _period(choice)
    if "allowance" not in fields:
        raise ValueError("allowance: say how much is refilled, such as allowance=$20")
    return _field("allowance", parse_quota, fields["allowance"], units_per_usd), period.seconds


def _refilled_from_the_start(fields: Mapping[str, str], remain: int | None) -> tuple[int | None, int | None]:
    """The same of a new key, which is filled up to its quota."""
    if fields.get("refill", "never") == "never":
        return None, None
    return remain, _period(fields["refill"]).seconds


def _period(choice: str) -> Period:
    if choice not in set(Period):
        raise ValueError(f"refill: write never, {', '.join(Period)}, not “{short(choice)}”")
    return Period(choice)


def _refilled(fields: Mapping[str, str], remain: int | None, amount: int) -> int | None:
    """What the key has after a refill."""
    keeps = _switch(fields, "rollover", False)
    return None if remain is None else remain + amount if keeps else max(remain, amount)


def _lifetime(fields: Mapping[str, str], *, now: float, before: float | None) -> float | None:
    choice = fields.get("expired_time", "custom" if "expired_time_at" in fields else None)
    if choice is None:
        return before
    if choice == "never":
        return math.inf
    if choice != "custom":
        return _field("expired_time", lambda text, _: parse_duration(text), choice, 0)
    try:
        at = datetime.fromisoformat(fields.get("expired_time_at", ""))
    except ValueError:
        raise ValueError("expired_time_at: write a date like 2030-12-31 or 2030-12-31T18:00+00:00") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now


def _models(fields: Mapping[str, str], before: Facts) -> frozenset[str] | None:
    if _switch(fields, "every_model", None):
        return frozenset()  # every model, whatever the list says
    return frozenset(_split(fields["model_limits"])) if "model_limits" in fields else before.models


def _switch(fields: Mapping[str, str], name: str, before: bool | None) -> bool | None:
    if name not in fields:
        return before
    word = fields[name].lower()
    if word not in _ON | _OFF:
        raise ValueError(f"{name}: write on or off, not “{short(word)}”")
    return word in _ON


def _lock(fields: Mapping[str, str], before: Lock | None) -> Lock | None:
    """`locked=on`: disabled from an alert, by a rule that is not told."""
    if LOCKED not in fields:
        return before
    return Lock(cause="alert", by="", at=0.0, number=0, rule="") if _switch(fields, LOCKED, None) else None


def _addresses(text: str) -> tuple[str, ...]:
    entries = _split(text)
    for entry in entries:
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            raise ValueError(f"allow_ips: “{short(entry)}” is no IP address and no CIDR") from None
    return tuple(entries)


def _counts(fields: Mapping[str, str], counts: Sequence[Count], units_per_usd: int) -> tuple[Counted, ...] | None:
    so_far = {what: _so_far(name, fields.get(name, "0"), units_per_usd) for name, what in SO_FAR.items()}
    return tuple(Counted(count=count, value=so_far[count.what]) for count in counts) or None


def _so_far(name: str, text: str, units_per_usd: int) -> int:
    if name == "keys_so_far":
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValueError(f"{name}: write how many keys there are, not “{short(text)}”")
        return int(text)
    return _field(name, parse_quota, text, units_per_usd)


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,]+", text) if part]


def _field(name: str, parse: Callable[[str, int], int], text: str, units_per_usd: int) -> int:
    try:
        return parse(text, units_per_usd)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
