"""Departures and their keys. Only SQL; a key is part of one departure at a time, so it is told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.care.leavers.tables import departure_keys, departures
from bot.db.tables import inventory, keys
from bot.gateway.models import KeyStatus
from bot.keys import inventory_store
from bot.keys.owners import of_known_accounts


@dataclass(frozen=True, kw_only=True)
class LeftKey:
    """One key of somebody who has left. `name`: as it was then."""

    key_id: int
    born_at: int | None
    name: str


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Somebody has left and owned keys. `due_at`: when those that nobody took over are disabled, None = never.

    `returned_at`: they are back. `ended_at`: the time was over. `posts`: ids of the messages about it.
    """

    id: int
    person_id: str
    left_at: float
    due_at: float | None
    returned_at: float | None
    ended_at: float | None
    keys: tuple[LeftKey, ...]
    posts: tuple[str, ...]

    @property
    def waits(self) -> bool:
        """Whether the keys are still to be disabled."""
        return self.due_at is not None and self.returned_at is None and self.ended_at is None


def open_departure(
    c: sa.Connection, person_id: str, found: Sequence[LeftKey], *, at: float, due_at: float | None
) -> Departure | None:
    """Write down that somebody left, with those of the keys that no other departure has; None when it has them all."""
    values = {"person_id": person_id, "left_at": at, "due_at": due_at, "keys": [], "posts": []}
    departure_id = c.scalar(sa.insert(departures).values(values).returning(departures.c.id))
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(departure_keys)
    mine = []
    for key in found:
        row = {"key_id": key.key_id, "born_at": key.born_at, "departure_id": departure_id}
        c.execute(sa.delete(departure_keys).where(departure_keys.c.key_id == key.key_id, _is_news(person_id, key)))
        statement = insert.values(row).on_conflict_do_nothing(index_elements=["key_id"])
        if c.execute(statement.returning(departure_keys.c.key_id)).first() is not None:
            mine.append(key)
    here = departures.c.id == departure_id
    if not mine:
        c.execute(sa.delete(departures).where(here))
        return None
    c.execute(sa.update(departures).where(here).values(keys=[[key.key_id, key.born_at, key.name] for key in mine]))
    return find(c, int(departure_id or 0))


def _is_news(person_id: str, key: LeftKey) -> Any:
    """What was told of this number was of another key, or of another owner."""
    of_others = sa.select(departures.c.id).where(departures.c.person_id != person_id)
    reborn = sa.false() if key.born_at is None else departure_keys.c.born_at != key.born_at
    return departure_keys.c.departure_id.in_(of_others) | reborn


def keep_posts(c: sa.Connection, departure_id: int, posts: Sequence[str]) -> None:
    """Remember the messages about it, so that they can be drawn anew."""
    c.execute(sa.update(departures).where(departures.c.id == departure_id).values(posts=list(posts)))


def come_back(c: sa.Connection, person_id: str, *, at: float) -> list[Departure]:
    """The person is a member again: the departures that this ends. Their keys are told again if they leave again."""
    same = (departures.c.person_id == person_id) & departures.c.returned_at.is_(None)
    found = [_load(row) for row in c.execute(sa.select(departures).where(same).with_for_update()).mappings()]
    for departure in found:
        c.execute(sa.update(departures).where(departures.c.id == departure.id).values(returned_at=at))
        c.execute(sa.delete(departure_keys).where(departure_keys.c.departure_id == departure.id))
    return [one for departure in found if (one := find(c, departure.id)) is not None]


def finish(c: sa.Connection, departure_id: int, *, at: float) -> None:
    """The time is over, and what was to be disabled is ordered."""
    c.execute(sa.update(departures).where(departures.c.id == departure_id).values(ended_at=at))


def give_up(c: sa.Connection, departure_id: int) -> None:
    """Nothing is disabled by itself any more."""
    c.execute(sa.update(departures).where(departures.c.id == departure_id).values(due_at=None))


def waiting(c: sa.Connection) -> tuple[int, float | None]:
    """How many departures wait for their keys to be taken over or disabled, and when the first of them is due."""
    d = departures.c
    waits = d.due_at.is_not(None) & d.returned_at.is_(None) & d.ended_at.is_(None)
    number, first = c.execute(sa.select(sa.func.count(), sa.func.min(d.due_at)).where(waits)).one()
    return int(number), first


def find(c: sa.Connection, departure_id: int, *, lock: bool = False) -> Departure | None:
    """One departure; `lock` holds its row to the end of the transaction."""
    statement = sa.select(departures).where(departures.c.id == departure_id)
    row = c.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
    return None if row is None else _load(row)


def of_key(c: sa.Connection, key_id: int) -> Departure | None:
    """The departure that a key is part of now."""
    departure_id = c.scalar(sa.select(departure_keys.c.departure_id).where(departure_keys.c.key_id == key_id))
    return None if departure_id is None else find(c, int(departure_id))


def is_away(c: sa.Connection, person_id: str) -> bool:
    """Whether it is written down that this person has left."""
    away = (departures.c.person_id == person_id) & departures.c.returned_at.is_(None)
    return c.scalar(sa.select(departures.c.id).where(away).limit(1)) is not None


def away(c: sa.Connection) -> set[str]:
    """Everybody of whom it is written down."""
    return set(c.scalars(sa.select(departures.c.person_id).where(departures.c.returned_at.is_(None)).distinct()))


def untold_keys(c: sa.Connection, person_id: str) -> list[LeftKey]:
    """The keys of a person that work, or may, and are not told yet."""
    return _named(c, _untold().where(keys.c.owner_id == person_id).order_by(keys.c.key_id))


def roles_of(c: sa.Connection, person_id: str) -> frozenset[str]:
    """The roles that a person had when their keys were made, as far as that is known."""
    mine = (keys.c.owner_id == person_id) & keys.c.deleted_at.is_(None)
    found = c.scalars(sa.select(keys.c.owner_roles).where(mine))
    return frozenset().union(*(roles or () for roles in found))


def owners_with_untold_keys(c: sa.Connection) -> set[str]:
    """Everybody who owns a key that works, or may, and is not told yet."""
    ours = _untold().where(of_known_accounts(c, keys.c.key_id))
    return set(c.scalars(ours.with_only_columns(keys.c.owner_id).distinct()))


def _untold() -> sa.Select[Any]:
    of_owner = (departures.c.id == departure_keys.c.departure_id) & (departures.c.person_id == keys.c.owner_id)
    told = (departure_keys.c.key_id == keys.c.key_id) & _same(departure_keys.c.born_at)
    works = keys.c.deleted_at.is_(None) & keys.c.disabled_at.is_(None)
    # By the gateway, as it was last read: somebody may have disabled it there.
    out_of_use = inventory.c.gone_at.is_not(None) | (inventory.c.status == int(KeyStatus.DISABLED))
    works &= ~sa.exists().where(inventory.c.key_id == keys.c.key_id, out_of_use)
    return sa.select(keys).where(works, ~sa.exists().where(told, of_owner))


def _same(birth: Any) -> Any:
    return birth.is_(None) | keys.c.born_at.is_(None) | (birth == keys.c.born_at)


def _named(c: sa.Connection, statement: sa.Select[Any]) -> list[LeftKey]:
    """By the names that they have now; without those of an account that is another one."""
    rows = c.execute(statement.where(of_known_accounts(c, keys.c.key_id))).all()
    known = inventory_store.several(c, [row.key_id for row in rows])
    return [
        LeftKey(
            key_id=row.key_id,
            born_at=row.born_at,
            name=known[row.key_id].key.name if row.key_id in known else row.name,
        )
        for row in rows
    ]


def _load(row: sa.RowMapping) -> Departure:
    left = tuple(LeftKey(key_id=key_id, born_at=born_at, name=name) for key_id, born_at, name in row["keys"])
    return Departure(**{**row, "keys": left, "posts": tuple(row["posts"])})
