"""The conditions of a rule's `when`: how each is read, when it holds, and why it does not.

A condition that speaks of something the ask does not have (no record, no change) does not hold.
It knows facts as plain values; where they come from is not its business.
"""

import fnmatch
import math
import re
from collections.abc import Callable
from functools import partial

from bot.languages import tr, trc, trn
from bot.languages.formats import some_of
from bot.permissions.addresses import USUAL, Widest, too_wide
from bot.permissions.budgets import NAME as WITHIN_BUDGET
from bot.permissions.budgets import read_within_budget
from bot.permissions.condition import Condition, Why
from bot.permissions.counting import COUNTING, MODIFIERS, read_counting
from bot.permissions.models import Facts
from bot.permissions.patterns import compile_pattern, found
from bot.permissions.source_map import Path
from bot.permissions.toml_document import Table, TomlDocument, short, value_problem
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
            return lambda: tr("the key would be unlimited")
        if facts.remain_quota is None:
            return lambda: tr("no quota is spoken of")
        remain = facts.remain_quota
        if remain <= limit:
            return None
        return lambda: trn(
            "the key would have {number} unit, more than {most}",
            "the key would have {number} units, more than {most}",
            remain,
            number=short_quota(remain),
            most=most,
        )

    return Condition(name=name, value=limit, why_not=why_not)


def _increase_at_most(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    limit = document.quota(path, value, name)
    if limit is None:
        return None

    most = short_quota(limit)

    def why_not(facts: Facts) -> Why:
        if facts.unlimited_quota:
            return lambda: tr("the key would be unlimited")
        if facts.increase is None:
            return lambda: tr("no change of quota is spoken of")
        increase = facts.increase
        if increase <= limit:
            return None
        return lambda: trn(
            "the change is +{number} unit, more than {most}",
            "the change is +{number} units, more than {most}",
            increase,
            number=short_quota(increase),
            most=most,
        )

    return Condition(name=name, value=limit, why_not=why_not)


def _lifetime_at_most(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    limit = document.duration(path, value, name)
    if limit is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.lifetime is None:
            return lambda: tr("no expiry is spoken of")
        lifetime = facts.lifetime
        return None if lifetime <= limit else lambda: _too_long(lifetime, limit)

    return Condition(name=name, value=limit, why_not=why_not)


def _lifetime_over(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    limit = document.duration(path, value, name)
    if limit is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.lifetime is None:
            return lambda: tr("no expiry is spoken of")
        lifetime = facts.lifetime
        if lifetime > limit:
            return None
        return lambda: tr(
            "the key would live {duration}, not over {least}",
            duration=format_duration(lifetime),
            least=format_duration(limit),
        )

    return Condition(name=name, value=limit, why_not=why_not)


def _unlimited_quota(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    wanted = document.flag(path, value, name)
    if wanted is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.unlimited_quota is None:
            return lambda: tr("nothing says whether the key is unlimited")
        if facts.unlimited_quota is wanted:
            return None
        if facts.unlimited_quota:
            return lambda: tr("the key would be unlimited")
        return lambda: tr("the key would not be unlimited")

    return Condition(name=name, value=wanted, why_not=why_not)


def _models_within(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    globs = _texts(document, path, name, value)
    if globs is None:
        return None
    matches = [re.compile(fnmatch.translate(glob)).match for glob in globs]
    every = "*" in globs

    def why_not(facts: Facts) -> Why:
        if facts.models is None:
            return lambda: tr("no models are spoken of")
        if not facts.models:
            return None if every else lambda: tr("the key could use every model")
        outside = [model for model in facts.models if not any(match(model) for match in matches)]
        if not outside:
            return None
        return lambda: tr("the model {model} is not among {models}", model=short(min(outside)), models=_list(globs))

    return Condition(name=name, value=globs, why_not=why_not)


def _group_in(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    groups = _texts(document, path, name, value, empty=True)
    if groups is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.group is None:
            return lambda: tr("no group is spoken of")
        # The account's own group does the same whether it is named or left to the account.
        if facts.group in groups or (not facts.group and facts.account_group in groups):
            return None
        return lambda: tr("the group would be {group}, not one of {groups}", group=_which(facts), groups=_list(groups))

    def in_doubt(facts: Facts) -> bool:
        unknown = (facts.group == "" and facts.account_group is None) or facts.group == AUTOMATIC
        return unknown and facts.group not in groups

    return Condition(name=name, value=groups, why_not=why_not, in_doubt=in_doubt)


def _which(facts: Facts) -> str:
    if facts.group == AUTOMATIC:
        return trc("a group", "{group}, which may be any that the gateway chooses", group=facts.group)
    if facts.group:
        return short(facts.group)
    if facts.account_group is None:
        return trc("a group", "the account's own, which the gateway has not told")
    if not facts.account_group:
        return trc("a group", "the account's own (without a name)")
    return trc("a group", "the account's own ({group})", group=short(facts.account_group))


def _gateway_in(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    gateways = _texts(document, path, name, value)
    if gateways is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.gateway is None:
            return lambda: tr("no gateway is spoken of")
        if facts.gateway in gateways:
            return None
        gateway = facts.gateway
        if not gateway:
            return lambda: tr("the gateway would be the only one, not one of {gateways}", gateways=_list(gateways))
        return lambda: tr(
            "the gateway would be {gateway}, not one of {gateways}", gateway=short(gateway), gateways=_list(gateways)
        )

    return Condition(name=name, value=gateways, why_not=why_not)


def _allow_ips_required(
    document: TomlDocument, path: Path, name: str, value: object, *, widest: Widest = USUAL
) -> Condition | None:
    if value is not True:
        document.wrong(path, tr("{name} can only be true; leave it out where addresses do not matter", name=name))
        return None

    def why_not(facts: Facts) -> Why:
        if facts.allow_ips is None and facts.addresses is None:
            return lambda: tr("no addresses are spoken of")
        # Facts that were stored before addresses were kept say only whether there were any.
        if not (facts.allow_ips if facts.addresses is None else facts.addresses):
            return lambda: tr("the key could be used from every address")
        wide = too_wide(facts.addresses or (), widest)
        if wide is None:
            return None
        return lambda: tr("{network} lets in more than named addresses", network=short(wide))

    return Condition(name=name, value=True, why_not=why_not)


def _reason_matches(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    text = document.text(path, value, name, most=200)
    if text is None:
        return None
    try:
        pattern = compile_pattern(text)
    except ValueError as error:
        document.wrong(path, value_problem(name, error))
        return None

    def why_not(facts: Facts) -> Why:
        if found(pattern, facts.reason):
            return None
        return lambda: tr("the reason does not match {pattern}", pattern=text)

    return Condition(name=name, value=text, why_not=why_not)


def _channel_in(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    channels = _texts(document, path, name, value)
    if channels is None:
        return None
    for index, channel in enumerate(channels):
        if not re.fullmatch(r"[CGD][A-Z0-9]{2,30}", channel):
            document.wrong(
                (*path, index),
                tr("{name} needs channel ids like C0123ABCD, not “{typed}”", name=name, typed=short(channel)),
            )

    def why_not(facts: Facts) -> Why:
        if not facts.channel:
            return lambda: tr("it was not asked in a channel")
        if facts.channel in channels:
            return None
        return lambda: tr("it was asked in another channel than {channels}", channels=_list(channels))

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
    WITHIN_BUDGET: read_within_budget,
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
        document.wrong(path, tr("{name} is empty, so it could never hold", name=name))
    for place, text in read:
        if text != text.strip() or (not text and not empty):
            document.wrong(place, tr("{name} holds an empty text or one with blanks around it", name=name))
    return tuple(text for _, text in read)


def _too_long(lifetime: float, most: int) -> str:
    if lifetime == math.inf:
        return tr("the key would never expire, longer than {most}", most=format_duration(most))
    return tr(
        "the key would live {duration}, longer than {most}",
        duration=format_duration(lifetime),
        most=format_duration(most),
    )


def _list(texts: tuple[str, ...]) -> str:
    return some_of([short(text) or "“”" for text in texts], 5)
