"""A row per key of the account as it was last read, and how its counters moved.

The tables fill with the first list of keys; before that, people are shown what is read from the gateway.
"""

import sqlalchemy as sa

_INVENTORY = """
CREATE TABLE inventory (
    key_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,
    hint VARCHAR(20) NOT NULL, masked BOOLEAN NOT NULL, status BIGINT NOT NULL, created_time BIGINT NOT NULL,
    accessed_time BIGINT NOT NULL, expired_time BIGINT NOT NULL, remain_quota BIGINT NOT NULL,
    used_quota BIGINT NOT NULL, unlimited_quota BOOLEAN NOT NULL, model_limits_enabled BOOLEAN NOT NULL,
    model_limits TEXT NOT NULL, allow_ips TEXT, "group" TEXT NOT NULL, cross_group_retry BOOLEAN NOT NULL,
    known_since DOUBLE PRECISION NOT NULL, read_at DOUBLE PRECISION NOT NULL, gone_at DOUBLE PRECISION
)"""
_SAMPLES = """
CREATE TABLE key_samples (
    key_id BIGINT NOT NULL, grain SMALLINT NOT NULL, data {bytes} NOT NULL, PRIMARY KEY (key_id, grain)
)"""


def upgrade(c: sa.Connection) -> None:
    """Create the tables; of keys made earlier it is not known which roles their owners had then."""
    c.execute(sa.text(_INVENTORY))
    c.execute(sa.text("CREATE INDEX inventory_by_folded ON inventory (folded)"))
    c.execute(sa.text(_SAMPLES.format(bytes="BYTEA" if c.dialect.name == "postgresql" else "BLOB")))
    c.execute(sa.text("ALTER TABLE keys ADD COLUMN owner_roles JSON"))
