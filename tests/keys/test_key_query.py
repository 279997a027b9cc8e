"""What is looked for in a list of keys: the conditions say what the record says, in the order that was asked for."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.gateway.models import EffectiveState, Key
from bot.gateway.numbers import BLOCK
from bot.keys import inventory_store, locks, owners
from bot.keys.key_query import KeyFilter, KeyOrder, KeyQuery
from bot.keys.owners import OwnedKey
from bot.permissions.models import Lock
from tests.keys.records import record

NOW = 1_800_000_000
DAY = 86_400
SAYS: dict[KeyFilter, Callable[[Key], bool]] = {
    KeyFilter.ACTIVE: lambda key: key.state(NOW) is EffectiveState.ACTIVE,
    KeyFilter.DISABLED: lambda key: key.state(NOW) is EffectiveState.DISABLED,
    KeyFilter.EXPIRED: lambda key: key.state(NOW) is EffectiveState.EXPIRED,
    KeyFilter.EXHAUSTED: lambda key: key.state(NOW) in {EffectiveState.EXHAUSTED, EffectiveState.OVERDRAWN},
    KeyFilter.EXPIRING: lambda key: key.status == 1 and NOW <= key.expired_time <= NOW + 14 * DAY,
    KeyFilter.FOREVER: lambda key: key.expired_time == -1,
    KeyFilter.UNLIMITED: lambda key: key.unlimited_quota,
    KeyFilter.IDLE: lambda key: (
        key.status == 1 and not key.is_past(NOW) and max(key.accessed_time, key.created_time) < NOW - 30 * DAY
    ),
}


def some_key(number: int, of: random.Random) -> Key:
    created = NOW - of.randrange(1, 90) * DAY
    return record(
        number,
        name=of.choice(["search", "Search bot", "load_test", "100%", "nightly"]),
        status=of.choice([1, 1, 1, 2, 3, 4, 9]),
        expired_time=of.choice([-1, NOW - DAY, NOW - 1, NOW, NOW + DAY, NOW + 14 * DAY, NOW + 15 * DAY]),
        remain_quota=of.choice([-5, 0, 1, 500_000]),
        used_quota=of.randrange(4),
        unlimited_quota=of.random() < 0.3,
        created_time=created,
        accessed_time=of.choice([0, created, NOW - 29 * DAY, NOW - 31 * DAY, NOW]),
    )


def found(database: Database, query: KeyQuery) -> list[int]:
    return [int(one.key.id) for one in database.run_here(inventory_store.page, query, now=NOW, limit=500)]


@pytest.fixture
def keys(database: Database) -> list[Key]:
    of = random.Random(7)
    keys = [some_key(number, of) for number in range(1, 201)]
    database.run_here(inventory_store.write, {int(key.id): (NOW, key) for key in keys})
    for number in range(1, 201, 3):
        line = OwnedKey(key_id=number, name="", owner_id="U0ADA", owner_team="T0", request_id=None, created_at=NOW)
        database.run_here(owners.own, line)
    return keys


def test_each_filter_finds_what_the_record_says(database: Database, keys: list[Key]) -> None:
    for one, says in SAYS.items():
        wanted = [int(key.id) for key in reversed(keys) if says(key)]
        assert wanted, one
        assert found(database, KeyQuery(filters=frozenset({one}))) == wanted, one
        assert database.run_here(inventory_store.count, KeyQuery(filters=frozenset({one})), now=NOW) == len(wanted)


def test_states_widen_each_other_and_everything_else_narrows(database: Database, keys: list[Key]) -> None:
    asked = KeyQuery(
        filters=frozenset({KeyFilter.DISABLED, KeyFilter.EXPIRED, KeyFilter.UNLIMITED}), owner="U0ADA", text="search"
    )
    wanted = [
        int(key.id)
        for key in reversed(keys)
        if key.state(NOW) in {EffectiveState.DISABLED, EffectiveState.EXPIRED}
        and key.unlimited_quota
        and "search" in key.name.lower()
        and key.id % 3 == 1
    ]
    assert wanted
    assert found(database, asked) == wanted


def test_owners_and_locks_are_looked_for_beside_the_record(database: Database, keys: list[Key]) -> None:
    assert found(database, KeyQuery(filters=frozenset({KeyFilter.OWNERLESS}))) == [
        int(key.id) for key in reversed(keys) if key.id % 3 != 1
    ]
    why = Lock(cause="alert", by="U0SAM", at=NOW, number=1, rule="")
    for number in (4, 5):
        database.run_here(locks.lock, number, why)
    assert found(database, KeyQuery(filters=frozenset({KeyFilter.LOCKED}))) == [5, 4]


@pytest.mark.parametrize("text", ["100%", "_", "%", "LOAD_TEST", "nobody is called so"])
def test_a_part_of_a_name_is_taken_as_it_is(database: Database, keys: list[Key], text: str) -> None:
    wanted = [int(key.id) for key in reversed(keys) if text.lower() in key.name.lower()]
    assert found(database, KeyQuery(text=text)) == wanted


def test_every_order_has_its_first_and_equal_ones_are_newest_first(database: Database, keys: list[Key]) -> None:
    by: dict[KeyOrder, Callable[[Key], tuple[object, ...]]] = {
        KeyOrder.NEWEST: lambda _: (),
        KeyOrder.NAME: lambda key: (key.name.lower(),),
        KeyOrder.QUOTA: lambda key: (not key.unlimited_quota, -key.remain_quota),
        KeyOrder.USED: lambda key: (-key.used_quota,),
        KeyOrder.EXPIRY: lambda key: (key.expired_time == -1, key.expired_time),
    }
    some = keys[:40]
    for order, first in by.items():
        wanted = [int(key.id) for key in sorted(some, key=lambda key: (*first(key), -key.id))]  # used at once
        listed = [number for number in found(database, KeyQuery(order=order)) if number <= 40]
        if order is KeyOrder.NAME:  # each database has its own order of signs, so only the groups are compared
            listed, wanted = sorted(listed), sorted(wanted)
        assert listed == wanted, order


def test_a_key_is_past_by_its_gateway_and_amounts_are_ordered_by_the_dollars(database: Database) -> None:
    """The second gateway's clock is an hour ahead, and a dollar is ten times as many units there."""
    here = record(1, expired_time=NOW + 60, remain_quota=1_000, used_quota=70)
    other = record(1, expired_time=NOW + 60, remain_quota=9_000, used_quota=900)
    there = other.model_copy(update={"id": BLOCK + 1})
    database.run_here(inventory_store.write, {int(key.id): (NOW, key) for key in (here, there)})
    clocks, dollars = {1: NOW + 3_600.0}, Dollars(others={1: 10 * Dollars().usual})

    def seen(**more: Any) -> list[int]:
        query = KeyQuery(filters=frozenset(more.get("filters", ())), order=more.get("order", KeyOrder.NEWEST))
        page = database.run_here(inventory_store.page, query, now=float(NOW), clocks=clocks, dollars=dollars, limit=9)
        return [int(one.key.id) for one in page]

    assert seen(filters=[KeyFilter.EXPIRED]) == [there.id]
    assert seen(filters=[KeyFilter.ACTIVE]) == [here.id]
    assert seen(order=KeyOrder.QUOTA) == [here.id, there.id]
    assert seen(order=KeyOrder.USED) == [there.id, here.id]
    counted = database.run_here(
        inventory_store.count, KeyQuery(filters=frozenset({KeyFilter.EXPIRED})), now=float(NOW), clocks=clocks
    )
    assert counted == 1
