"""Rows of care, one per key: changed by a compare-and-set, and forgotten when the key is long gone. Only SQL."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import inventory


def save(c: sa.Connection, table: sa.Table, values: Mapping[str, Any], *, before: int | None) -> bool:
    """Remember `values` if the row is still of the version `before`, None = there was none.

    False: somebody else has changed it meanwhile.
    """
    row = {**values, "version": 1 if before is None else before + 1}
    if before is None:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(table)
        statement = insert.values(row).on_conflict_do_nothing(index_elements=["key_id"])
        return c.execute(statement.returning(table.c.key_id)).first() is not None
    same = (table.c.key_id == row["key_id"]) & (table.c.version == before)
    return c.execute(sa.update(table).where(same).values(row)).rowcount == 1


def forget_gone(c: sa.Connection, table: sa.Table, *, before: float) -> int:
    """Forget the keys that are gone since `before` or that the inventory does not know; returns how many."""
    known = inventory.c.key_id == table.c.key_id
    there = sa.select(inventory.c.key_id).where(known, inventory.c.gone_at.is_(None) | (inventory.c.gone_at > before))
    return c.execute(sa.delete(table).where(~there.exists())).rowcount
