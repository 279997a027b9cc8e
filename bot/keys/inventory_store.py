"""The inventory: a row per key of the account as it was last read, with its history. Only SQL.

A number that means another key now (its birth differs) begins a new row; the history of the old key goes with it.
Owner, roles and team come from `keys` beside it, by number and birth as everywhere (owners.py).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db import named_values
from bot.db.tables import inventory, key_samples, keys
from bot.gateway.dollars import USUAL, Dollars
from bot.gateway.models import Key, KeyId, KeyStatus
from bot.gateway.numbers import block_of, first_of, in_block
from bot.keys.key_query import EVERYTHING, KeyQuery, conditions, order
from bot.keys.owners import of_known_accounts
from bot.keys.samples import DAYS, GRAINS, HOURS, Grain, KeySample, push, unpack
from bot.typed_text import fold

_MARK = "inventory.pass"
# A reading that is older than the stored one by less than this came late, by more: the clock was moved back.
LATE_SECONDS = 600.0
# Rows of keys that are gone are kept as long as their samples would be.
GONE_SECONDS = 400 * 86_400.0

_FIELDS = tuple(name for name in Key.model_fields if name != "id")
_COUNTERS = ("used_quota", "remain_quota", "status", "accessed_time")
_COMPARED = (*_FIELDS, "folded")
_LIVES = inventory.c.gone_at.is_(None)
_SAME_KEY = (
    (keys.c.key_id == inventory.c.key_id)
    & keys.c.deleted_at.is_(None)
    & (keys.c.born_at.is_(None) | (keys.c.born_at == inventory.c.created_time))
)


@dataclass(frozen=True, kw_only=True)
class KnownKey:
    """One key of the inventory. `read_at`: when it was last found different; `known_since`: when it was first read.

    `owner_roles`: names of the roles that the owner had when the key was made, None = not known.
    """

    key: Key
    read_at: float
    known_since: float
    gone_at: float | None
    owner_id: str | None
    owner_team: str | None
    owner_roles: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class History:
    """How the counters of a key moved, oldest first, as keys/samples.py says."""

    hours: tuple[KeySample, ...] = ()
    days: tuple[KeySample, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PassMark:
    """The last list of keys that was read to its end. `settled`: the list held still meanwhile."""

    started_at: float
    finished_at: float
    keys: int
    settled: bool


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What all keys that work now may still spend: units of those with a limit, and how many have none."""

    units: int
    unlimited: int


# -- write


def write(c: sa.Connection, read: Mapping[int, tuple[float, Key]]) -> int:
    """Take in records by number, each with the moment it was read. Returns how many rows changed."""
    here = inventory.c.key_id.in_(sorted(read))
    stored = {row["key_id"]: row for row in c.execute(sa.select(inventory).where(here)).mappings()}
    new, changed, reborn = list[dict[str, Any]](), list[dict[str, Any]](), list[int]()
    ended: dict[int, tuple[float, Sequence[int]]] = {}
    for key_id, (at, key) in sorted(read.items()):
        values, old = _values(key, at), stored.get(key_id)
        if old is None:
            new.append(values)
        elif old["created_time"] != key.created_time:
            reborn.append(key_id)
            changed.append(values)
        elif _came_late(old, at) or (old["gone_at"] is None and all(old[n] == values[n] for n in _COMPARED)):
            continue
        else:
            changed.append(values | {"known_since": old["known_since"]})
            if any(grain.slot(old["read_at"]) != grain.slot(at) for grain in GRAINS):
                ended[key_id] = at, (old["read_at"], *(old[name] for name in _COUNTERS))
    if reborn:
        c.execute(sa.delete(key_samples).where(key_samples.c.key_id.in_(reborn)))
    if new:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(inventory)
        c.execute(insert.on_conflict_do_nothing(index_elements=["key_id"]), new)
    if changed:
        _update(c, changed)
    if ended:
        sample(c, ended)
    return len(new) + len(changed)


def _values(key: Key, at: float) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(key, name) for name in _FIELDS}
    return found | {"key_id": int(key.id), "folded": fold(key.name), "known_since": at, "read_at": at, "gone_at": None}


def _came_late(old: sa.RowMapping, at: float) -> bool:
    """Whether it was read before what the row says of the key, or before the key went."""
    return any(moment is not None and 0 < moment - at < LATE_SECONDS for moment in (old["read_at"], old["gone_at"]))


def _update(c: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    statement = sa.update(inventory).where(inventory.c.key_id == sa.bindparam("of"))
    names = [name for name in rows[0] if name != "key_id"]
    statement = statement.values({name: sa.bindparam(f"to_{name}") for name in names})
    c.execute(statement, [{"of": row["key_id"], **{f"to_{name}": row[name] for name in names}} for row in rows])


def sample(c: sa.Connection, ended: Mapping[int, tuple[float, Sequence[Any]]]) -> None:
    """Keep the counters as they stood at the end of the slots in which they last changed.

    By number: the moment of the new reading, and what the old one said: its moment, used, remain, status, billed.
    """
    here = key_samples.c.key_id.in_(sorted(ended))
    stored = {(row.key_id, row.grain): row.data for row in c.execute(sa.select(key_samples).where(here))}
    rows = []
    for key_id, (at, (read_at, used, remain, status, billed)) in sorted(ended.items()):
        for grain in GRAINS:
            if grain.slot(read_at) == grain.slot(at):
                continue
            old = stored.get((key_id, grain.number), b"")
            data = push(old, KeySample(grain.slot(read_at), used, remain, status, billed), grain)
            if data != old:
                rows.append({"key_id": key_id, "grain": grain.number, "data": data})
    if rows:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(key_samples)
        same = ["key_id", "grain"]
        c.execute(insert.on_conflict_do_update(index_elements=same, set_={"data": insert.excluded.data}), rows)


def mark_gone(c: sa.Connection, key_ids: Collection[int], *, at: float) -> None:
    """Keys that are no more."""
    ids = sorted(key_ids)
    for first in range(0, len(ids), 500):
        here = inventory.c.key_id.in_(ids[first : first + 500])
        c.execute(sa.update(inventory).where(here, _LIVES).values(gone_at=at))


def finish_pass(c: sa.Connection, mark: PassMark, block: int = 0) -> None:
    """Every key of one gateway was listed; forget what has been gone for longer than samples are kept."""
    named_values.put(c, in_block(_MARK, block), vars(mark))
    old = sa.select(inventory.c.key_id).where(inventory.c.gone_at < mark.finished_at - GONE_SECONDS)
    for key_ids in c.scalars(old).partitions(500):
        c.execute(sa.delete(key_samples).where(key_samples.c.key_id.in_(key_ids)))
        c.execute(sa.delete(inventory).where(inventory.c.key_id.in_(key_ids)))


# -- read


def last_pass(c: sa.Connection, block: int = 0) -> PassMark | None:
    """A gateway's last complete list of keys; None when there was none yet, so that the inventory is not to be
    believed.
    """
    value = named_values.get(c, in_block(_MARK, block))
    return None if value is None else PassMark(**value)


def last_passes(c: sa.Connection) -> list[PassMark]:
    """The same of every gateway whose keys were listed."""
    return [PassMark(**(named_values.get(c, name) or {})) for name in named_values.names(c, _MARK)]


def living_ids(c: sa.Connection, block: int = 0) -> set[int]:
    """Numbers of every key of one gateway that is there."""
    return set(c.scalars(sa.select(inventory.c.key_id).where(_LIVES, _of(block))))


def _of(block: int) -> sa.ColumnElement[bool]:
    return inventory.c.key_id.between(first_of(block), first_of(block + 1) - 1)


def count(
    c: sa.Connection,
    query: KeyQuery = EVERYTHING,
    *,
    now: float,
    clocks: Mapping[int, float] = MappingProxyType({}),
) -> int:
    """How many keys there are of those that are looked for. `now`, `clocks`: as `conditions` takes them."""
    return int(c.scalar(_select(c, sa.func.count()).where(*conditions(query, now=now, clocks=clocks))) or 0)


def page(
    c: sa.Connection,
    query: KeyQuery = EVERYTHING,
    *,
    now: float,
    clocks: Mapping[int, float] = MappingProxyType({}),
    dollars: Dollars = USUAL,
    limit: int,
    offset: int = 0,
) -> list[KnownKey]:
    """Keys that are looked for, in their order."""
    found = _rows(c).where(*conditions(query, now=now, clocks=clocks)).order_by(*order(query, dollars))
    return _load(c, found.limit(limit).offset(offset))


def names(c: sa.Connection, *, owner: str | None, limit: int) -> list[str]:
    """Names of the newest keys of one person or of the account, for guesses at what somebody meant."""
    query = KeyQuery(owner=owner)
    rows = _select(c, inventory.c.name).where(*conditions(query, now=0.0)).order_by(*order(query, USUAL)).limit(limit)
    return list(dict.fromkeys(c.scalars(rows)))


def after(c: sa.Connection, key_id: int, *, limit: int) -> list[KnownKey]:
    """The keys with the next higher numbers: to go through all of them a few at a time."""
    return _load(c, _rows(c).where(inventory.c.key_id > key_id).order_by(inventory.c.key_id).limit(limit))


def changed(c: sa.Connection, key_id: int, /, *, since: float, limit: int) -> list[KnownKey]:
    """The same, of those that were found different since then."""
    rows = _rows(c).where(inventory.c.key_id > key_id, inventory.c.read_at >= since)
    return _load(c, rows.order_by(inventory.c.key_id).limit(limit))


def lacks(c: sa.Connection, owner: str, *, since: float) -> bool:
    """Whether somebody was given a key since then that was not read yet."""
    new = (keys.c.owner_id == owner) & keys.c.deleted_at.is_(None) & (keys.c.created_at >= since)
    unread = sa.select(keys.c.key_id).outerjoin(inventory, inventory.c.key_id == keys.c.key_id)
    return c.execute(unread.where(new, inventory.c.key_id.is_(None)).limit(1)).first() is not None


def find(c: sa.Connection, key_id: int) -> KnownKey | None:
    """One key, also one that is gone."""
    return next(iter(_load(c, _rows(c, gone=True).where(inventory.c.key_id == key_id))), None)


def several(c: sa.Connection, key_ids: Collection[int]) -> dict[int, KnownKey]:
    """These keys by number, also those that are gone."""
    found: dict[int, KnownKey] = {}
    ids = sorted(key_ids)
    for first in range(0, len(ids), 500):
        rows = _rows(c, gone=True).where(inventory.c.key_id.in_(ids[first : first + 500]))
        found |= {int(known.key.id): known for known in _load(c, rows)}
    return found


def named(c: sa.Connection, folded: Collection[str]) -> list[KnownKey]:
    """Keys whose names look like one of these (typed_text.fold)."""
    return _load(c, _rows(c).where(inventory.c.folded.in_(folded)).order_by(inventory.c.key_id.desc()))


def has_namesake(c: sa.Connection, key: Key) -> bool:
    """Whether another key of the same gateway has this name, or had it when it went."""
    other = (inventory.c.folded == fold(key.name)) & (inventory.c.key_id != int(key.id)) & _of(block_of(key.id))
    return c.execute(sa.select(inventory.c.key_id).where(other).limit(1)).first() is not None


def last_billed(c: sa.Connection, *, limit: int, block: int = 0) -> list[KnownKey]:
    """The keys of a gateway that were billed last."""
    return _load(c, _rows(c).where(_of(block)).order_by(inventory.c.accessed_time.desc()).limit(limit))


def without_owner(c: sa.Connection, *, limit: int, where: sa.ColumnElement[bool]) -> list[KnownKey]:
    """Keys that nobody asked for here, newest first; none of an account that is another one (owners.py).

    `where`: what else must hold of their rows.
    """
    found = _rows(c).where(keys.c.key_id.is_(None), of_known_accounts(c, inventory.c.key_id), where)
    return _load(c, found.order_by(inventory.c.key_id.desc()).limit(limit))


def promise(c: sa.Connection, *, now: float, block: int = 0) -> Promise:
    """What all keys of one gateway that work now may still spend. `now`: by the gateway's clock."""
    i = inventory.c
    works = (
        _LIVES
        & _of(block)
        & (i.status == int(KeyStatus.ENABLED))
        & ((i.expired_time == -1) | (i.expired_time >= now))
        & (i.unlimited_quota | (i.remain_quota > 0))
    )
    units = sa.func.coalesce(sa.func.sum(sa.case((i.unlimited_quota, 0), else_=i.remain_quota)), 0)
    unlimited = sa.func.coalesce(sa.func.sum(sa.case((i.unlimited_quota, 1), else_=0)), 0)
    row = c.execute(sa.select(units, unlimited).where(works)).one()
    return Promise(units=int(row[0]), unlimited=int(row[1]))


def histories(c: sa.Connection, key_ids: Collection[int], *, since: float = -math.inf) -> dict[int, History]:
    """How the counters of these keys moved, as far back as `since` (keys/samples.py); a key that never changed while we
    looked has an empty history.
    """
    found: dict[int, dict[int, tuple[KeySample, ...]]] = {key_id: {} for key_id in key_ids}
    ids = sorted(key_ids)
    for first in range(0, len(ids), 500):
        here = key_samples.c.key_id.in_(ids[first : first + 500])
        for row in c.execute(sa.select(key_samples).where(here)):
            found[row.key_id][row.grain] = tuple(unpack(bytes(row.data), _grain(row.grain), since=since))
    return {
        key_id: History(hours=of.get(HOURS.number, ()), days=of.get(DAYS.number, ())) for key_id, of in found.items()
    }


def _grain(number: int) -> Grain:
    return next(grain for grain in GRAINS if grain.number == number)


def _select(c: sa.Connection, *columns: Any, gone: bool = False) -> sa.Select[Any]:
    # While an account is another one nobody owns anything there.
    same = _SAME_KEY & of_known_accounts(c, keys.c.key_id)
    statement = sa.select(*columns).select_from(inventory.outerjoin(keys, same))
    return statement if gone else statement.where(_LIVES)


def _rows(c: sa.Connection, *, gone: bool = False) -> sa.Select[Any]:
    return _select(c, inventory, keys.c.owner_id, keys.c.owner_team, keys.c.owner_roles, gone=gone)


def _load(c: sa.Connection, statement: sa.Select[Any]) -> list[KnownKey]:
    return [
        KnownKey(
            key=Key.model_construct(id=KeyId(row["key_id"]), **{name: row[name] for name in _FIELDS}),
            read_at=row["read_at"],
            known_since=row["known_since"],
            gone_at=row["gone_at"],
            owner_id=row["owner_id"],
            owner_team=row["owner_team"],
            owner_roles=None if row["owner_roles"] is None else tuple(row["owner_roles"]),
        )
        for row in c.execute(statement).mappings()
    ]
