"""What is known to be wrong with settings before anything is sent (gateway-api.md, sections 6, 10; rule 18). Pure.

Whether models and groups exist is not checked here: that needs a read.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import category

from bot.gateway.models import NEVER, Int64, KeySettings
from bot.languages import tr, trn

__all__ = ["LARGEST_QUOTA", "invisible_character", "problems", "settings_problems"]
SMALLEST_MAXIMUM = 2_147_483_647
"""The largest `remain_quota` that every known generation takes (gateway-api.md, section 6)."""

NAME_LIMIT = 50
"""Characters where the gateway counts those (CometAPI), bytes of UTF-8 on new-api; it says which by refusing."""
LARGEST_QUOTA = 1_000_000_000 * 500_000
MODEL_LIMITS_LENGTH = 1024
# Joiners of emoji and of Persian and Indic words, and the marks that keep right-to-left names in order.
_NEEDED = "\u200c\u200d\u200e\u200f"
_LATEST_EXPIRY = 253_402_300_799
"""The end of the year 9999: later is a slip (milliseconds for seconds), not a wish."""


def problems(values: Mapping[str, Any], *, unlimited: bool = False) -> dict[str, str]:
    """Field name → what is wrong with it, for those of `values` that cannot be sent. Empty = send them."""
    found: dict[str, str] = {}
    for field, value in values.items():
        check = _CHECKS.get(field)
        problem = "" if check is None or (field == "remain_quota" and unlimited) else check(value)
        if problem:
            found[field] = problem
    return found


def settings_problems(settings: KeySettings) -> dict[str, str]:
    """What is wrong in a whole set of settings, a sentence per field."""
    return problems(settings.model_dump(), unlimited=settings.unlimited_quota)


def invisible_character(name: str) -> str | None:
    """The first character that nobody can see and no script needs: controls, bidi overrides, halves of pairs."""
    return next((char for char in name if not (char.isprintable() or char in _NEEDED or category(char) == "Zs")), None)


def _name(name: str) -> str:
    if not name.strip():
        return tr("The name is empty.")
    if invisible_character(name) is not None:
        return tr("The name contains characters that cannot be seen.")
    size = len(name)
    if size <= NAME_LIMIT:
        return ""
    return trn(
        "The name has {count} character; the gateway takes at most {most}.",
        "The name has {count} characters; the gateway takes at most {most}.",
        size,
        most=NAME_LIMIT,
    )


def name_in_bytes(name: str) -> str:
    """Why a gateway that counts bytes does not take this name, in people's words; empty where it does."""
    size = len(name.encode())
    if size <= NAME_LIMIT:
        return ""
    return trn(
        "The name has {count} character, which is {bytes} bytes; this gateway takes {most} bytes.",
        "The name has {count} characters, which are {bytes} bytes; this gateway takes {most} bytes.",
        len(name),
        bytes=size,
        most=NAME_LIMIT,
    )


def _quota(quota: Int64) -> str:
    if quota < 0:
        return tr("The quota is below zero.")
    if quota <= LARGEST_QUOTA:
        return ""
    return tr("The quota is above {most} units, the most the gateway takes.", most=f"{LARGEST_QUOTA:,}")


def _expiry(moment: Int64) -> str:
    if moment == NEVER or 0 < moment <= _LATEST_EXPIRY:
        return ""
    return tr("The expiry must be a time in Unix seconds, or never; zero means different things to different gateways.")


def _ips(text: str | None) -> str:
    # How long it may be differs between databases; the read-back tells what was cut.
    junk = [line for line in (text or "").split("\n") if line and not _is_network(line)]
    return tr("Not an IPv4 or IPv6 address or network: “{typed}”.", typed=junk[0][:60]) if junk else ""


def _is_network(line: str) -> bool:
    try:
        ipaddress.ip_network(line, strict=False)
    except ValueError:
        return False
    # Python also reads netmasks and zones, the gateway only a prefix length.
    return "%" not in line and line.rpartition("/")[2].isdigit() if "/" in line else "%" not in line


def _models(text: str) -> str:
    if len(text) > MODEL_LIMITS_LENGTH:
        return trn(
            "The list of models has {count} character; the gateway may cut it after {most}.",
            "The list of models has {count} characters; the gateway may cut it after {most}.",
            len(text),
            most=f"{MODEL_LIMITS_LENGTH:,}",
        )
    if text and any(not model or model != model.strip() for model in text.split(",")):
        return tr("The list of models has an empty entry or a space around one; that is another model.")
    return ""


_CHECKS: Mapping[str, Callable[[Any], str]] = {
    "name": _name,
    "remain_quota": _quota,
    "expired_time": _expiry,
    "allow_ips": _ips,
    "model_limits": _models,
}
