"""A row per key that moved lately. Only SQL; each change is a compare-and-set."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.care.anomaly.judgement import PaceCare
from bot.care.anomaly.tables import key_pace


def find(c: sa.Connection, key_id: int) -> PaceCare | None:
    """What is remembered of this key."""
    return several(c, [key_id]).get(key_id)


def several(c: sa.Connection, key_ids: Collection[int]) -> dict[int, PaceCare]:
    """What is remembered of these keys, at most a page of them, by number."""
    rows = c.execute(sa.select(key_pace).where(key_pace.c.key_id.in_(sorted(key_ids))))
    return {int(row["key_id"]): PaceCare(**row) for row in rows.mappings()}


def unsettled(c: sa.Connection, *, limit: int) -> list[int]:
    """Keys whose anomaly lasts or may begin: they are looked at also when their counter stands still."""
    hot = key_pace.c.told | (key_pace.c.hot > 0)
    return list(c.scalars(sa.select(key_pace.c.key_id).where(hot).order_by(key_pace.c.at).limit(limit)))


def save(c: sa.Connection, before: PaceCare | None, after: PaceCare) -> bool:
    """Remember `after` if the row is still as `before` says. False: somebody else has changed it meanwhile."""
    values = vars(after) | {"version": 1 if before is None else before.version + 1}
    if before is None:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(key_pace)
        statement = insert.values(values).on_conflict_do_nothing(index_elements=["key_id"])
        return c.execute(statement.returning(key_pace.c.key_id)).first() is not None
    same = (key_pace.c.key_id == before.key_id) & (key_pace.c.version == before.version)
    return c.execute(sa.update(key_pace).where(same).values(values)).rowcount == 1


def forget(c: sa.Connection, *, before: float) -> int:
    """Forget keys that have not moved since then; returns how many."""
    p = key_pace.c
    return c.execute(sa.delete(key_pace).where(p.at < before, p.muted_until < before)).rowcount
