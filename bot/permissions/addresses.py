"""What a list of allowed addresses does: judged by the union of its networks, not by whether it is filled.

Pure; it knows the texts of the list and two limits.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# IPv4 addresses written as IPv6: a server that listens on both sees an IPv4 caller like this.
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, kw_only=True)
class Widest:
    """The widest networks that still count as named addresses, as prefix lengths: [addresses] of the policy."""

    ipv4: int = 8
    ipv6: int = 32


USUAL = Widest()
EVERYBODY = Widest(ipv4=1, ipv6=1)


def too_wide(entries: Iterable[str], widest: Widest) -> str | None:
    """The network by which the list lets in more than `widest` allows, None where it names addresses only.

    An entry that is no network counts as everybody: nobody knows what the gateway makes of it. An empty list is
    everybody too, and is the caller's to judge.
    """
    networks: list[Network] = []
    for entry in entries:
        try:
            networks.append(ipaddress.ip_network(entry.strip(), strict=False))
        except ValueError:
            return entry
    old, new = _by_family(networks)
    union: list[Network] = [*ipaddress.collapse_addresses(old), *ipaddress.collapse_addresses(new)]
    for network in union:
        if network.prefixlen < (widest.ipv4 if network.version == 4 else widest.ipv6):
            return str(network)
    return None


def lets_in(entries: Iterable[str]) -> Network | None:
    """The network by which a list lets in more than named addresses, for words; entries that are none are left out."""
    networks = [entry for entry in entries if _is_network(entry)]
    wide = too_wide(networks, EVERYBODY) or too_wide(networks, USUAL)
    return None if wide is None else ipaddress.ip_network(wide)


def _is_network(entry: str) -> bool:
    try:
        ipaddress.ip_network(entry.strip(), strict=False)
    except ValueError:
        return False
    return True


def within(entry: str, entries: Iterable[str]) -> bool:
    """Whether every address of `entry` is in the union of `entries`. ValueError for what is no network."""
    old, new = _by_family([ipaddress.ip_network(entry.strip(), strict=False)])
    old_all, new_all = _by_family([ipaddress.ip_network(one.strip(), strict=False) for one in entries])
    return all(any(part.subnet_of(whole) for whole in ipaddress.collapse_addresses(old_all)) for part in old) and all(
        any(part.subnet_of(whole) for whole in ipaddress.collapse_addresses(new_all)) for part in new
    )


def _by_family(networks: Iterable[Network]) -> tuple[list[ipaddress.IPv4Network], list[ipaddress.IPv6Network]]:
    """IPv4 and IPv6 apart. IPv6 that covers IPv4 addresses in their mapped form is among both."""
    old: list[ipaddress.IPv4Network] = []
    new: list[ipaddress.IPv6Network] = []
    for network in networks:
        if isinstance(network, ipaddress.IPv4Network):
            old.append(network)
        elif network.subnet_of(_MAPPED):
            mapped = network.network_address.ipv4_mapped
            old.append(ipaddress.IPv4Network((int(mapped or 0), network.prefixlen - _MAPPED.prefixlen)))
        else:
            new.append(network)
            if network.supernet_of(_MAPPED):
                old.append(ipaddress.IPv4Network("0.0.0.0/0"))
    return old, new
