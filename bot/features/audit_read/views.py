"""How lines of the record look in Slack: newest first, one line each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.slack.blocks import Message, code, context, date, escape, mention, section, truncate

ROWS = 25
# What a line says beside who and when; longer values are for the export.
_TOLD = ("operation", "rule", "reason", "why", "tried", "kind", "source", "outcome", "times")


def audit_page(lines: Sequence[Mapping[str, Any]], *, about: str) -> Message:
    """The newest lines of the record, of everything or of one key. `about`: of what, in words."""
    if not lines:
        text = f"The record holds nothing about {about} yet."
        return Message(text, [section(text)])
    rows = [_row(line) for line in lines[:ROWS]]
    small = "Newest first. `keydesk audit export` gives the whole record, `keydesk audit verify` proves it."
    blocks = [section(f"*The record of {about}*"), *(context(row) for row in rows), context(small)]
    return Message(f"The record of {about}: {len(rows)} lines.", blocks)


def _row(line: Mapping[str, Any]) -> str:
    who = mention(str(line["actor"])) if line.get("actor") else "Keydesk"
    things = [f"request #{line['request_id']}"] if line.get("request_id") else []
    things += [f"key {line['key_id']}"] if line.get("key_id") else []
    details = line.get("details")
    if isinstance(details, Mapping):
        things += [f"{name} {escape(truncate(str(details[name]), 80))}" for name in _TOLD if details.get(name)]
    return f"{line['seq']} · {date(_unix(line['at']))} · {who} · {code(str(line['fact']))} · {' · '.join(things)}"


def _unix(at: Any) -> float:
    return at if isinstance(at, int | float) else datetime.fromisoformat(str(at)).timestamp()
