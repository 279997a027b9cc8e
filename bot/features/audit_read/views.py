"""How lines of the record look in Slack: newest first, one line each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.approvals.models import ApprovalRequest
from bot.features.audit_read.words import Line, sentence
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
    """The newest lines of the record, of everything or of one key. `about`: of what, in words. `requests`: by id."""
    if not lines:
        text = f"The record holds nothing about {about} yet."
        return Message(text, [section(text)])
    rows = [_row(line, requests, units_per_usd, operations) for line in lines[:ROWS]]
    small = "Newest first. `keydesk audit export` gives the whole record, `keydesk audit verify` proves it."
    blocks = [section(f"*The record of {about}*"), *(context(row) for row in rows), context(small)]
    return Message(f"The record of {about}: {len(rows)} lines.", blocks)


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
    things = [f"request #{request_id}"] if request_id else []
    things += [f"key {line['key_id']}"] if line.get("key_id") else []
    return " · ".join([date(_unix(line["at"])), sentence(told), *things, f"line {line['seq']}"])


def _unix(at: Any) -> float:
    return at if isinstance(at, int | float) else datetime.fromisoformat(str(at)).timestamp()
