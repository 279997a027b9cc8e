"""A row per key that was ever asked about. Only SQL; each change is a compare-and-set."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.care.idle.judgement import IdleCare, IdleState
from bot.care.idle.tables import key_idle
from bot.db.tables import inventory


def find(c: sa.Connection, key_id: int) -> IdleCare | None:
    """What is remembered of this key."""
    return several(c, [key_id]).get(key_id)


def several(c: sa.Connection, key_ids: Collection[int]) -> dict[int, IdleCare]:
    """What is remembered of these keys, by number."""
    found: dict[int, IdleCare] = {}
    ids = sorted(key_ids)
    for first in range(0, len(ids), 500):
        rows = c.execute(sa.select(key_idle).where(key_idle.c.key_id.in_(ids[first : first + 500])))
        found |= {int(row["key_id"]): _load(row) for row in rows.mappings()}
    return found


def ordered(c: sa.Connection, *, limit: int) -> list[IdleCare]:
    """Keys that are being disabled."""
    rows = c.execute(sa.select(key_idle).where(key_idle.c.state == str(IdleState.ORDERED)).limit(limit))
    return [_load(row) for row in rows.mappings()]


def save(c: sa.Connection, before: IdleCare | None, after: IdleCare) -> bool:
    """Remember `after` if the row is still as `before` says. False: somebody else has changed it meanwhile."""
    values = vars(after) | {"state": str(after.state), "version": 1 if before is None else before.version + 1}
    if before is None:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(key_idle)
        statement = insert.values(values).on_conflict_do_nothing(index_elements=["key_id"])
        return c.execute(statement.returning(key_idle.c.key_id)).first() is not None
    same = (key_idle.c.key_id == before.key_id) & (key_idle.c.version == before.version)
    return c.execute(sa.update(key_idle).where(same).values(values)).rowcount == 1


def forget_gone(c: sa.Connection, *, before: float) -> int:
    """Forget the keys that are gone since `before` or that the inventory does not know; returns how many."""
    known = inventory.c.key_id == key_idle.c.key_id
    there = sa.select(inventory.c.key_id).where(known, inventory.c.gone_at.is_(None) | (inventory.c.gone_at > before))
    return c.execute(sa.delete(key_idle).where(~there.exists())).rowcount


def _load(row: sa.RowMapping) -> IdleCare:
    values: dict[str, Any] = dict(row)
    return IdleCare(**values | {"state": IdleState(values["state"])})
