"""Leases, heartbeats of the processes, and the audit chain with its head row."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Create the tables."""
    metadata = sa.MetaData()
    sa.Table(
        "lease",
        metadata,
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
    sa.Table(
        "heartbeat",
        metadata,
        sa.Column("executor", sa.String(200), primary_key=True),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    audit = sa.Table(
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
    )
    sa.Index("audit_request", audit.c.request_id)
    sa.Index("audit_key", audit.c.key_id)
    head = sa.Table(
        "audit_head",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    metadata.create_all(c)
    c.execute(sa.insert(head).values(id=1, count=0, hash="0" * 64))
