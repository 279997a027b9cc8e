"""Who agreed to a batch that brings locked keys back."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add the columns; no batch of earlier versions needed anybody's agreement."""
    c.execute(sa.text("ALTER TABLE batches ADD COLUMN agreed_by VARCHAR(40) NOT NULL DEFAULT ''"))
    c.execute(sa.text("ALTER TABLE batches ADD COLUMN agreed_team VARCHAR(40) NOT NULL DEFAULT ''"))
