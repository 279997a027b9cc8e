"""Messages of the last minutes whose key-like values the index of the account's keys does not know yet."""

import sqlalchemy as sa

_MESSAGES = """
CREATE TABLE held_messages (
    channel VARCHAR(40) NOT NULL,
    ts VARCHAR(40) NOT NULL,
    place JSON NOT NULL,
    findings JSON NOT NULL,
    held_until DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (channel, ts)
)
"""


def upgrade(c: sa.Connection) -> None:
    """Add the table. It holds fingerprints and ends of values, never a value or a message."""
    c.execute(sa.text(_MESSAGES))
