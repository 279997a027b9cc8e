"""Which block of numbers the keys of each gateway have, given once, kept for ever; how it counts dollars. Only SQL."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import gateways


def take(c: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """The blocks of all gateways that this database ever had, by name; a new name gets the next one."""
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(gateways)
    for name in names:
        # Where another process starts at the same moment, whichever is second finds the block taken and looks again.
        while name not in (there := known(c)):
            c.execute(insert.values(name=name, block=max(there.values()) + 1).on_conflict_do_nothing())
    return known(c)


def remember_units(c: sa.Connection, units: Mapping[str, int]) -> dict[int, int]:
    """Keep how gateways count dollars, by name. Returns it by block, of those too that were taken away since."""
    for name, number in units.items():
        c.execute(sa.update(gateways).where(gateways.c.name == name).values(units_per_usd=number))
    return known_units(c)


def known_units(c: sa.Connection) -> dict[int, int]:
    """How each gateway counted dollars last, by block."""
    rows = c.execute(sa.select(gateways.c.block, gateways.c.units_per_usd).where(gateways.c.units_per_usd.is_not(None)))
    return {row.block: row.units_per_usd for row in rows}


def known(c: sa.Connection) -> dict[str, int]:
    """The blocks of all gateways that this database ever had, by name."""
    return {row.name: row.block for row in c.execute(sa.select(gateways).order_by(gateways.c.block))}
