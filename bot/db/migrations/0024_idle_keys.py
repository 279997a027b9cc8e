"""Idle keys, what stands in which message about a key, and how much a person was told in a day."""

import sqlalchemy as sa

_STATEMENTS = (
    "ALTER TABLE key_care ADD COLUMN owner_id VARCHAR(40)",
    """
CREATE TABLE key_idle (
    key_id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, born_at BIGINT NOT NULL, owner_id VARCHAR(40) NOT NULL,
    state VARCHAR(10) NOT NULL, since DOUBLE PRECISION NOT NULL, due DOUBLE PRECISION NOT NULL, request_id BIGINT
)""",
    """
CREATE TABLE care_notices (
    post_id VARCHAR(120) NOT NULL, key_id BIGINT NOT NULL, kind VARCHAR(20) NOT NULL, born_at BIGINT NOT NULL,
    owner_id VARCHAR(40) NOT NULL, expires BIGINT NOT NULL, outcome VARCHAR(20), at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (post_id, key_id, kind)
)""",
    "CREATE INDEX care_notices_by_key ON care_notices (key_id)",
    "CREATE TABLE care_days (person_id VARCHAR(40) NOT NULL PRIMARY KEY, day BIGINT NOT NULL, told BIGINT NOT NULL)",
)


def upgrade(c: sa.Connection) -> None:
    """Create the tables. Of keys that were told about before it is not known who was told."""
    for statement in _STATEMENTS:
        c.execute(sa.text(statement))
