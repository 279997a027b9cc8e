"""Whose key is it: the list of keys Keydesk made or adopted. A gateway has one account; people are ours to know.

A number alone names no key: after the gateway was restored, or with another account, it may be another one. So a line
holds the key's birth as well, a line of a key that is gone owns nothing, and while a gateway's account is another than
the one this database knows (account.py) nobody owns anything there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db import named_values
from bot.db.tables import inventory, keys
from bot.gateway.numbers import block_of, first_of, in_block

# The account that was found instead of the known one, until an administrator agrees. See account.py. One for each
# gateway, by its block.
OTHER_ACCOUNT = "gateway.account.other"
MOST_AT_ONCE = 500


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
    reveals: int = 0
    born_at: int | None = None  # `created_time` at the gateway, None = not learnt yet
    disabled_at: float | None = None
    owner_roles: list[str] | None = None  # names of roles the owner had when the key was made, None = not known


def own(c: sa.Connection, key: OwnedKey) -> None:
    """Write down an owner; a key that has one keeps it (the first request that made the key wins).

    The line of another key that once had the same number gives way. Where the birth is not at hand, it is that of the
    key as it was last read.
    """
    if key.born_at is None:
        last_read = sa.select(inventory.c.created_time).where(
            inventory.c.key_id == key.key_id, inventory.c.gone_at.is_(None)
        )
        key = replace(key, born_at=c.scalar(last_read))
    old = find(c, key.key_id)
    if old is not None and (old.deleted_at is not None or not _same_birth(old.born_at, key.born_at)):
        c.execute(sa.update(keys).where(keys.c.key_id == key.key_id).values(vars(key)))
        return
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(keys)
    c.execute(insert.values(vars(key)).on_conflict_do_nothing(index_elements=["key_id"]))


def hand_over(c: sa.Connection, key: OwnedKey) -> None:
    """Write down a new owner, also of a key that has one. How often its value was shown, and when it was disabled,
    stay as they are.
    """
    old = find(c, key.key_id)
    if old is None or old.deleted_at is not None or not _same_birth(old.born_at, key.born_at):
        own(c, key)
        return
    values = {"name": key.name, "owner_id": key.owner_id, "owner_team": key.owner_team, "born_at": key.born_at}
    c.execute(sa.update(keys).where(keys.c.key_id == key.key_id).values(**values, owner_roles=None))


def _same_birth(one: int | None, other: int | None) -> bool:
    return one is None or other is None or one == other


def account_is_other(c: sa.Connection, key_id: int) -> bool:
    """Whether the key's gateway shows another account than the known one, so that nobody owns anything there."""
    return named_values.get(c, in_block(OTHER_ACCOUNT, block_of(key_id))) is not None


def other_accounts(c: sa.Connection) -> list[int]:
    """The blocks of the gateways that show another account than the known one."""
    names = named_values.names(c, OTHER_ACCOUNT)
    return [int(name.partition(":")[2] or 0) for name in names]


def of_known_accounts(c: sa.Connection, key_id: "sa.ColumnElement[int]") -> "sa.ColumnElement[bool]":
    """The condition that a key is of an account that this database knows."""
    apart = [key_id.between(first_of(block), first_of(block + 1) - 1) for block in other_accounts(c)]
    return sa.not_(sa.or_(*apart)) if apart else sa.true()


def observe(c: sa.Connection, births: Mapping[int, int]) -> int:
    """Compare with what one gateway lists, key id → `created_time`: learn births, end the lines of keys that are
    other ones now. Returns how many those were.
    """
    if account_is_other(c, next(iter(births), 0)):
        return 0
    reborn = 0
    lines = sa.select(keys.c.key_id, keys.c.born_at).where(keys.c.deleted_at.is_(None))
    # Of a page, the lines of its keys; of the whole list, every line.
    lines = lines.where(keys.c.key_id.in_(sorted(births))) if len(births) <= MOST_AT_ONCE else lines
    rows = c.execute(lines).all()
    for key_id, born_at in rows:
        listed = births.get(key_id)
        if listed is None or listed == born_at:
            continue
        here = sa.update(keys).where(keys.c.key_id == key_id)
        if born_at is None:
            c.execute(here.values(born_at=listed))
        else:
            reborn += 1
            c.execute(here.values(deleted_at=float(listed)))
    return reborn


def find(c: sa.Connection, key_id: int) -> OwnedKey | None:
    """The owner's line of a key, deleted ones too."""
    row = c.execute(sa.select(keys).where(keys.c.key_id == key_id)).one_or_none()
    return None if row is None else _load(row)


def owner_of(c: sa.Connection, key_id: int, born_at: int | None = None) -> str | None:
    """Slack user id of the owner, None when nobody owns it. `born_at`: the record's birth where it is at hand."""
    line = None if account_is_other(c, key_id) else find(c, key_id)
    if line is None or line.deleted_at is not None or not _same_birth(line.born_at, born_at):
        return None
    return line.owner_id


def last_owner_of(c: sa.Connection, key_id: int) -> str | None:
    """The same for messages about what happened to a key: of a key that is gone, who owned it."""
    line = None if account_is_other(c, key_id) else find(c, key_id)
    return None if line is None else line.owner_id


def owned_by(c: sa.Connection, slack_user_id: str, *, limit: int = 200) -> list[OwnedKey]:
    """Somebody's live keys, newest first."""
    mine = (keys.c.owner_id == slack_user_id) & keys.c.deleted_at.is_(None) & of_known_accounts(c, keys.c.key_id)
    return [_load(row) for row in c.execute(sa.select(keys).where(mine).order_by(keys.c.key_id.desc()).limit(limit))]


def all_owners(c: sa.Connection) -> dict[int, str]:
    """Slack user ids by key id, of every live key."""
    alive = keys.c.deleted_at.is_(None) & of_known_accounts(c, keys.c.key_id)
    rows = c.execute(sa.select(keys.c.key_id, keys.c.owner_id).where(alive))
    return {row.key_id: row.owner_id for row in rows}


def rename(c: sa.Connection, key_id: int, name: str) -> None:
    """Follow a new display name."""
    c.execute(sa.update(keys).where(keys.c.key_id == key_id).values(name=name))


def forget(c: sa.Connection, key_id: int, *, at: float) -> None:
    """Mark a key as deleted; its line stays for the record."""
    c.execute(sa.update(keys).where(keys.c.key_id == key_id, keys.c.deleted_at.is_(None)).values(deleted_at=at))


def set_disabled(c: sa.Connection, key_id: int, *, at: float | None) -> None:
    """The key was taken out of use, or back into it (None): keys in use are counted."""
    c.execute(sa.update(keys).where(keys.c.key_id == key_id).values(disabled_at=at))


def count_reveal(c: sa.Connection, key_id: int) -> int:
    """One more reveal; returns how often the value was shown."""
    c.execute(sa.update(keys).where(keys.c.key_id == key_id).values(reveals=keys.c.reveals + 1))
    return int(c.scalar(sa.select(keys.c.reveals).where(keys.c.key_id == key_id)) or 0)


def _load(row: "sa.Row[tuple[object, ...]]") -> OwnedKey:
    return OwnedKey(**row._mapping)  # noqa: SLF001  # SQLAlchemy's documented way to a row's columns by name
