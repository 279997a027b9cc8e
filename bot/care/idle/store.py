"""A row per key that was ever asked about. Only SQL; each change is a compare-and-set."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from bot.care import key_rows
from bot.care.idle.judgement import IdleCare, IdleState
from bot.care.idle.tables import key_idle


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
    return key_rows.save(
        c, key_idle, vars(after) | {"state": str(after.state)}, before=None if before is None else before.version
    )


def forget_gone(c: sa.Connection, *, before: float) -> int:
    """Forget the keys that are gone since `before` or that the inventory does not know; returns how many."""
    return key_rows.forget_gone(c, key_idle, before=before)


def _load(row: sa.RowMapping) -> IdleCare:
    values: dict[str, Any] = dict(row)
    return IdleCare(**values | {"state": IdleState(values["state"])})
