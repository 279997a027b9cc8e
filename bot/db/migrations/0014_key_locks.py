"""Keys that only `key.unlock` brings back: disabled from an alert, in an incident, or by somebody else."""

import json
from typing import Any

import sqlalchemy as sa

# A key's number, when it was disabled or enabled, and the lock that follows from it.
_Event = tuple[int, float, dict[str, Any] | None]
_TABLE = """
CREATE TABLE key_locks (
    key_id BIGINT NOT NULL PRIMARY KEY, born_at BIGINT, cause VARCHAR(20) NOT NULL, locked_by VARCHAR(40) NOT NULL,
    locked_at DOUBLE PRECISION NOT NULL, number INTEGER NOT NULL, rule VARCHAR(80) NOT NULL
)
"""
_REQUESTS = """
SELECT id, operation, key_id, requester_id, origin, decision, settled_at FROM requests
WHERE operation IN ('key.disable', 'key.enable') AND status = 'succeeded' AND key_id IS NOT NULL
"""
_BATCHES = """
SELECT b.id, b.operation, k.key_id, b.requester_id, b.rule, COALESCE(b.settled_at, b.asked_at) AS settled_at
FROM batches b JOIN batch_keys k ON k.batch_id = b.id WHERE k.status = 'done' AND NOT k.own
"""


def upgrade(c: sa.Connection) -> None:
    """Create the table, and lock what was disabled so before and was not enabled since."""
    c.execute(sa.text(_TABLE))
    seen = [*_of_requests(c), *_of_batches(c)]
    last: dict[int, tuple[float, dict[str, Any] | None]] = {}
    for key_id, at, lock in seen:
        if key_id not in last or at >= last[key_id][0]:
            last[key_id] = at, lock
    insert = sa.text(
        "INSERT INTO key_locks (key_id, cause, locked_by, locked_at, number, rule) "
        "VALUES (:key_id, :cause, :locked_by, :locked_at, :number, :rule)"
    )
    for key_id, (at, lock) in sorted(last.items()):
        if lock is not None:
            c.execute(insert, {"key_id": key_id, "locked_at": at, **lock})


def _of_requests(c: sa.Connection) -> list[_Event]:
    found: list[_Event] = []
    for row in c.execute(sa.text(_REQUESTS)):
        origin, judgement = _plain(row.origin), _plain(row.decision)
        kind = origin.get("kind", "person")
        by = "" if kind == "alert_rule" else row.requester_id
        lock = {"locked_by": by, "rule": str(judgement.get("decision", {}).get("rule") or "")[:80]}
        if row.operation == "key.enable":
            found.append((row.key_id, row.settled_at or 0.0, None))
        elif kind in {"alert", "alert_rule"}:
            number = int(origin.get("alert_id") or 0)
            found.append((row.key_id, row.settled_at or 0.0, {**lock, "cause": "alert", "number": number}))
        elif kind == "person" and judgement.get("own") is False:
            found.append((row.key_id, row.settled_at or 0.0, {**lock, "cause": "person", "number": row.id}))
    return found


def _of_batches(c: sa.Connection) -> list[_Event]:
    found: list[_Event] = []
    for row in c.execute(sa.text(_BATCHES)):
        by = "" if row.rule else row.requester_id
        lock = {"cause": "incident", "locked_by": by, "number": row.id, "rule": row.rule}
        found.append((row.key_id, row.settled_at, lock if row.operation == "key.disable" else None))
    return found


def _plain(value: Any) -> dict[str, Any]:
    """JSON as a driver hands it over: text on SQLite, values on PostgreSQL."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    return found if isinstance(found, dict) else {}
