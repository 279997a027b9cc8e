"""Departures and their keys: told once per key and owner, whatever number it had before."""

import pytest
import sqlalchemy as sa

from bot.care.leavers import store
from bot.care.leavers.store import Departure
from bot.db import named_values
from bot.db.engine import Database
from bot.keys import inventory_store, owners
from tests.care.kit import NOON
from tests.care.leavers.kit import ADA, BEN, Office, line


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def leave(c: sa.Connection, person: str = ADA) -> Departure | None:
    return store.open_departure(c, person, store.untold_keys(c, person), at=NOON, due_at=NOON + 60)


def told(office: Office, person: str = ADA) -> list[int]:
    departure = office.database.run_here(leave, person)
    return [] if departure is None else [key.key_id for key in departure.keys]


def test_each_key_is_part_of_one_departure(office: Office) -> None:
    office.own(1, 2)
    assert told(office) == [1, 2]
    assert told(office) == []
    office.own(3)
    assert told(office) == [3]
    assert office.database.run_here(store.away) == {ADA}


def test_what_is_out_of_use_or_gone_is_left_out_and_what_was_not_listed_yet_is_not(office: Office) -> None:
    office.own(1, status=2)
    office.own(2, listed=False)
    office.own(3, 4, 5)
    office.database.run_here(owners.set_disabled, 3, at=NOON)
    office.database.run_here(owners.forget, 4, at=NOON)
    office.database.run_here(inventory_store.mark_gone, [5], at=NOON)
    assert told(office) == [2]


def test_a_number_that_is_another_key_or_has_another_owner_is_told_again(office: Office) -> None:
    office.own(1, 2)
    assert told(office) == [1, 2]
    office.database.run_here(owners.hand_over, line(2, BEN))
    assert told(office, BEN) == [2]
    office.database.run_here(owners.forget, 1, at=NOON)
    office.own(1, born=NOON + 5)
    assert told(office) == [1]


def test_who_comes_back_ends_every_departure_of_theirs(office: Office) -> None:
    office.own(1)
    told(office)
    office.own(2)
    told(office)
    office.own(3, owner=BEN)
    told(office, BEN)
    back = office.database.run_here(store.come_back, ADA, at=NOON + 9)
    assert [(one.id, one.returned_at, one.waits) for one in back] == [(1, NOON + 9, False), (2, NOON + 9, False)]
    assert office.database.run_here(store.away) == {BEN}
    assert not office.database.run_here(store.is_away, ADA)
    assert told(office) == [1, 2]


def test_while_the_account_is_another_one_nobody_owns_anything(office: Office) -> None:
    office.own(1)
    office.database.run_here(named_values.put, owners.OTHER_ACCOUNT, {"address": "x", "user": 2})
    assert told(office) == []
    assert office.database.run_here(store.owners_with_untold_keys) == set()


def test_the_roles_of_somebody_are_those_that_their_keys_remember(office: Office) -> None:
    office.own(1)
    assert office.database.run_here(store.roles_of, ADA) == {"engineer"}
    assert office.database.run_here(store.roles_of, BEN) == frozenset()
