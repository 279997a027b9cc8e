"""How lines of the record look in Slack: newest first, one line each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.approvals.models import ApprovalRequest
from bot.features.audit_read.words import Line, sentence
from bot.languages import tr, trc, trn
from bot.operations import Registry
from bot.slack.blocks import Message, context, date, section

ROWS = 25


def audit_page(
    lines: Sequence[Mapping[str, Any]],
    *,
    about: str,
    requests: Mapping[int, ApprovalRequest],
    units_per_usd: int,
    operations: Registry,
) -> Message:
    """The newest lines of the record. `about`: the key in words, "" = of everything. `requests`: by id."""
    if not lines:
        text = tr("The record holds nothing about {key} yet.", key=about) if about else tr("The record is empty.")
        return Message(text, [section(text)])
    rows = [_row(line, requests, units_per_usd, operations) for line in lines[:ROWS]]
    small = tr("Newest first. `keydesk audit export` gives the whole record, `keydesk audit verify` proves it.")
    title = tr("The record of {key}", key=about) if about else tr("The record of everything")
    blocks = [section(f"*{title}*"), *(context(row) for row in rows), context(small)]
    text = trn("{title}: {count} line.", "{title}: {count} lines.", len(rows), title=title)
    return Message(text, blocks)


def _row(
    line: Mapping[str, Any], requests: Mapping[int, ApprovalRequest], units_per_usd: int, operations: Registry
) -> str:
    request_id, details = line.get("request_id"), line.get("details")
    told = Line(
        fact=str(line["fact"]),
        actor=line.get("actor"),
        details=details if isinstance(details, Mapping) else {},
        request=requests.get(request_id) if request_id else None,
        units_per_usd=units_per_usd,
        operations=operations,
    )
    things = [tr("request {number}", number=f"#{request_id}")] if request_id else []
    things += [tr("key {number}", number=line["key_id"])] if line.get("key_id") else []
    things.append(trc("of the record", "line {number}", number=line["seq"]))
    what = " · ".join([sentence(told), *things])
    return trc(
        "line of the record: its time and what happened", "{when} · {what}", when=date(_unix(line["at"])), what=what
    )


def _unix(at: Any) -> float:
    return at if isinstance(at, int | float) else datetime.fromisoformat(str(at)).timestamp()
