"""Alerts, the fingerprints by which leaked keys are recognised, and batches of incident mode."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Create the tables. Spelled out here so that a later change of alerts/tables.py cannot alter history."""
    number = "SERIAL PRIMARY KEY" if c.dialect.name == "postgresql" else "INTEGER PRIMARY KEY AUTOINCREMENT"
    for statement in _STATEMENTS:
        c.execute(sa.text(statement.format(number=number)))


_STATEMENTS = (
    """
CREATE TABLE alerts (
    id {number}, source VARCHAR(20) NOT NULL, their_id VARCHAR(200) NOT NULL, status VARCHAR(20) NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, url TEXT NOT NULL, place JSON NOT NULL, findings JSON NOT NULL,
    keys JSON NOT NULL, actions JSON NOT NULL, notes JSON NOT NULL, deliveries INTEGER NOT NULL,
    received_at DOUBLE PRECISION NOT NULL, closed_by VARCHAR(40), closed_at DOUBLE PRECISION,
    CONSTRAINT alerts_by_their_id UNIQUE (source, their_id)
)""",
    """
CREATE TABLE fingerprints (
    key_id BIGINT PRIMARY KEY, fingerprint VARCHAR(32), hint VARCHAR(8) NOT NULL, scheme VARCHAR(16) NOT NULL,
    seen_at DOUBLE PRECISION NOT NULL
)""",
    "CREATE INDEX fingerprints_by_seen ON fingerprints (seen_at)",
    """
CREATE TABLE batches (
    id {number}, delivery_id VARCHAR(255) NOT NULL UNIQUE, operation VARCHAR(40) NOT NULL, status VARCHAR(20) NOT NULL,
    requester_id VARCHAR(40) NOT NULL, requester_team VARCHAR(40) NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL,
    undoes INTEGER, stopped_by VARCHAR(40), asked_at DOUBLE PRECISION NOT NULL, settled_at DOUBLE PRECISION
)""",
    """
CREATE TABLE batch_keys (
    batch_id INTEGER NOT NULL, key_id BIGINT NOT NULL, name TEXT NOT NULL, own BOOLEAN NOT NULL,
    status VARCHAR(20) NOT NULL, status_before INTEGER NOT NULL, sentence TEXT NOT NULL, progress JSON NOT NULL,
    PRIMARY KEY (batch_id, key_id)
)""",
    "CREATE INDEX batch_keys_by_status ON batch_keys (batch_id, status)",
)
