"""The gateways that this database ever had, and the block of their keys' numbers."""

import sqlalchemy as sa

_GATEWAYS = "CREATE TABLE gateways (block INTEGER NOT NULL PRIMARY KEY, name VARCHAR(30) NOT NULL UNIQUE)"


def upgrade(c: sa.Connection) -> None:
    """Create the table. The gateway of the settings has block 0, in which every stored number is."""
    c.execute(sa.text(_GATEWAYS))
    c.execute(sa.text("INSERT INTO gateways (block, name) VALUES (0, 'default')"))
