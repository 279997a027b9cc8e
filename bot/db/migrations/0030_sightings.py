"""One card per leaked key: which alert's card shows a key, and which later alerts about it that card shows too."""

import json
from typing import Any

import sqlalchemy as sa

_STATEMENTS = (
    "ALTER TABLE alerts ADD COLUMN elsewhere JSON NOT NULL DEFAULT '{}'",
    "CREATE TABLE leaked_keys (key_id BIGINT NOT NULL PRIMARY KEY, alert_id INTEGER NOT NULL)",
    """
    CREATE TABLE sightings (
        shown_by INTEGER NOT NULL, alert_id INTEGER NOT NULL, PRIMARY KEY (shown_by, alert_id)
    )
    """,
)
_OPEN = "SELECT id, findings, more_findings FROM alerts WHERE status = 'open' ORDER BY id"


def upgrade(c: sa.Connection) -> None:
    """Create the tables. The oldest open alert about a key shows it; others that are open keep their own cards."""
    for statement in _STATEMENTS:
        c.execute(sa.text(statement))
    shown: dict[int, int] = {}
    for row in c.execute(sa.text(_OPEN)):
        if any(one[1] is not None for one in _plain(row.more_findings)):
            continue  # it names more keys than a card shows one by one
        for finding in _plain(row.findings):
            if finding.get("how") == "full" and finding.get("key_ids"):
                shown.setdefault(int(finding["key_ids"][0]), int(row.id))
    insert = sa.text("INSERT INTO leaked_keys (key_id, alert_id) VALUES (:key_id, :alert_id)")
    if shown:
        c.execute(insert, [{"key_id": key_id, "alert_id": alert_id} for key_id, alert_id in sorted(shown.items())])


def _plain(value: Any) -> list[Any]:
    """JSON as a driver hands it over: text on SQLite, values on PostgreSQL."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    return found if isinstance(found, list) else []
