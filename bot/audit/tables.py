"""The tables of the record, as SQLAlchemy Core. Written by `record.append` alone; nothing updates or deletes a line."""

import sqlalchemy as sa

metadata = sa.MetaData()

# `at` is Unix seconds, cut to milliseconds. `details` is the canonical JSON text that was hashed.
lines = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Column("fact", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(200)),
    sa.Column("request_id", sa.BigInteger),
    sa.Column("key_id", sa.BigInteger),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("audit_request", "request_id"),
    sa.Index("audit_key", "key_id"),
)

# One row: how many lines there are and the hash of the last. It shows when lines are missing at the end, and its
# lock lets one transaction at a time append, so that two replicas cannot fork the chain.
head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
