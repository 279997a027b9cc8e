"""A row per key that nobody asked for here: whether it was told, and whether it may stay so. Only SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.approvals import store as requests_store
from bot.approvals.models import IN_HAND
from bot.care.unknown_keys.tables import unknown_keys
from bot.db import named_values
from bot.db.tables import inventory, requests
from bot.gateway.models import Key, KeyStatus
from bot.keys import inventory_store
from bot.keys.inventory_store import KnownKey
from bot.typed_text import fold

_BEGUN, _CARD = "unknown_keys.begun", "unknown_keys.card"
# A request makes its key within this time, or only its name tells that the key is its own.
SOON, CLOCKS_DIFFER = 3600.0, 300.0
# Any constant will do as long as every version of Keydesk uses the same.
_LOCK = 5_390_722
# Keys that are counted for the Home; nobody needs to know more of them.
MOST_COUNTED = 1_000
_CREATING = ("key.create", "key.rotate")


@dataclass(frozen=True, kw_only=True)
class UnknownKey:
    """What was told of a key. `card`: the number of the message, None = it was there at the first round."""

    key_id: int
    born_at: int
    card: int | None
    told_at: float | None
    ignored_by: str | None
    ignored_at: float | None


@dataclass(frozen=True, kw_only=True)
class OpenCreation:
    """A request that is making a key now, or may be. `name`: folded, of the key or of the one that it replaces."""

    name: str
    since: float


def has_begun(c: sa.Connection) -> bool:
    """Whether all keys were looked at once."""
    return bool(named_values.get(c, _BEGUN))


def begin(c: sa.Connection) -> None:
    """All keys were looked at once."""
    named_values.put(c, _BEGUN, value=True)


def lock(c: sa.Connection) -> None:
    """Let one transaction at a time tell what is new. On SQLite it holds the only write lock already."""
    if c.dialect.name == "postgresql":
        c.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def next_card(c: sa.Connection) -> int:
    """The number of another message."""
    number = int(named_values.get(c, _CARD) or 0) + 1
    named_values.put(c, _CARD, number)
    return number


def unseen(c: sa.Connection, *, limit: int) -> list[KnownKey]:
    """Keys without an owner of which nothing is remembered, newest first."""
    same = (unknown_keys.c.key_id == inventory.c.key_id) & (unknown_keys.c.born_at == inventory.c.created_time)
    return inventory_store.without_owner(c, limit=limit, where=~sa.exists().where(same))


def remember(c: sa.Connection, found: Sequence[Key], *, card: int | None, at: float | None) -> list[Key]:
    """Write down that these keys are told, by this message, under the lock. Returns those that were not yet."""
    ids = [int(key.id) for key in found]
    births = {int(key.id): key.created_time for key in found}
    here = unknown_keys.c.key_id.in_(ids)
    stored = c.execute(sa.select(unknown_keys.c.key_id, unknown_keys.c.born_at).where(here))
    # Numbers that are other keys now.
    stale = [number for number, born in stored if births[number] != born]
    c.execute(sa.delete(unknown_keys).where(unknown_keys.c.key_id.in_(stale)))
    rows = [{"key_id": number, "born_at": born, "card": card, "told_at": at} for number, born in births.items()]
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(unknown_keys)
    if rows:
        c.execute(insert.on_conflict_do_nothing(index_elements=["key_id"]), rows)
    if card is None:
        return list(found)
    mine = {one.key_id for one in of_card(c, card)}
    return [key for key in found if int(key.id) in mine]


def find(c: sa.Connection, key_id: int) -> UnknownKey | None:
    """What is remembered of a key."""
    row = c.execute(sa.select(unknown_keys).where(unknown_keys.c.key_id == key_id)).mappings().one_or_none()
    return None if row is None else UnknownKey(**row)


def of_card(c: sa.Connection, card: int) -> list[UnknownKey]:
    """The keys of one message, newest first."""
    mine = sa.select(unknown_keys).where(unknown_keys.c.card == card).order_by(unknown_keys.c.key_id.desc())
    return [UnknownKey(**row) for row in c.execute(mine).mappings()]


def cards_since(c: sa.Connection, at: float) -> int:
    """How many messages were wanted since then."""
    number = sa.func.count(sa.distinct(unknown_keys.c.card))
    return int(c.scalar(sa.select(number).where(unknown_keys.c.told_at >= at)) or 0)


def count_undecided(c: sa.Connection) -> int:
    """How many keys in use have no owner, of which nobody has said that they may stay so."""
    same = (unknown_keys.c.key_id == inventory.c.key_id) & (unknown_keys.c.born_at == inventory.c.created_time)
    waits = sa.exists().where(same, unknown_keys.c.ignored_at.is_(None)) & (
        inventory.c.status == int(KeyStatus.ENABLED)
    )
    return len(inventory_store.without_owner(c, limit=MOST_COUNTED, where=waits))


def count_from_before(c: sa.Connection) -> int:
    """How many keys were there before the first round."""
    return int(c.scalar(sa.select(sa.func.count()).where(unknown_keys.c.card.is_(None))) or 0)


def ignore(c: sa.Connection, key_id: int, *, by: str, at: float) -> bool:
    """Somebody says that the key may stay without an owner. False: somebody said so already."""
    here = (unknown_keys.c.key_id == key_id) & unknown_keys.c.ignored_at.is_(None)
    return c.execute(sa.update(unknown_keys).where(here).values(ignored_by=by, ignored_at=at)).rowcount == 1


def open_creations(c: sa.Connection) -> list[OpenCreation]:
    """Requests that are making a key, or may be: their key has no owner before they are settled."""
    in_hand = requests.c.status.in_([status.value for status in IN_HAND]) & requests.c.operation.in_(_CREATING)
    ids = c.scalars(sa.select(requests.c.id).where(in_hand)).all()
    found = requests_store.several(c, ids).values()
    return [OpenCreation(name=fold(str(one.input.get("name") or one.key_name)), since=one.granted_at) for one in found]


def may_be_ours(key: Key, creations: Sequence[OpenCreation], *, now: float) -> bool:
    """Whether one of these requests may have made the key."""
    name = fold(key.name)
    for one in creations:
        recent = now - one.since < SOON and key.created_time >= one.since - CLOCKS_DIFFER
        if recent or (one.name and name.startswith(one.name.partition(" (")[0])):
            return True
    return False
