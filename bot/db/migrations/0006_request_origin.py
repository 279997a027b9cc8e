"""What led to a request, and the words of a denial: columns of their own instead of one note that meant both.

A note that equals a machine's word does not tell who wrote it, so old rows are read by what else they say: a denied
request holds a reason, the terms of its decision say whether glass was broken, and the delivery id says where it
came from.
"""

import json
from typing import Any

import sqlalchemy as sa

_REQUESTS = sa.table(
    "requests",
    sa.column("id", sa.Integer),
    sa.column("delivery_id", sa.String),
    sa.column("status", sa.String),
    sa.column("note", sa.Text),
    sa.column("decision", sa.JSON),
    sa.column("input", sa.JSON),
    sa.column("origin", sa.JSON),
    sa.column("break_glass", sa.Boolean),
    sa.column("denial", sa.Text),
)
_COLUMNS = (
    """ALTER TABLE requests ADD COLUMN origin JSON NOT NULL DEFAULT '{"kind": "person"}'""",
    "ALTER TABLE requests ADD COLUMN break_glass BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE requests ADD COLUMN denial TEXT NOT NULL DEFAULT ''",
)


def upgrade(c: sa.Connection) -> None:
    """Add the columns, fill them from the old rows, drop the note."""
    for statement in _COLUMNS:
        c.execute(sa.text(statement))
    of_machine = _REQUESTS.c.delivery_id.like("req:%") | _REQUESTS.c.delivery_id.like("alert:%")
    for row in c.execute(sa.select(_REQUESTS).where((_REQUESTS.c.note != "") | of_machine)).all():
        values = _values(row)
        c.execute(sa.update(_REQUESTS).where(_REQUESTS.c.id == row.id).values(values))
    c.execute(sa.text("ALTER TABLE requests DROP COLUMN note"))


def _values(row: Any) -> dict[str, Any]:
    denied = row.status == "denied"
    approval = _json(row.decision)["decision"].get("approval") or {}
    return {
        "origin": _origin(row.delivery_id, automatic=not denied and row.note == "automatic", wanted=_json(row.input)),
        "break_glass": not denied and bool(approval.get("break_glass")) and row.note.startswith("break-glass"),
        "denial": row.note if denied else "",
    }


def _origin(delivery_id: str, *, automatic: bool, wanted: dict[str, Any]) -> dict[str, Any]:
    kind, *rest = delivery_id.split(":")
    if kind == "req" and rest[1:] == ["retire"]:
        return {"kind": "rotation_end", "request_id": int(wanted.get("rotation") or rest[0])}
    if kind == "alert" and len(rest) == 4:
        return {
            "kind": "alert_rule" if automatic else "alert",
            "alert_id": int(rest[0]),
            "attempt": int(rest[3]),
        }
    return {"kind": "person"}


def _json(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found
