"""Whose key is it: the list of keys Keydesk made or adopted. The gateway has one account; people are ours to know."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import keys


@dataclass(frozen=True, kw_only=True)
class OwnedKey:
    """One key and its owner. `name` is as it was when last seen."""

    key_id: int
    name: str
    owner_id: str
    owner_team: str
    request_id: int | None
    created_at: float
    deleted_at: float | None = None
    replaces: int | None = None
    replaced_by: int | None = None
    reveals: int = 0


def own(c: sa.Connection, key: OwnedKey) -> None:
    """Write down an owner; a key that has one keeps it (the first request that made the key wins)."""
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(keys)
    c.execute(insert.values(vars(key)).on_conflict_do_nothing(index_elements=["key_id"]))


def find(c: sa.Connection, key_id: int) -> OwnedKey | None:
    """The owner's line of a key, deleted ones too."""
    row = c.execute(sa.select(keys).where(keys.c.key_id == key_id)).one_or_none()
    return None if row is None else _load(row)


def owner_of(c: sa.Connection, key_id: int) -> str | None:
    """Slack user id of the owner, None when nobody asked for this key here."""
    owner: str | None = c.scalar(sa.select(keys.c.owner_id).where(keys.c.key_id == key_id))
    return owner


def successor_of(c: sa.Connection, key_id: int) -> int | None:
    """The key that replaced this one in a rotation, None when none did."""
    new: int | None = c.scalar(sa.select(keys.c.replaced_by).where(keys.c.key_id == key_id))
    return new


def predecessor_of(c: sa.Connection, key_id: int) -> int | None:
    """The key that this one replaced in a rotation, None when it replaced none."""
    old: int | None = c.scalar(sa.select(keys.c.replaces).where(keys.c.key_id == key_id))
    return old


def owned_by(c: sa.Connection, slack_user_id: str, *, limit: int = 200) -> list[OwnedKey]:
    """Somebody's live keys, newest first."""
    mine = (keys.c.owner_id == slack_user_id) & keys.c.deleted_at.is_(None)
    return [_load(row) for row in c.execute(sa.select(keys).where(mine).order_by(keys.c.key_id.desc()).limit(limit))]


def all_owners(c: sa.Connection) -> dict[int, str]:
    """Slack user ids by key id, of every live key."""
    rows = c.execute(sa.select(keys.c.key_id, keys.c.owner_id).where(keys.c.deleted_at.is_(None)))
    return {row.key_id: row.owner_id for row in rows}


def rename(c: sa.Connection, key_id: int, name: str) -> None:
    """Follow a new display name."""
    c.execute(sa.update(keys).where(keys.c.key_id == key_id).values(name=name))


def forget(c: sa.Connection, key_id: int, *, at: float) -> None:
    """The key is gone at the gateway; its line stays for the record."""
    c.execute(sa.update(keys).where(keys.c.key_id == key_id, keys.c.deleted_at.is_(None)).values(deleted_at=at))


def link(c: sa.Connection, *, old: int, new: int) -> None:
    """Remember a rotation on both lines."""
    c.execute(sa.update(keys).where(keys.c.key_id == old).values(replaced_by=new))
    c.execute(sa.update(keys).where(keys.c.key_id == new).values(replaces=old))


def count_reveal(c: sa.Connection, key_id: int) -> int:
    """One more reveal; returns how often the value was shown."""
    c.execute(sa.update(keys).where(keys.c.key_id == key_id).values(reveals=keys.c.reveals + 1))
    return int(c.scalar(sa.select(keys.c.reveals).where(keys.c.key_id == key_id)) or 0)


def _load(row: "sa.Row[tuple[object, ...]]") -> OwnedKey:
    return OwnedKey(**row._mapping)  # noqa: SLF001  # SQLAlchemy's documented way to a row's columns by name
