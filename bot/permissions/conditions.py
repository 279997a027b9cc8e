"""The conditions of a rule's `when`: how each is read, when it holds, and why it does not.

A condition that speaks of something the ask does not have (no record, no change) does not hold.
It knows facts as plain values; where they come from is not its business.
"""

import fnmatch
import math
import re
from collections.abc import Callable
from functools import partial

from bot.permissions.addresses import USUAL, Widest, too_wide
from bot.permissions.condition import Condition, Why
from bot.permissions.counting import COUNTING, MODIFIERS, read_counting
from bot.permissions.models import Facts
from bot.permissions.patterns import compile_pattern, found
from bot.permissions.source_map import Path
from bot.permissions.toml_document import Table, TomlDocument, short
from bot.units import format_duration, short_quota

# The group that lets the gateway choose one at each call.
AUTOMATIC = "auto"


def read_conditions(
    document: TomlDocument, path: Path, table: Table, *, who: tuple[str, ...] = (), widest: Widest = USUAL
) -> tuple[Condition, ...]:
    """The conditions of one `when` table; mistakes go to `document`. `who`: the rule's people, for those that count."""
    document.only(path, table, (*READERS, *COUNTING, *MODIFIERS), "when")
    readers = READERS | {"allow_ips_required": partial(_allow_ips_required, widest=widest)}
    found_conditions = list(read_counting(document, path, table, who=who))
    for name, value in table.items():
        if name in readers and (condition := readers[name](document, (*path, name), name, value)):
            found_conditions.append(condition)
    return tuple(found_conditions)


def _remain_quota_at_most(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    limit = document.quota(path, value, name)
    if limit is None:
        return None

    most = short_quota(limit)

    def why_not(facts: Facts) -> Why:
        if facts.unlimited_quota:
            return lambda: "the key would be unlimited"
        if facts.remain_quota is None:
            return lambda: "no quota is spoken of"
        remain = facts.remain_quota
        return None if remain <= limit else lambda: f"the key would have {short_quota(remain)} units, more than {most}"

    return Condition(name=name, value=limit, why_not=why_not)


def _increase_at_most(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    limit = document.quota(path, value, name)
    if limit is None:
        return None

    most = short_quota(limit)

    def why_not(facts: Facts) -> Why:
        if facts.unlimited_quota:
            return lambda: "the key would be unlimited"
        if facts.increase is None:
            return lambda: "no change of quota is spoken of"
        increase = facts.increase
        return None if increase <= limit else lambda: f"the change is +{short_quota(increase)} units, more than {most}"

    return Condition(name=name, value=limit, why_not=why_not)


def _lifetime_at_most(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    limit = document.duration(path, value, name)
    if limit is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.lifetime is None:
            return lambda: "no expiry is spoken of"
        lifetime = facts.lifetime
        return None if lifetime <= limit else lambda: f"{_lives(lifetime)}, longer than {format_duration(limit)}"

    return Condition(name=name, value=limit, why_not=why_not)


def _lifetime_over(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    limit = document.duration(path, value, name)
    if limit is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.lifetime is None:
            return lambda: "no expiry is spoken of"
        lifetime = facts.lifetime
        return None if lifetime > limit else lambda: f"{_lives(lifetime)}, not over {format_duration(limit)}"

    return Condition(name=name, value=limit, why_not=why_not)


def _unlimited_quota(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    wanted = document.flag(path, value, name)
    if wanted is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.unlimited_quota is None:
            return lambda: "nothing says whether the key is unlimited"
        if facts.unlimited_quota is wanted:
            return None
        return lambda: "the key would be unlimited" if facts.unlimited_quota else "the key would not be unlimited"

    return Condition(name=name, value=wanted, why_not=why_not)


def _models_within(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    globs = _texts(document, path, name, value)
    if globs is None:
        return None
    matches = [re.compile(fnmatch.translate(glob)).match for glob in globs]
    every = "*" in globs

    def why_not(facts: Facts) -> Why:
        if facts.models is None:
            return lambda: "no models are spoken of"
        if not facts.models:
            return None if every else lambda: "the key could use every model"
        outside = [model for model in facts.models if not any(match(model) for match in matches)]
        return (lambda: f"the model {short(min(outside))} is not among {_list(globs)}") if outside else None

    return Condition(name=name, value=globs, why_not=why_not)


def _group_in(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    groups = _texts(document, path, name, value, empty=True)
    if groups is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.group is None:
            return lambda: "no group is spoken of"
        # The account's own group does the same whether it is named or left to the account.
        if facts.group in groups or (not facts.group and facts.account_group in groups):
            return None
        return lambda: f"the group would be {_which(facts)}, not one of {_list(groups)}"

    def in_doubt(facts: Facts) -> bool:
        unknown = (facts.group == "" and facts.account_group is None) or facts.group == AUTOMATIC
        return unknown and facts.group not in groups

    return Condition(name=name, value=groups, why_not=why_not, in_doubt=in_doubt)


def _which(facts: Facts) -> str:
    if facts.group:
        any_of = ", which may be any that the gateway chooses" if facts.group == AUTOMATIC else ""
        return f"{short(facts.group)}{any_of}"
    if facts.account_group is None:
        return "the account's own, which the gateway has not told"
    return f"the account's own ({short(facts.account_group) or 'without a name'})"


def _gateway_in(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    gateways = _texts(document, path, name, value)
    if gateways is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.gateway is None:
            return lambda: "no gateway is spoken of"
        if facts.gateway in gateways:
            return None
        gateway = facts.gateway
        return lambda: f"the gateway would be {short(gateway) or 'the only one'}, not one of {_list(gateways)}"

    return Condition(name=name, value=gateways, why_not=why_not)


def _allow_ips_required(
    document: TomlDocument, path: Path, name: str, value: object, *, widest: Widest = USUAL
) -> Condition | None:
    if value is not True:
        document.wrong(path, f"{name} can only be true; leave it out where addresses do not matter")
        return None

    def why_not(facts: Facts) -> Why:
        if facts.allow_ips is None and facts.addresses is None:
            return lambda: "no addresses are spoken of"
        # Facts that were stored before addresses were kept say only whether there were any.
        if not (facts.allow_ips if facts.addresses is None else facts.addresses):
            return lambda: "the key could be used from every address"
        wide = too_wide(facts.addresses or (), widest)
        return None if wide is None else lambda: f"{short(wide)} lets in more than named addresses"

    return Condition(name=name, value=True, why_not=why_not)


def _reason_matches(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    text = document.text(path, value, name, most=200)
    if text is None:
        return None
    try:
        pattern = compile_pattern(text)
    except ValueError as error:
        document.wrong(path, f"{name}: {error}")
        return None

    def why_not(facts: Facts) -> Why:
        return None if found(pattern, facts.reason) else lambda: f"the reason does not match {text}"

    return Condition(name=name, value=text, why_not=why_not)


def _channel_in(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    channels = _texts(document, path, name, value)
    if channels is None:
        return None
    for index, channel in enumerate(channels):
        if not re.fullmatch(r"[CGD][A-Z0-9]{2,30}", channel):
            document.wrong((*path, index), f"{name} needs channel ids like C0123ABCD, not “{short(channel)}”")

    def why_not(facts: Facts) -> Why:
        if not facts.channel:
            return lambda: "it was not asked in a channel"
        return None if facts.channel in channels else lambda: f"it was asked in another channel than {_list(channels)}"

    return Condition(name=name, value=channels, why_not=why_not)


READERS: dict[str, Callable[[TomlDocument, Path, str, object], Condition | None]] = {
    "remain_quota_at_most": _remain_quota_at_most,
    "increase_at_most": _increase_at_most,
    "lifetime_at_most": _lifetime_at_most,
    "lifetime_over": _lifetime_over,
    "unlimited_quota": _unlimited_quota,
    "models_within": _models_within,
    "group_in": _group_in,
    "gateway_in": _gateway_in,
    "allow_ips_required": _allow_ips_required,
    "reason_matches": _reason_matches,
    "channel_in": _channel_in,
}
NAMES = (*READERS, *COUNTING)
# These speak of the ask itself; all others of a key.
WITHOUT_RECORD_CONDITIONS = frozenset({"reason_matches", "channel_in"})


def _texts(
    document: TomlDocument, path: Path, name: str, value: object, *, empty: bool = False
) -> tuple[str, ...] | None:
    read = document.texts(path, value, name)
    if read is None:
        return None
    if not read:
        document.wrong(path, f"{name} is empty, so it could never hold")
    for place, text in read:
        if text != text.strip() or (not text and not empty):
            document.wrong(place, f"{name} holds an empty text or one with blanks around it")
    return tuple(text for _, text in read)


def _lives(lifetime: float) -> str:
    return "the key would never expire" if lifetime == math.inf else f"the key would live {format_duration(lifetime)}"


def _list(texts: tuple[str, ...]) -> str:
    shown = ", ".join(short(text) or "“”" for text in texts[:5])
    return shown if len(texts) <= 5 else f"{shown} and {len(texts) - 5} more"
