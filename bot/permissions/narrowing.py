"""Whether an outcome that was approved with changes is less than what was asked, in every field. Pure."""

import math

from bot.languages import tr
from bot.permissions.addresses import within
from bot.permissions.models import Facts
from bot.units import format_duration, short_quota

# Lifetimes count from now, and between asking and answering time goes by.
TOLERANCE = 60.0


def growth(asked: Facts, offered: Facts) -> tuple[str, ...]:
    """A sentence for each field in which `offered` gives more than `asked` did; () where it only shrinks.

    Both are facts of the whole outcome, read at the same time: the key as it would be if the request were granted
    as asked, and as it would be with the changes. Whoever gets anything but () refuses the changes. A field that
    was not spoken of may not be given by the changes.
    """
    told = [
        # Every limit is less than no limit.
        "" if asked.unlimited_quota else _quota(asked.remain_quota, offered.remain_quota),
        "" if asked.unlimited_quota else _raise(asked.increase, offered.increase),
        _lifetime(asked, offered),
        _flag(tr("the key would be unlimited"), asked.unlimited_quota, offered.unlimited_quota),
        _flag(tr("the key would try other groups"), asked.cross_group_retry, offered.cross_group_retry),
        _flag(tr("enabling it would add time"), asked.extended, offered.extended),
        _models(asked, offered),
        _addresses(asked, offered),
        _other(tr("the group would be another one"), asked.group, offered.group),
        _other(tr("the gateway would be another one"), asked.gateway, offered.gateway),
        _allowance(asked, offered),
    ]
    return tuple(sentence for sentence in told if sentence)


def _quota(asked: int | None, offered: int | None) -> str:
    if offered is None or (asked is not None and offered <= asked):
        return ""
    if asked is None:
        return tr("the quota was not part of the request")
    return tr("the quota would be {offered}, more than {asked}", offered=short_quota(offered), asked=short_quota(asked))


def _raise(asked: int | None, offered: int | None) -> str:
    if offered is None or (asked is not None and offered <= asked):
        return ""
    if asked is None:
        return tr("the raise was not part of the request")
    return tr("the raise would be {offered}, more than {asked}", offered=short_quota(offered), asked=short_quota(asked))


def _lifetime(asked: Facts, offered: Facts) -> str:
    if offered.lifetime is None or (asked.lifetime is not None and offered.lifetime <= asked.lifetime + TOLERANCE):
        return ""
    if asked.lifetime is None:
        return tr("the expiry was not part of the request")
    most = format_duration(asked.lifetime)
    if offered.lifetime == math.inf:
        return tr("the lifetime would be without end, more than {asked}", asked=most)
    longer = format_duration(offered.lifetime)
    return tr("the lifetime would be {offered}, more than {asked}", offered=longer, asked=most)


def _flag(sentence: str, asked: bool | None, offered: bool | None) -> str:
    return sentence if offered and not asked else ""


def _models(asked: Facts, offered: Facts) -> str:
    """An empty set means every model."""
    if offered.models is None or asked.models == frozenset():
        return ""
    if asked.models is None:
        return tr("the models were not part of the request")
    if not offered.models:
        return tr("the key could use every model")
    more = offered.models - asked.models
    return tr("the model {model} was not asked for", model=min(more)) if more else ""


def _addresses(asked: Facts, offered: Facts) -> str:
    """No list and an empty one mean every address."""
    if offered.addresses is None and not (asked.allow_ips and offered.allow_ips is False):
        return ""
    if asked.addresses is None and asked.allow_ips is None:
        return tr("the addresses were not part of the request")
    if not asked.addresses and not asked.allow_ips:
        return ""
    if not offered.addresses:
        return tr("the key could be used from every address")
    try:
        outside = [entry for entry in offered.addresses if not within(entry, asked.addresses or ())]
    except ValueError:
        return tr("the addresses cannot be compared")
    return tr("the address {address} was not asked for", address=outside[0]) if outside else ""


def _other(sentence: str, asked: str | None, offered: str | None) -> str:
    return sentence if offered is not None and offered != asked else ""


def _allowance(asked: Facts, offered: Facts) -> str:
    if not offered.allowance:
        return ""
    if not asked.allowance or not asked.allowance_period or not offered.allowance_period:
        return tr("an allowance was not part of the request")
    more = offered.allowance * asked.allowance_period > asked.allowance * offered.allowance_period
    # A shorter period also means a first refill that comes earlier.
    return tr("the allowance would be more") if more or offered.allowance_period < asked.allowance_period else ""
