"""Which block of numbers the keys of each gateway have: given once, kept for ever. Only SQL."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import gateways


def take(c: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """The blocks of all gateways that this database ever had, by name; a new name gets the next one."""
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(gateways)
    for name in names:
        # Where another process starts at the same moment, whichever is second finds the block taken and looks again.
        while name not in (known := _all(c)):
            c.execute(insert.values(name=name, block=max(known.values()) + 1).on_conflict_do_nothing())
    return _all(c)


def _all(c: sa.Connection) -> dict[str, int]:
    return {row.name: row.block for row in c.execute(sa.select(gateways).order_by(gateways.c.block))}
