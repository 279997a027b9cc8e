"""The ledger of what was granted, which rules that count compare, and when a key was disabled here.

What older requests granted is read from the facts that were judged.
"""

import json
from typing import Any

import sqlalchemy as sa

_GRANTS = """
CREATE TABLE grants (
    request_id INTEGER PRIMARY KEY, person_id VARCHAR(40) NOT NULL, units BIGINT, adds_key BOOLEAN NOT NULL,
    granted_at DOUBLE PRECISION NOT NULL
)"""
_REQUESTS = sa.table(
    "requests",
    sa.column("id", sa.Integer),
    sa.column("operation", sa.String),
    sa.column("status", sa.String),
    sa.column("requester_id", sa.String),
    sa.column("decided_at", sa.Float),
    sa.column("asked_at", sa.Float),
    sa.column("decision", sa.JSON),
)
_LEDGER = sa.table(
    "grants",
    sa.column("request_id", sa.Integer),
    sa.column("person_id", sa.String),
    sa.column("units", sa.BigInteger),
    sa.column("adds_key", sa.Boolean),
    sa.column("granted_at", sa.Float),
)
_GRANTED = ("approved", "running", "unknown", "succeeded")
_GIVING = ("key.create", "key.quota", "key.enable", "key.rotate")


def upgrade(c: sa.Connection) -> None:
    """Create the table, fill it from the requests that were granted, add the column."""
    c.execute(sa.text(_GRANTS))
    c.execute(sa.text("CREATE INDEX grants_by_person ON grants (person_id, granted_at)"))
    c.execute(sa.text("ALTER TABLE keys ADD COLUMN disabled_at DOUBLE PRECISION"))
    wanted = _REQUESTS.c.status.in_(_GRANTED) & _REQUESTS.c.operation.in_(_GIVING)
    for row in c.execute(sa.select(_REQUESTS).where(wanted)).all():
        facts = (json.loads(row.decision) if isinstance(row.decision, str) else row.decision).get("facts") or {}
        values = {
            "request_id": row.id,
            "person_id": row.requester_id,
            "units": _units(facts),
            "adds_key": row.operation != "key.quota",
            "granted_at": row.decided_at or row.asked_at,
        }
        c.execute(sa.insert(_LEDGER).values(values))


def _units(facts: dict[str, Any]) -> int | None:
    """None = no limit, which no number can tell."""
    return None if facts.get("unlimited_quota") else max(0, int(facts.get("increase") or 0))
