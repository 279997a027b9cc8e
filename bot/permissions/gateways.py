"""The `[gateways]` table of the policy: further gateways, or accounts of one, beside that of the settings.

A secret is never in the file, only the name of the setting that holds it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.languages import tr
from bot.permissions.source_map import Path
from bot.permissions.toml_document import Table, TomlDocument, guess, short
from bot.web_addresses import is_inside

KEYS = ("base_url", "access_token", "user_id", "units_per_usd")
# The gateway of the settings; the table cannot name another one so.
OF_SETTINGS = "default"
MOST = 20
MOST_UNITS = 10**12
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}", re.ASCII)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,79}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class GatewayTerms:
    """`access_token`: the name of the variable that holds it. `user_id`, `units_per_usd`: None = not said."""

    name: str
    base_url: str
    access_token: str
    user_id: str | None = None
    units_per_usd: int | None = None


def read_gateways(document: TomlDocument, value: object) -> tuple[GatewayTerms, ...]:
    """The table; the mistakes in it are noted in the document."""
    path: Path = ("gateways",)
    table = document.table(path, value, "gateways") or {}
    if len(table) > MOST:
        document.wrong(path, tr("there are more than {number} gateways", number=MOST))
    found: list[GatewayTerms] = []
    for name, element in list(table.items())[:MOST]:
        gateway = _gateway(document, (*path, name), name, element)
        if gateway is None:
            continue
        same = next((one for one in found if _same_account(one, gateway)), None)
        if same is not None:
            wrong = tr(
                "this is the gateway “{name}” once more: the same address and the same access token", name=same.name
            )
            document.wrong((*path, name), wrong)
        found.append(gateway)
    return tuple(found)


def _same_account(one: GatewayTerms, other: GatewayTerms) -> bool:
    return (one.base_url, one.access_token) == (other.base_url, other.access_token)


def _gateway(document: TomlDocument, path: Path, name: str, value: object) -> GatewayTerms | None:
    if not _NAME.fullmatch(name) or name == OF_SETTINGS:
        wrong = tr(
            "“{name}” cannot name a gateway: use small letters, digits, - and _, 30 at most, and not “{taken}”, which "
            "is the gateway of the settings",
            name=short(name),
            taken=OF_SETTINGS,
        )
        document.wrong(path, wrong)
        return None
    table = document.table(path, value, name)
    if table is None:
        return None
    document.only(path, table, KEYS, name)
    base_url, access_token = _base_url(document, path, table), _access_token(document, path, table)
    user_id = _user_id(document, path, table)
    units = None
    if "units_per_usd" in table:
        units = document.integer(
            (*path, "units_per_usd"), table["units_per_usd"], "units_per_usd", least=1, most=MOST_UNITS
        )
    if base_url is None or access_token is None:
        return None
    return GatewayTerms(name=name, base_url=base_url, access_token=access_token, user_id=user_id, units_per_usd=units)


def _text(document: TomlDocument, path: Path, table: Table, key: str) -> str | None:
    if key not in table:
        document.wrong(path, tr("the gateway has no {key}", key=key))
        return None
    return document.text((*path, key), table[key], key, most=200)


def _base_url(document: TomlDocument, path: Path, table: Table) -> str | None:
    text = _text(document, path, table, "base_url")
    if text is None:
        return None
    problem = _address_problem(text)
    if problem:
        document.wrong((*path, "base_url"), problem)
        return None
    return text.rstrip("/")


def _address_problem(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return tr("base_url is not an address such as https://host")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"):
        return tr("base_url must be scheme and host only, without path, user, query or fragment")
    if parts.scheme == "http" and not is_inside(parts.hostname):
        return tr("base_url gets a secret, so it must be https (http is for this machine and private networks)")
    return ""


def _access_token(document: TomlDocument, path: Path, table: Table) -> str | None:
    text = _text(document, path, table, "access_token")
    if text is not None and not _VARIABLE.fullmatch(text):
        # Not repeated: it may be the token itself.
        wrong = tr(
            "access_token is the name of an environment variable, such as {example}; the token itself does not belong "
            "in this file",
            example="GATEWAY_TOKEN_PROD",
        )
        document.wrong((*path, "access_token"), wrong)
        return None
    return text


def _user_id(document: TomlDocument, path: Path, table: Table) -> str | None:
    if "user_id" not in table:
        return None
    number = document.integer((*path, "user_id"), table["user_id"], "user_id", least=1, most=2**63 - 1)
    return None if number is None else str(number)


def check_names(document: TomlDocument, gateways: Iterable[GatewayTerms], rules: object) -> None:
    """Note every gateway that a condition names and that there is not, where the file has gateways at all."""
    for path, name in _named_gateways(rules):
        check_name(document, path, name, gateways)


def check_name(document: TomlDocument, path: Path, name: str, gateways: Iterable[GatewayTerms]) -> None:
    """Note a gateway that there is not."""
    names = [OF_SETTINGS, *(gateway.name for gateway in gateways)]
    if name not in names:
        document.wrong(path, guess(tr("there is no gateway “{typed}”", typed=short(name)), name, names))


def _named_gateways(rules: object) -> Iterator[tuple[Path, str]]:
    """Every name in a gateway_in, with its place; what is no name is a mistake that was noted already."""
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        when = rule.get("when") if isinstance(rule, dict) else None
        names = when.get("gateway_in") if isinstance(when, dict) else None
        for place, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str):
                yield ("rules", index, "when", "gateway_in", place), name
