"""Keys that replaced one another in rotations get a table of their own, so that keys without an owner have a place too.

Rotations of earlier versions copied the quota: they share nothing, and nothing is moved when their old keys end.
"""

from collections.abc import Mapping

import sqlalchemy as sa

_LINEAGE = """
CREATE TABLE lineage (
    key_id BIGINT PRIMARY KEY, first BIGINT NOT NULL, replaces BIGINT, replaced_by BIGINT, rotation INTEGER,
    shares BOOLEAN NOT NULL DEFAULT FALSE, born_at BIGINT
)"""
_KEYS = sa.table(
    "keys",
    sa.column("key_id", sa.BigInteger),
    sa.column("replaces", sa.BigInteger),
    sa.column("replaced_by", sa.BigInteger),
    sa.column("born_at", sa.BigInteger),
    sa.column("request_id", sa.Integer),
)
_TABLE = sa.table(
    "lineage", *(sa.column(name) for name in ("key_id", "first", "replaces", "replaced_by", "rotation", "born_at"))
)


def upgrade(c: sa.Connection) -> None:
    """Create the table, fill it from the owners' lines, drop their columns."""
    c.execute(sa.text(_LINEAGE))
    c.execute(sa.text("CREATE INDEX lineage_by_rotation ON lineage (rotation)"))
    linked = sa.select(_KEYS).where(_KEYS.c.replaces.is_not(None) | _KEYS.c.replaced_by.is_not(None))
    rows = {row.key_id: row for row in c.execute(linked).all()}
    older = {key_id: row.replaces for key_id, row in rows.items()}
    for key_id, row in rows.items():
        successor = rows.get(row.replaced_by)
        values = {
            "key_id": key_id,
            "first": _first(key_id, older),
            "replaces": row.replaces,
            "replaced_by": row.replaced_by,
            # A successor's line names the request that made it: the rotation.
            "rotation": None if successor is None else successor.request_id,
            "born_at": row.born_at,
        }
        c.execute(sa.insert(_TABLE).values(values))
    for column in ("replaces", "replaced_by"):
        c.execute(sa.text(f"ALTER TABLE keys DROP COLUMN {column}"))


def _first(key_id: int, older: Mapping[int, int | None]) -> int:
    """The oldest key of the line; numbers that were used again may make a ring of it."""
    seen = {key_id}
    while (before := older.get(key_id)) is not None and before not in seen:
        seen.add(before)
        key_id = before
    return key_id
