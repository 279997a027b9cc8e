"""Locked keys: disabled from an alert, in an incident, by somebody else than their owner, or since they left. Only SQL.

A locked key comes back only with what the policy says for `key.unlock` (permissions/unlocking.py).
"""

from typing import Any

import sqlalchemy as sa

from bot.db.tables import key_locks
from bot.permissions.models import Lock

# A person's disable takes nothing away from the lock of an alert: who could agree then is who can agree.
_WEIGHT = {"leaver": 0, "person": 0, "incident": 1, "alert": 2}


def lock(c: sa.Connection, key_id: int, why: Lock, *, born_at: int | None = None) -> Lock:
    """Lock a key; an earlier lock of more weight stays. Returns the one that holds. `born_at`: of its record."""
    row = c.execute(sa.select(key_locks).where(key_locks.c.key_id == key_id)).one_or_none()
    old = None if row is None or _other(row.born_at, born_at) else _load(row)
    if old is not None and _WEIGHT[old.cause] > _WEIGHT[why.cause]:
        return old
    values = {
        "born_at": born_at,
        "cause": why.cause,
        "locked_by": why.by,
        "locked_at": why.at,
        "number": why.number,
        "rule": why.rule[:80],
    }
    if row is None:
        c.execute(sa.insert(key_locks).values(key_id=key_id, **values))
    else:
        c.execute(sa.update(key_locks).where(key_locks.c.key_id == key_id).values(values))
    return why


def unlock(c: sa.Connection, key_id: int) -> None:
    """Delete the lock of a key that is back in use, or gone."""
    c.execute(sa.delete(key_locks).where(key_locks.c.key_id == key_id))


def lock_of(c: sa.Connection, key_id: int, born_at: int | None = None) -> Lock | None:
    """Why the key is locked, None when it is not. `born_at`: the record's birth where it is at hand."""
    row = c.execute(sa.select(key_locks).where(key_locks.c.key_id == key_id)).one_or_none()
    return None if row is None or _other(row.born_at, born_at) else _load(row)


def all_locks(c: sa.Connection) -> dict[int, Lock]:
    """Every locked key."""
    return {row.key_id: _load(row) for row in c.execute(sa.select(key_locks))}


def _other(one: int | None, two: int | None) -> bool:
    return one is not None and two is not None and one != two


def _load(row: Any) -> Lock:
    return Lock(cause=row.cause, by=row.locked_by, at=row.locked_at, number=row.number, rule=row.rule)
