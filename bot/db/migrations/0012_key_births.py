"""When the gateway made a key: a number may mean another key after the gateway was restored or the account changed."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add the column. Of keys that are known already it is learnt when they are listed next (keys/owners.py)."""
    c.execute(sa.text("ALTER TABLE keys ADD COLUMN born_at BIGINT"))
