"""Keys that replaced one another: one line from the first key to its newest successor, with one of them in use.

A rotation moves quota along the line, so everything that writes to one of its keys excludes everything else that does,
and a key is replaced once: the rotation claims it before it makes the successor. Keys without an owner have a place
here too. A number may be another key by now, so rows hold births as owners.py does.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import lineage
from bot.gateway.numbers import shown_number
from bot.languages import tr


@dataclass(frozen=True, kw_only=True)
class LineageRow:
    """One key of a line. `rotation`: the request that replaces it, or did; it has no successor yet while that runs."""

    key_id: int
    first: int
    replaces: int | None = None
    replaced_by: int | None = None
    rotation: int | None = None
    shares: bool = False
    born_at: int | None = None


def find(c: sa.Connection, key_id: int, born_at: int | None = None) -> LineageRow | None:
    """The row of a key, None when it never was part of a rotation. `born_at`: its birth where it is at hand."""
    row = c.execute(sa.select(lineage).where(lineage.c.key_id == key_id)).one_or_none()
    if row is None:
        return None
    found = LineageRow(**row._mapping)  # noqa: SLF001  # SQLAlchemy's documented way to a row's columns by name
    return found if None in {born_at, found.born_at} or born_at == found.born_at else None


def first_of(c: sa.Connection, key_id: int) -> int:
    """The oldest key of its line: what all writes to the line exclude each other by. A key of no line is its own."""
    return int(c.scalar(sa.select(lineage.c.first).where(lineage.c.key_id == key_id)) or key_id)


def successor_of(c: sa.Connection, key_id: int, born_at: int | None = None) -> int | None:
    """The key that replaced this one in a rotation, None when none did."""
    row = find(c, key_id, born_at)
    return None if row is None else row.replaced_by


def predecessors_of(c: sa.Connection, key_id: int, born_at: int | None = None) -> list[LineageRow]:
    """The keys before this one in its line, the one that it replaced first."""
    found: list[LineageRow] = []
    row = find(c, key_id, born_at)
    while row is not None and row.replaces is not None and row.replaces not in {one.key_id for one in found}:
        row = find(c, row.replaces)
        found += [] if row is None else [row]
    return found


def claim(c: sa.Connection, key_id: int, *, born_at: int, rotation: int) -> LineageRow | None:
    """Have this rotation replace the key, before its successor is made. None: it has; else the row of another one.

    A compare-and-set: of any number at once, on any number of replicas, one has it.
    """
    values = {"key_id": key_id, "first": key_id, "born_at": born_at, "rotation": rotation, "shares": False}
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(lineage)
    here = lineage.c.key_id == key_id
    reborn = lineage.c.born_at != born_at
    # The row of another key that once had this number gives way, with all that it says.
    empty = {"replaces": None, "replaced_by": None, "rotation": None}
    c.execute(sa.update(lineage).where(here, reborn).values(values | empty))
    c.execute(insert.values(values).on_conflict_do_nothing(index_elements=["key_id"]))
    free = lineage.c.rotation.is_(None) & lineage.c.replaced_by.is_(None)
    c.execute(sa.update(lineage).where(here, free).values(rotation=rotation, born_at=born_at))
    row = find(c, key_id)
    return None if row is not None and row.rotation == rotation else row


def link(c: sa.Connection, *, old: int, new: int, born_at: int, rotation: int, shares: bool) -> None:
    """The successor is made: it belongs to the line from now on. Once per rotation, however often it is said."""
    mine = (lineage.c.key_id == old) & (lineage.c.rotation == rotation)
    c.execute(sa.update(lineage).where(mine).values(replaced_by=new, shares=shares))
    c.execute(sa.delete(lineage).where(lineage.c.key_id == new))
    values = {"key_id": new, "first": first_of(c, old), "replaces": old, "born_at": born_at, "shares": False}
    c.execute(sa.insert(lineage).values(values))


def release(c: sa.Connection, rotation: int) -> None:
    """The rotation failed: its key is as if it had never been asked for, and its successor belongs to no line."""
    mine = lineage.c.rotation == rotation
    for new in c.scalars(sa.select(lineage.c.replaced_by).where(mine, lineage.c.replaced_by.is_not(None))).all():
        c.execute(sa.delete(lineage).where(lineage.c.key_id == new))
    c.execute(sa.update(lineage).where(mine).values(rotation=None, replaced_by=None, shares=False))


def keys_of(c: sa.Connection, key_id: int) -> list[int]:
    """Every key of its line; the key alone when it is of none."""
    first = first_of(c, key_id)
    return sorted({key_id, first, *c.scalars(sa.select(lineage.c.key_id).where(lineage.c.first == first))})


def taken(c: sa.Connection, key_id: int) -> LineageRow | None:
    """The row of a key that was replaced, or is being replaced; None for one that may be used."""
    row = find(c, key_id)
    return row if row is not None and (row.replaced_by is not None or row.rotation is not None) else None


def replaced(c: sa.Connection) -> dict[int, LineageRow]:
    """Every key that was replaced, or is being replaced, by its number."""
    over = lineage.c.replaced_by.is_not(None) | lineage.c.rotation.is_not(None)
    rows = c.execute(sa.select(lineage).where(over))
    return {row.key_id: LineageRow(**row._mapping) for row in rows}  # noqa: SLF001  # as above


def why_out_of_use(row: LineageRow) -> str:
    """Why a key of this row is not enabled any more."""
    if row.replaced_by is not None:
        return tr("The key was replaced by key {number}, so it stays out of use.", number=shown_number(row.replaced_by))
    return tr("The key is being replaced by request #{number}, so it stays out of use.", number=row.rotation)


def why_not_rotated(row: LineageRow) -> str:
    """Why a key of this row is not rotated any more."""
    if row.replaced_by is not None:
        return tr(
            "The key was replaced by key {number} already; rotate that one.", number=shown_number(row.replaced_by)
        )
    return tr("The key is being replaced by request #{number} already; rotate that one.", number=row.rotation)
