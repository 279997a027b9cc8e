"""Addresses and networks of an allowlist as people type and copy them, and what is wrong with one. Pure."""

import ipaddress
import re

from bot.languages import tr
from bot.slack.blocks import truncate
from bot.typed_text import clean, clean_number

_COMMENT = re.compile(r"(?:^|\s)(?:#|//).*$")
_RANGE = re.compile(r"(?<=[0-9A-Fa-f:.])\s*[-–—−]\s*(?=[0-9A-Fa-f:])")
_AROUND = "\"'“”„«»‘’`[]()"
_HOST = re.compile(r"(?:https?:)?(?:[0-9A-Za-z-]+\.)+[A-Za-z]{2,}")
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")


def split_ips(text: str) -> list[str]:
    """Entries of an allowlist as people type and copy them, doubles taken out.

    Parted by line breaks, commas, semicolons and spaces; comments, quotation marks and brackets do not count; a range
    is the networks that it covers; an IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) is the IPv4 address.
    """
    lines = (_COMMENT.sub("", line) for line in clean(text).split("\n"))
    found: list[str] = []
    for line in lines:
        for part in re.split(r"[\s,;，、]+", _RANGE.sub("-", line)):
            found += _entries(clean_number(part.strip(_AROUND)))
    return list(dict.fromkeys(entry for entry in found if entry))


def _entries(part: str) -> list[str]:
    first, dash, last = part.partition("-")
    try:
        if dash:
            ends = ipaddress.ip_address(first), ipaddress.ip_address(last)
            networks = ipaddress.summarize_address_range(*ends)
            return [str(net.network_address if net.prefixlen == net.max_prefixlen else net) for net in networks]
        address, slash, prefix = part.partition("/")
        mapped = getattr(ipaddress.ip_address(address), "ipv4_mapped", None)
    except (ValueError, TypeError):
        return [part]
    if mapped is None or (slash and not (prefix.isdigit() and 96 <= int(prefix) <= 128)):
        return [part]
    return [f"{mapped}/{int(prefix) - 96}" if slash else str(mapped)]


def address_problem(entry: str) -> str | None:
    """Why the gateway would never match this entry, None when it would (gateway-api.md, section 10)."""
    address, slash, prefix = entry.partition("/")
    shown = truncate(entry, 60)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        if _HOST.fullmatch(address):
            return tr(
                "“{entry}” is a host name; the gateway compares addresses only. Write the addresses behind it.",
                entry=shown,
            )
        return tr("“{entry}” is not an IPv4 or IPv6 address or network.", entry=shown)
    if "%" in address:
        return tr("“{entry}” has a zone (%…); the gateway compares addresses without one.", entry=shown)
    if slash and not (_PREFIX.fullmatch(prefix) and int(prefix) <= parsed.max_prefixlen):
        return tr(
            "“{entry}” has no valid prefix length; IPv{version} takes /0 to /{most}.",
            entry=shown,
            version=parsed.version,
            most=parsed.max_prefixlen,
        )
    return None
