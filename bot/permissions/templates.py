"""The `[[templates]]` of the policy: usual wishes for a new key, each a button of the form. They give no right.

A template names fields of the form for a new key; what it leaves out stays as the person fills it in.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.languages import StoredText, tr, trc
from bot.periods import Period
from bot.permissions.gateways import GatewayTerms, check_name
from bot.permissions.source_map import Path
from bot.permissions.toml_document import Table, TomlDocument, short, value_problem
from bot.units import short_quota

KEYS = ("name", "words", "gateway", "fields")
# Slack shows so many buttons in a row of them.
MOST = 25
MOST_NAME, MOST_WORDS, MOST_TEXT, MOST_ENTRIES = 80, 70, 1000, 100
NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Template:
    """`name`: unique. `words`: what the button says, in each language. `fields`: block id of the form → what stands in
    it: a text, whether a box is ticked, or entries. `expired_time` is `never` or a time from now, such as `45d`.
    `gateway`: where the key is made, "" = as chosen in the form.
    """

    name: str
    words: StoredText
    fields: Mapping[str, StoredText | bool | tuple[str, ...]]
    gateway: str = ""


def read_templates(
    document: TomlDocument, value: object, gateways: Iterable[GatewayTerms] = ()
) -> tuple[Template, ...]:
    """The templates, in their order; the mistakes in them are noted in the document. `gateways`: of the same file."""
    path: Path = ("templates",)
    if not isinstance(value, list):
        document.wrong(path, tr("templates are written as [[templates]], with two brackets each"))
        return ()
    if len(value) > MOST:
        document.wrong(path, tr("there are more than {number} templates", number=MOST))
        return ()
    found: dict[str, Template] = {}
    for index, element in enumerate(value):
        place: Path = (*path, index)
        table = document.table(place, element, _a_template())
        template = None if table is None else _template(document, place, table)
        if template is not None and template.gateway:
            check_name(document, (*place, "gateway"), template.gateway, gateways)
        if template is not None and template.name in found:
            document.wrong((*place, "name"), tr("another template is named “{name}” too", name=template.name))
        elif template is not None:
            found[template.name] = template
    return tuple(found.values())


def _a_template() -> str:
    return trc("a part of the policy file", "a template")


def _template(document: TomlDocument, path: Path, table: Table) -> Template | None:
    document.only(path, table, KEYS, _a_template())
    for key in ("name", "fields"):
        if key not in table:
            document.wrong(path, tr("the template has no {key}", key=key))
    name = document.text((*path, "name"), table["name"], "name", most=MOST_NAME) if "name" in table else None
    words: str | None = name
    if "words" in table:
        words = document.own_sentence((*path, "words"), table["words"], "words", most=MOST_WORDS)
    gateway = document.text((*path, "gateway"), table["gateway"], "gateway", most=30) if "gateway" in table else ""
    inside: Path = (*path, "fields")
    written = document.table(inside, table.get("fields", {}), "fields") or {}
    document.only(inside, written, READERS, "fields")
    read = {
        field: READERS[field](document, (*inside, field), field, written[field])
        for field in written
        if field in READERS
    }
    fields = {field: one for field, one in read.items() if one is not None}
    if fields.get("remain_quota") == "0" and not fields.get("unlimited_quota"):
        document.wrong((*inside, "remain_quota"), tr("with a quota of 0 the key could not be used"))
    return Template(name=name, words=words, fields=fields, gateway=gateway or "") if name and words else None


_Value = StoredText | bool | tuple[str, ...]


def _name(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
    return document.text(path, value, field, most=50)


def _quota(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
    units = document.quota(path, value, field)
    if units is None or (not units and document.exact):
        return None if units is None else "0"
    return value.strip() if isinstance(value, str) else short_quota(units)


def _expiry(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
    if value == NEVER:
        return NEVER
    return str(value).strip() if document.duration(path, value, field) is not None else None


def _refill(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
    return document.choice(path, value, field, (NEVER, *Period))


def _flag(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
    return document.flag(path, value, field)


def _group(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
    return document.text(path, value, field, most=64)


def _reason(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
    return document.own_sentence(path, value, field, most=MOST_TEXT)


def _entries(problem: Callable[[str], str]) -> Callable[[TomlDocument, Path, str, object], _Value | None]:
    def read(document: TomlDocument, path: Path, field: str, value: object) -> _Value | None:
        texts = document.texts(path, value, field, most=MOST_ENTRIES)
        for place, text in texts or ():
            if wrong := problem(text):
                document.wrong(place, value_problem(field, ValueError(wrong)))
        return None if texts is None else tuple(text for _, text in texts)

    return read


def _no_model(text: str) -> str:
    plain = 0 < len(text) <= 150 and text.isprintable() and text == text.strip() and "," not in text
    return "" if plain else tr("“{typed}” is no model id", typed=short(text))


def _no_address(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return tr("“{typed}” is no IP address and no CIDR", typed=short(text))
    return ""


# The fields of the form for a new key. `expired_time_at` is a moment, which a template cannot know.
READERS: Mapping[str, Callable[[TomlDocument, Path, str, object], _Value | None]] = {
    "name": _name,
    "remain_quota": _quota,
    "unlimited_quota": _flag,
    "refill": _refill,
    "expired_time": _expiry,
    "model_limits": _entries(_no_model),
    "allow_ips": _entries(_no_address),
    "group": _group,
    "cross_group_retry": _flag,
    "reason": _reason,
}
