"""Requests, the owners of keys, and the messages that must come to be."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Create the spine's tables. Spelled out here so that a later change of tables.py cannot alter history."""
    number = "SERIAL PRIMARY KEY" if c.dialect.name == "postgresql" else "INTEGER PRIMARY KEY AUTOINCREMENT"
    for statement in (_REQUESTS.format(number=number), _KEYS, _POSTS, *_INDEXES):
        c.execute(sa.text(statement))


_REQUESTS = """
CREATE TABLE requests (
    id {number}, version INTEGER NOT NULL, delivery_id VARCHAR(255) NOT NULL UNIQUE, operation VARCHAR(40) NOT NULL,
    status VARCHAR(20) NOT NULL, requester_id VARCHAR(40) NOT NULL, requester_team VARCHAR(40) NOT NULL,
    channel_id VARCHAR(40) NOT NULL, key_id BIGINT, key_name TEXT NOT NULL, reason TEXT NOT NULL, input JSON NOT NULL,
    before JSON, summary JSON NOT NULL, decision JSON NOT NULL, votes JSON NOT NULL, taken_by VARCHAR(40),
    counter_offer JSON, decided_by VARCHAR(40), decided_at DOUBLE PRECISION, note TEXT NOT NULL,
    asked_at DOUBLE PRECISION NOT NULL, lapses_at DOUBLE PRECISION, settled_at DOUBLE PRECISION,
    progress JSON NOT NULL, outcome JSON, reviewed_by VARCHAR(40)
)"""
_KEYS = """
CREATE TABLE keys (
    key_id BIGINT PRIMARY KEY, name TEXT NOT NULL, owner_id VARCHAR(40) NOT NULL, owner_team VARCHAR(40) NOT NULL,
    request_id INTEGER, created_at DOUBLE PRECISION NOT NULL, deleted_at DOUBLE PRECISION, replaces BIGINT,
    replaced_by BIGINT, reveals INTEGER NOT NULL
)"""
_POSTS = """
CREATE TABLE posts (
    id VARCHAR(80) PRIMARY KEY, kind VARCHAR(40) NOT NULL, subject VARCHAR(40) NOT NULL, target VARCHAR(40) NOT NULL,
    thread_of VARCHAR(80), channel VARCHAR(40), ts VARCHAR(40), wanted INTEGER NOT NULL, drawn INTEGER NOT NULL,
    intent_at DOUBLE PRECISION, attempts INTEGER NOT NULL, error TEXT, body JSON,
    created_at DOUBLE PRECISION NOT NULL
)"""
_INDEXES = (
    "CREATE INDEX requests_by_status ON requests (status, id)",
    "CREATE INDEX requests_by_requester ON requests (requester_id, id)",
    "CREATE INDEX requests_by_key ON requests (key_id, id)",
    "CREATE INDEX keys_by_owner ON keys (owner_id, key_id)",
    "CREATE INDEX keys_by_name ON keys (name)",
    "CREATE INDEX posts_by_message ON posts (channel, ts)",
)
