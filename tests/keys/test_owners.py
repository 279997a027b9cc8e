"""Whose key is it: a number, a birth, one account."""

from dataclasses import replace

import pytest

from bot.db.engine import Database
from bot.keys import inventory_store, owners
from bot.keys.account import BoundAccount, adopt_account, observe_account
from bot.keys.owners import OwnedKey
from tests.keys.records import record
from tests.narrow import present

LINE = OwnedKey(key_id=7, name="a", owner_id="U0ADA", owner_team="T", request_id=1, created_at=1.0, born_at=100)
HERE, THERE = BoundAccount(address="https://a", user=1), BoundAccount(address="https://b", user=1)


async def test_the_number_of_another_key_owns_nothing(database: Database) -> None:
    await database.run(owners.own, LINE)
    assert await database.read(owners.owner_of, 7) == "U0ADA"
    assert await database.read(owners.owner_of, 7, 100) == "U0ADA"
    assert await database.read(owners.owner_of, 7, 101) is None
    assert await database.read(owners.owner_of, 8) is None


async def test_a_birth_that_is_not_at_hand_is_that_of_the_key_as_it_was_last_read(database: Database) -> None:
    unborn = replace(LINE, born_at=None)
    await database.run(owners.own, unborn)
    assert present(await database.read(owners.find, 7)).born_at is None
    await database.run(inventory_store.write, {9: (5.0, record(9, created_time=300))})
    await database.run(owners.own, replace(unborn, key_id=9))
    assert await database.read(owners.owner_of, 9, 301) is None
    assert await database.read(owners.owner_of, 9, 300) == "U0ADA"


async def test_a_deleted_line_owns_nothing_but_is_told_of(database: Database) -> None:
    await database.run(owners.own, LINE)
    await database.run(owners.forget, 7, at=5.0)
    assert await database.read(owners.owner_of, 7) is None
    assert await database.read(owners.last_owner_of, 7) == "U0ADA"
    assert await database.read(owners.all_owners) == {}


@pytest.mark.parametrize("gone", [True, False])
async def test_a_number_that_is_used_again_is_the_new_owners(database: Database, gone: bool) -> None:
    await database.run(owners.own, LINE)
    if gone:
        await database.run(owners.forget, 7, at=5.0)
    await database.run(owners.own, replace(LINE, owner_id="U0BEN", born_at=200))
    assert await database.read(owners.owner_of, 7, 200) == "U0BEN"


async def test_the_first_request_that_made_a_key_wins(database: Database) -> None:
    await database.run(owners.own, LINE)
    await database.run(owners.own, replace(LINE, owner_id="U0BEN"))
    assert await database.read(owners.owner_of, 7) == "U0ADA"


async def test_a_list_teaches_births_and_ends_lines_of_other_keys(database: Database) -> None:
    await database.run(owners.own, replace(LINE, born_at=None))
    await database.run(owners.own, replace(LINE, key_id=8))
    assert await database.run(owners.observe, {7: 50, 8: 999}) == 1
    assert await database.read(owners.owner_of, 7, 50) == "U0ADA"
    assert await database.read(owners.owner_of, 7, 51) is None
    assert await database.read(owners.owner_of, 8) is None
    assert await database.run(owners.observe, {7: 50}) == 0


async def test_another_account_means_that_nobody_owns_anything_until_somebody_agrees(database: Database) -> None:
    await database.run(owners.own, LINE)
    assert await database.run(observe_account, HERE, 1.0) is None
    assert await database.run(observe_account, THERE, 2.0) == HERE
    assert await database.read(owners.owner_of, 7) is None
    assert await database.read(owners.last_owner_of, 7) is None
    assert await database.read(owners.owned_by, "U0ADA") == []
    assert await database.read(owners.all_owners) == {}
    assert await database.run(owners.observe, {7: 999}) == 0
    assert await database.run(observe_account, present(HERE), 3.0) is None
    assert await database.read(owners.owner_of, 7) == "U0ADA"
    await database.run(observe_account, THERE, 4.0)
    assert "adopted account 1 at https://b" in await database.run(adopt_account, 5.0)
    assert await database.read(owners.owner_of, 7) == "U0ADA"
    assert await database.run(observe_account, THERE, 6.0) is None
    assert "nothing to do" in await database.run(adopt_account, 7.0)


async def test_a_key_is_handed_over_with_its_birth_its_reveals_and_its_state(database: Database) -> None:
    await database.run(owners.own, replace(LINE, disabled_at=3.0, owner_roles=["engineer"]))
    await database.run(owners.count_reveal, 7)
    await database.run(owners.hand_over, replace(LINE, owner_id="U0BEN", owner_team="T2", name="b", created_at=9.0))
    line = present(await database.read(owners.find, 7))
    assert (line.owner_id, line.owner_team, line.name, line.owner_roles) == ("U0BEN", "T2", "b", None)
    assert (line.reveals, line.disabled_at, line.created_at, line.request_id) == (1, 3.0, 1.0, 1)


@pytest.mark.parametrize("gone", [True, False])
async def test_a_key_that_nobody_owns_is_handed_over_whole(database: Database, gone: bool) -> None:
    await database.run(owners.own, LINE)
    if gone:
        await database.run(owners.forget, 7, at=5.0)
    other = replace(LINE, owner_id="U0BEN", born_at=200 if not gone else 100, created_at=9.0)
    await database.run(owners.hand_over, other)
    assert present(await database.read(owners.find, 7)) == other
