"""Small facts by name, kept over a restart. Knows not what they mean. Nothing secret goes in here."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.safe_types import SafeJson
from bot.db.tables import metadata

notes = sa.Table(
    "notes", metadata, sa.Column("name", sa.String(80), primary_key=True), sa.Column("value", SafeJson, nullable=False)
)


def get(c: sa.Connection, name: str) -> Any | None:
    """The value, None when there is none."""
    return c.scalar(sa.select(notes.c.value).where(notes.c.name == name))


def names(c: sa.Connection, start: str) -> list[str]:
    """Every name that begins like this and has a value."""
    return list(c.scalars(sa.select(notes.c.name).where(notes.c.name.startswith(start, autoescape=True))))


def remove(c: sa.Connection, name: str) -> None:
    """Keep nothing under a name any more."""
    c.execute(sa.delete(notes).where(notes.c.name == name))


def put(c: sa.Connection, name: str, value: Any) -> None:
    """Keep a JSON value under a name, in place of the one before."""
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(notes)
    statement = insert.values(name=name, value=value)
    c.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value}))
