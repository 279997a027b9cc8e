"""A row per key: how it was when it was compared last, and what was changed of it outside. Only SQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.care.drift.comparison import Drift
from bot.care.drift.tables import key_drifts
from bot.db import named_values
from bot.db.tables import inventory, keys
from bot.keys import inventory_store
from bot.keys.inventory_store import KnownKey
from bot.keys.owners import of_known_accounts

_CARD = "drift.card"
# Any constant will do as long as every version of Keydesk uses the same.
_LOCK = 5_390_723
# Built once, since building one costs several times its execution.
_TAKEN = ("read_at", "counted_at", "reading")
_TAKE = (
    sa.update(key_drifts)
    .where(key_drifts.c.key_id == sa.bindparam("of"))
    .values({name: sa.bindparam(f"to_{name}", type_=key_drifts.c[name].type) for name in _TAKEN})
)


@dataclass(frozen=True, kw_only=True)
class KeyDrift:
    """One row, as tables.py describes it."""

    key_id: int
    born_at: int | None = None
    read_at: float | None = None
    written_at: float | None = None
    counted_at: float | None = None
    reading: Mapping[str, Any] | None = None
    drift: Drift
    card: int | None = None
    told_at: float | None = None
    shown: Mapping[str, Any] | None = None
    outcome: str | None = None
    answered_by: str | None = None
    requests: Mapping[str, int]
    tries: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it was told, and nobody has answered yet."""
        return self.card is not None and self.outcome is None

    @property
    def was_written(self) -> bool:
        """Whether something here wrote the key since it was compared last."""
        return self.written_at is not None and self.written_at != self.counted_at


def lock(c: sa.Connection) -> None:
    """Let one transaction at a time compare and tell. On SQLite it holds the only write lock already."""
    if c.dialect.name == "postgresql":
        c.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def read_anew(c: sa.Connection, after: int, *, limit: int) -> list[tuple[KnownKey, KeyDrift | None]]:
    """Owned keys with higher numbers that were read otherwise since they were compared last, with their rows."""
    d, i = key_drifts.c, inventory.c
    owned = (keys.c.key_id == i.key_id) & keys.c.deleted_at.is_(None)
    owned &= keys.c.born_at.is_(None) | (keys.c.born_at == i.created_time)
    new = d.key_id.is_(None) | d.reading.is_(None) | (d.born_at != i.created_time) | (d.read_at < i.read_at)
    found = sa.select(i.key_id).join(keys, owned).outerjoin(key_drifts, d.key_id == i.key_id)
    found = (
        found.where(i.key_id > after, i.gone_at.is_(None), new, of_known_accounts(c, i.key_id))
        .order_by(i.key_id)
        .limit(limit)
    )
    ids = list(c.scalars(found))
    known, rows = inventory_store.several(c, ids), several(c, ids)
    return [(known[key_id], rows.get(key_id)) for key_id in ids]


def several(c: sa.Connection, key_ids: Collection[int]) -> dict[int, KeyDrift]:
    """The rows of these keys, by number."""
    here = key_drifts.c.key_id.in_(sorted(key_ids))
    return {row["key_id"]: _load(row) for row in c.execute(sa.select(key_drifts).where(here)).mappings()}


def find(c: sa.Connection, key_id: int) -> KeyDrift | None:
    """The row of one key."""
    return several(c, [key_id]).get(key_id)


def of_card(c: sa.Connection, card: int) -> list[KeyDrift]:
    """The keys of one message."""
    mine = sa.select(key_drifts).where(key_drifts.c.card == card).order_by(key_drifts.c.key_id)
    return [_load(row) for row in c.execute(mine).mappings()]


def untold(c: sa.Connection, *, limit: int) -> list[KeyDrift]:
    """Keys that were changed outside and of which no open message tells."""
    silent = key_drifts.c.card.is_(None) | key_drifts.c.outcome.is_not(None)
    mine = sa.select(key_drifts).where(key_drifts.c.drift.is_not(None), silent)
    return [_load(row) for row in c.execute(mine.order_by(key_drifts.c.key_id).limit(limit)).mappings()]


def cards_since(c: sa.Connection, at: float) -> int:
    """How many messages were wanted since then."""
    number = sa.func.count(sa.distinct(key_drifts.c.card))
    return int(c.scalar(sa.select(number).where(key_drifts.c.told_at >= at)) or 0)


def count_open(c: sa.Connection) -> int:
    """How many keys were told of and wait for an answer."""
    waits = key_drifts.c.card.is_not(None) & key_drifts.c.outcome.is_(None)
    return int(c.scalar(sa.select(sa.func.count()).select_from(key_drifts).where(waits)) or 0)


def next_card(c: sa.Connection) -> int:
    """The number of another message."""
    number = int(named_values.get(c, _CARD) or 0) + 1
    named_values.put(c, _CARD, number)
    return number


def count_writes(c: sa.Connection, *, before: float) -> None:
    """Writes that are so long ago show in what was compared, or changed nothing: what comes now is not theirs."""
    d = key_drifts.c
    due = (d.written_at <= before) & (d.counted_at.is_(None) | (d.counted_at != d.written_at)) & d.reading.is_not(None)
    c.execute(sa.update(key_drifts).where(due).values(counted_at=d.written_at))


def put(c: sa.Connection, /, key_id: int, **values: Any) -> None:
    """Change columns of a row, or begin one."""
    _insert(c, [{"key_id": key_id, "tries": 0, **values}], values)


def put_readings(c: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Begin the rows of keys that are compared for the first time, or anew."""
    if rows:
        _insert(c, [{"tries": 0, "drift": None, **row} for row in rows], {**rows[0], "drift": None})


def take(c: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note new readings of keys that are there, of which nothing is told."""
    if rows:
        c.execute(_TAKE, [{"of": row["key_id"], **{f"to_{name}": row[name] for name in _TAKEN}} for row in rows])


def _insert(c: sa.Connection, rows: Sequence[Mapping[str, Any]], changed: Collection[str]) -> None:
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(key_drifts)
    changes = {name: insert.excluded[name] for name in changed if name != "key_id"}
    c.execute(insert.on_conflict_do_update(index_elements=["key_id"], set_=changes), list(rows))


def _load(row: sa.RowMapping) -> KeyDrift:
    return KeyDrift(**{**row, "drift": Drift.of_stored(row["drift"]), "requests": row["requests"] or {}})
