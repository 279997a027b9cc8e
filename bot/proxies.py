"""Which proxy a client goes through: one reading of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY for all of them.

Libraries read these names each in its own way (slack_sdk knows no NO_PROXY), so every client is handed the answer and
told to read nothing itself. `bot.settings.proxies` hands in the environment.
"""

import contextlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.errors import ConfigurationError

_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
# What our HTTP libraries speak to a proxy without another package.
_SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True)
class Proxies:
    """`named`: the variables that are set, by their lower-case names. Without any, every client goes straight."""

    named: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of_url(self, url: str) -> str | None:
        """The proxy for this address, with its user and password; None = none."""
        parts = urlsplit(url)
        scheme = {"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)
        proxy = self.named.get(f"{scheme}_proxy") or self.named.get("all_proxy")
        if not proxy or self._is_excepted(parts.hostname or "", parts.port):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"

    def shown(self, url: str) -> str | None:
        """The same without user and password, to be shown."""
        proxy = self.of_url(url)
        if proxy is None:
            return None
        parts = urlsplit(proxy)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _is_excepted(self, host: str, port: int | None) -> bool:
        entries = [entry.strip().lower() for entry in self.named.get("no_proxy", "").split(",")]
        return any(_excepts(entry, host.lower(), port) for entry in entries if entry)


def read_proxies(given: Mapping[str, str]) -> Proxies:
    """The proxies that the environment names; a lower-case name wins over the upper-case one, as for curl.

    Raises ConfigurationError for what no client here can speak to. Never shows a value: it may hold a password.
    """
    named = {name: (given.get(name) or given.get(name.upper(), "")).strip() for name in _NAMES}
    problems = [
        f"{name.upper()} must look like http://proxy.example.com:3128; other kinds of proxies are not supported."
        for name, value in named.items()
        if value and name != "no_proxy" and not _is_usable(value)
    ]
    if problems:
        raise ConfigurationError(problems)
    return Proxies({name: value for name, value in named.items() if value})


def _is_usable(value: str) -> bool:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        return parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _excepts(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of NO_PROXY names this host: `*`, a name or the end of one, an address, a network, `:port`."""
    if entry == "*":
        return True
    with contextlib.suppress(ValueError):
        network = ipaddress.ip_network(entry.strip("[]"), strict=False)
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host) in network
        return False
    name, _, only = entry.rpartition(":") if entry.rpartition(":")[2].isdigit() else (entry, "", "")
    if only and only != str(port):
        return False
    name = name.strip("[]").removeprefix("*").removeprefix(".")
    return host == name or host.endswith(f".{name}")
