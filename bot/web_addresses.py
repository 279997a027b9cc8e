"""What the host of an address tells: whether a secret may be sent to it without encryption."""

import ipaddress

# Names that no public name server answers for: of this machine, of a container network, of an office.
_INSIDE = (".local", ".localhost", ".internal", ".lan", ".svc", ".cluster.local", ".home.arpa")


def is_inside(host: str) -> bool:
    """Whether a host is on this machine or in a private network, as far as its name tells."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_INSIDE)
