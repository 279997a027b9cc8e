"""Alerts that name more keys than are kept one by one, and the batch that disables all of them."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add the columns; no alert of earlier versions kept more keys, and every batch was asked for by a person."""
    c.execute(sa.text("ALTER TABLE alerts ADD COLUMN more_findings JSON NOT NULL DEFAULT '[]'"))
    c.execute(sa.text("ALTER TABLE alerts ADD COLUMN batch_id INTEGER"))
    c.execute(sa.text("ALTER TABLE batches ADD COLUMN rule VARCHAR(80) NOT NULL DEFAULT ''"))
