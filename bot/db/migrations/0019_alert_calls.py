"""How often security was called to an alert, and who is on it."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add the columns; nobody was called to the alerts of earlier versions, nor is now until they are repeated."""
    c.execute(sa.text("ALTER TABLE alerts ADD COLUMN calls JSON NOT NULL DEFAULT '{}'"))
    c.execute(sa.text("ALTER TABLE alerts ADD COLUMN acknowledged_by VARCHAR(40)"))
    c.execute(sa.text("ALTER TABLE alerts ADD COLUMN acknowledged_at DOUBLE PRECISION"))
