"""How fast keys spend, and who was sent a weekly card when."""

import sqlalchemy as sa

_STATEMENTS = (
    """
CREATE TABLE key_pace (
    key_id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, born_at BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL,
    used BIGINT NOT NULL, hot SMALLINT NOT NULL, cool SMALLINT NOT NULL, told BOOLEAN NOT NULL,
    told_at DOUBLE PRECISION NOT NULL, muted_until DOUBLE PRECISION NOT NULL
)""",
    "CREATE TABLE care_weeks (person_id VARCHAR(40) NOT NULL PRIMARY KEY, week BIGINT NOT NULL)",
)


def upgrade(c: sa.Connection) -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        c.execute(sa.text(statement))
