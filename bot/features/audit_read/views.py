"""How lines of the record look in Slack: newest first, one line each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.approvals.models import ApprovalRequest
from bot.features.audit_read.line import Line
from bot.features.audit_read.words import sentence
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.languages import tr, trc, trn
from bot.operations import Registry
from bot.slack.blocks import Message, actions, bold_name, button, context, date, section

ROWS = 25
OLDER, NEWEST = "audit_older", "audit_newest"


def audit_page(
    lines: Sequence[Mapping[str, Any]],
    *,
    about: str,
    text: str = "",
    later: bool = False,
    requests: Mapping[int, ApprovalRequest],
    dollars: Dollars,
    operations: Registry,
) -> Message:
    """Lines of the record, newest first; one more than a page shows that there are older ones. `requests`: by id.

    `about`: the key or person in words, "" = of everything; `text`: as it is typed. `later`: newer ones were left out.
    """
    buttons = [button(tr("Newest"), NEWEST, value=text)] if later else []
    if not lines:
        nothing = tr("The record holds nothing about {key} yet.", key=about) if about else tr("The record is empty.")
        nothing = tr("There are no older lines.") if later else nothing
        return Message(nothing, [section(nothing), *([actions(*buttons)] if buttons else [])])
    rows = [_row(line, requests, dollars, operations) for line in lines[:ROWS]]
    small = tr(
        "Newest first. Whoever runs Keydesk gets the whole record on its server with `keydesk audit export`, and "
        "proves it with `keydesk audit verify`."
    )
    title = tr("The record of {key}", key=about) if about else tr("The record of everything")
    if len(lines) > ROWS:
        buttons.append(button(tr("Older"), OLDER, value=f"{text} before:{lines[ROWS - 1]['seq']}".strip()))
    leading = [actions(*buttons)] if buttons else []
    blocks = [section(f"*{title}*"), *(context(row) for row in rows), *leading, context(small)]
    said_in_short = trn("{title}: {count} line.", "{title}: {count} lines.", len(rows), title=title)
    return Message(said_in_short, blocks)


def _row(
    line: Mapping[str, Any], requests: Mapping[int, ApprovalRequest], dollars: Dollars, operations: Registry
) -> str:
    request_id, details = line.get("request_id"), line.get("details")
    request = requests.get(request_id) if request_id else None
    told = Line(
        fact=str(line["fact"]),
        actor=line.get("actor"),
        details=details if isinstance(details, Mapping) else {},
        request=request,
        units_per_usd=dollars.of(line.get("key_id")) if request is None else dollars.at(request.gateway),
        operations=operations,
    )
    things = [tr("request {number}", number=f"#{request_id}")] if request_id else []
    things += [tr("key {number}", number=shown_number(line["key_id"]))] if line.get("key_id") else []
    things.append(trc("of the record", "line {number}", number=line["seq"]))
    happened = sentence(told)
    # Each line says which key it is about, also where its sentence does not.
    name = "" if request is None or not request.key_name.strip() else bold_name(request.key_name)
    what = " · ".join([happened, *([name] if name and name not in happened else []), *things])
    return trc(
        "line of the record: its time and what happened", "{when} · {what}", when=date(_unix(line["at"])), what=what
    )


def _unix(at: Any) -> float:
    return at if isinstance(at, int | float) else datetime.fromisoformat(str(at)).timestamp()
