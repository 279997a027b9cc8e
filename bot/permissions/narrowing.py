"""Whether an outcome that was approved with changes is less than what was asked, in every field. Pure."""

import math
from collections.abc import Callable

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
        "" if asked.unlimited_quota else _more("quota", asked.remain_quota, offered.remain_quota, short_quota),
        "" if asked.unlimited_quota else _more("raise", asked.increase, offered.increase, short_quota),
        _lifetime(asked, offered),
        _flag("the key would be unlimited", asked.unlimited_quota, offered.unlimited_quota),
        _flag("the key would try other groups", asked.cross_group_retry, offered.cross_group_retry),
        _flag("enabling it would add time", asked.extended, offered.extended),
        _models(asked, offered),
        _addresses(asked, offered),
        _other("group", asked.group, offered.group),
        _other("gateway", asked.gateway, offered.gateway),
        _allowance(asked, offered),
    ]
    return tuple(sentence for sentence in told if sentence)


def _more(what: str, asked: float | None, offered: float | None, say: Callable[[int], str]) -> str:
    if offered is None or (asked is not None and offered <= asked):
        return ""
    if asked is None:
        return f"the {what} was not part of the request"
    return f"the {what} would be {say(int(offered))}, more than {say(int(asked))}"


def _lifetime(asked: Facts, offered: Facts) -> str:
    if offered.lifetime is None or (asked.lifetime is not None and offered.lifetime <= asked.lifetime + TOLERANCE):
        return ""
    if asked.lifetime is None:
        return "the expiry was not part of the request"
    longer = "without end" if offered.lifetime == math.inf else format_duration(offered.lifetime)
    return f"the lifetime would be {longer}, more than {format_duration(asked.lifetime)}"


def _flag(sentence: str, asked: bool | None, offered: bool | None) -> str:
    return sentence if offered and not asked else ""


def _models(asked: Facts, offered: Facts) -> str:
    """An empty set means every model."""
    if offered.models is None or asked.models == frozenset():
        return ""
    if asked.models is None:
        return "the models were not part of the request"
    if not offered.models:
        return "the key could use every model"
    more = offered.models - asked.models
    return f"the model {min(more)} was not asked for" if more else ""


def _addresses(asked: Facts, offered: Facts) -> str:
    """No list and an empty one mean every address."""
    if offered.addresses is None and not (asked.allow_ips and offered.allow_ips is False):
        return ""
    if asked.addresses is None and asked.allow_ips is None:
        return "the addresses were not part of the request"
    if not asked.addresses and not asked.allow_ips:
        return ""
    if not offered.addresses:
        return "the key could be used from every address"
    try:
        outside = [entry for entry in offered.addresses if not within(entry, asked.addresses or ())]
    except ValueError:
        return "the addresses cannot be compared"
    return f"the address {outside[0]} was not asked for" if outside else ""


def _other(what: str, asked: str | None, offered: str | None) -> str:
    return f"the {what} would be another one" if offered is not None and offered != asked else ""


def _allowance(asked: Facts, offered: Facts) -> str:
    if not offered.allowance:
        return ""
    if not asked.allowance or not asked.allowance_period or not offered.allowance_period:
        return "an allowance was not part of the request"
    more = offered.allowance * asked.allowance_period > asked.allowance * offered.allowance_period
    # A shorter period also means a first refill that comes earlier.
    return "the allowance would be more" if more or offered.allowance_period < asked.allowance_period else ""
