"""A row per key that moved lately. Only SQL; each change is a compare-and-set."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.care.anomaly.judgement import PaceCare
from bot.care.anomaly.tables import key_pace

# Built once, since building one costs several times its execution.
_INSERT = {
    name: dialect.insert(key_pace).on_conflict_do_nothing(index_elements=["key_id"])
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_SAME = (key_pace.c.key_id == sa.bindparam("of")) & (key_pace.c.version == sa.bindparam("as"))
_UPDATE = (
    sa.update(key_pace)
    .where(_SAME)
    .values({one.name: sa.bindparam(f"to_{one.name}") for one in key_pace.c if one.name != "key_id"})
)


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
        return c.execute(_INSERT[c.dialect.name].returning(key_pace.c.key_id), values).first() is not None
    return c.execute(_UPDATE, _bound(before, after)).rowcount == 1


def save_quietly(c: sa.Connection, changes: Sequence[tuple[PaceCare | None, PaceCare]]) -> None:
    """The same of many, of which nothing is told: what somebody else has changed meanwhile stays as it is."""
    new = [vars(after) | {"version": 1} for before, after in changes if before is None]
    old = [_bound(before, after) for before, after in changes if before is not None]
    if new:
        c.execute(_INSERT[c.dialect.name], new)
    if old:
        c.execute(_UPDATE, old)


def _bound(before: PaceCare, after: PaceCare) -> dict[str, Any]:
    values = {f"to_{name}": value for name, value in vars(after).items() if name != "key_id"}
    return values | {"of": before.key_id, "as": before.version, "to_version": before.version + 1}


def forget(c: sa.Connection, *, before: float) -> int:
    """Forget keys that have not moved since then; returns how many."""
    p = key_pace.c
    return c.execute(sa.delete(key_pace).where(p.at < before, p.muted_until < before)).rowcount
