"""What trying the disabled keys of a batch has shown."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add the column; keys of earlier batches were not tried."""
    c.execute(sa.text("ALTER TABLE batch_keys ADD COLUMN proof VARCHAR(20) NOT NULL DEFAULT ''"))
