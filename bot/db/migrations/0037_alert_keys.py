"""Which alerts show which keys, and which of them call security, where they are found without a look at every alert."""

import json
from typing import Any

import sqlalchemy as sa

_STATEMENTS = (
    """
    CREATE TABLE alert_keys (
        key_id BIGINT NOT NULL, alert_id INTEGER NOT NULL, PRIMARY KEY (key_id, alert_id)
    )
    """,
    "ALTER TABLE alerts ADD COLUMN called INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX alerts_by_status_and_called ON alerts (status, called, id)",
    "CREATE INDEX alerts_by_time ON alerts (received_at)",
    "CREATE INDEX alerts_by_batch ON alerts (batch_id)",
)
_PAGE = 500
_ALERTS = sa.text("SELECT id, keys, calls FROM alerts WHERE id > :after ORDER BY id LIMIT :page")
_KEY = sa.text("INSERT INTO alert_keys (key_id, alert_id) VALUES (:key_id, :alert_id)")
_CALLED = sa.text("UPDATE alerts SET called = 1 WHERE id = :alert_id")


def upgrade(c: sa.Connection) -> None:
    """Create them, and note the keys and the calls of the alerts that are there."""
    for statement in _STATEMENTS:
        c.execute(sa.text(statement))
    after = 0
    while rows := c.execute(_ALERTS, {"after": after, "page": _PAGE}).all():
        after = rows[-1].id
        keys = [{"key_id": int(key_id), "alert_id": row.id} for row in rows for key_id in _plain(row.keys)]
        called = [{"alert_id": row.id} for row in rows if _plain(row.calls).get("step", 0) > 0]
        if keys:
            c.execute(_KEY, keys)
        if called:
            c.execute(_CALLED, called)


def _plain(value: Any) -> dict[str, Any]:
    """JSON as a driver hands it over: text on SQLite, values on PostgreSQL."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    return found if isinstance(found, dict) else {}
