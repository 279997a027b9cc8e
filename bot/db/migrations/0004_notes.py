"""Small facts that are worth remembering over a restart, by name."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Create the table."""
    c.execute(sa.text("CREATE TABLE notes (name VARCHAR(80) PRIMARY KEY, value JSON NOT NULL)"))
