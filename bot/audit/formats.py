"""Lines of the record for other tools: CSV for people and tables, OCSF for security information systems. Pure."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from bot.audit.chain import printable
from bot.gateway.numbers import shown_number
from bot.logs import visible

# `key`: the number as people know it, such as `prod/12`; `key_id` is what the hash is about.
COLUMNS = ("seq", "at", "fact", "actor", "request_id", "key_id", "details", "previous_hash", "hash", "key")
# A table program takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# OCSF 1.3, class API Activity; activity 99 is "other": the fact says which.
_CLASS, _CATEGORY, _OTHER = 6003, 6, 99


def as_csv(lines: Iterable[str]) -> Iterator[str]:
    """A header, a row a line, and last the head: `head` as its fact, its JSON as its details."""
    yield _row(COLUMNS)
    for text in lines:
        line = json.loads(text)
        if "head" in line:
            line = {"fact": "head", "details": line["head"], "hash": line["head"]["hash"]}
        yield _row([_cell(_key(line) if name == "key" else line.get(name)) for name in COLUMNS])


def as_ocsf(lines: Iterable[str]) -> Iterator[str]:
    """A JSON object a line, OCSF API Activity; what OCSF has no field for is in `unmapped`, the head too."""
    for text in lines:
        line = json.loads(text)
        yield printable(json.dumps(_event(line), ensure_ascii=False, separators=(",", ":")))


def _event(line: dict[str, Any]) -> dict[str, Any]:
    head = line.get("head")
    details = line.get("details")
    operation = details.get("operation") if isinstance(details, dict) else None
    at = None if head else line.get("at")
    event: dict[str, Any] = {
        "class_uid": _CLASS,
        "category_uid": _CATEGORY,
        "activity_id": _OTHER,
        "activity_name": "head" if head else line.get("fact"),
        "type_uid": _CLASS * 100 + _OTHER,
        "severity_id": 1,
        "metadata": {"version": "1.3.0", "product": {"name": "Keydesk", "vendor_name": "Keydesk"}},
        "api": {"operation": operation or ("head" if head else line.get("fact"))},
        "unmapped": line,
    }
    if isinstance(at, str):
        try:
            event["time"] = int(datetime.fromisoformat(at).timestamp() * 1000)
        except (ValueError, OverflowError):
            event["raw_data"] = at
    if (key := _key(line)) is not None:
        event["resources"] = [{"type": "API key", "uid": key}]
    if line.get("actor"):
        event["actor"] = {"user": {"uid": line["actor"]}}
    if not head:
        event["metadata"]["uid"] = str(line.get("seq"))
    return event


def _key(line: dict[str, Any]) -> str | None:
    return None if line.get("key_id") is None else str(shown_number(line["key_id"]))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    safe = "'" + text if text.startswith(_FORMULA) else text
    return visible(safe)


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
