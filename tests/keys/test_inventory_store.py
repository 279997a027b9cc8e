"""Rows of the inventory on both databases: written when they differ, gone, reborn, and with their history."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.db.tables import inventory, key_samples
from bot.keys import inventory_store as store
from bot.keys import owners
from bot.keys.inventory_store import GONE_SECONDS, LATE_SECONDS, PassMark
from bot.keys.key_query import EVERYTHING, KeyQuery
from bot.keys.owners import OwnedKey
from tests.keys.records import record

NOON = 1_800_014_400.0  # 12:00 UTC
HOUR, DAY = 3600.0, 86_400.0


def write(database: Database, at: float, *keys: Any) -> int:
    return database.run_here(store.write, {int(key.id): (at, key) for key in keys})


def own(database: Database, key: Any, owner: str, **more: Any) -> None:
    line = OwnedKey(
        key_id=int(key.id),
        name=key.name,
        owner_id=owner,
        owner_team="T0HOME",
        request_id=None,
        created_at=NOON,
        born_at=key.created_time,
        **more,
    )
    database.run_here(owners.own, line)


def test_a_record_is_stored_whole_and_written_again_only_when_it_differs(database: Database) -> None:
    key = record(7, name="search", allow_ips="10.0.0.0/8", remain_quota=-5, used_quota=2**40)
    assert write(database, NOON, key) == 1
    assert write(database, NOON + 5, key) == 0
    known = database.run_here(store.find, 7)
    assert known is not None
    assert (known.key, known.read_at, known.known_since, known.gone_at) == (key, NOON, NOON, None)
    assert write(database, NOON + 9, record(7, name="search", allow_ips=None)) == 1
    known = database.run_here(store.find, 7)
    assert known is not None
    assert (known.key.allow_ips, known.read_at, known.known_since) == (None, NOON + 9, NOON)


def test_people_see_their_keys_newest_first_and_a_page_at_a_time(database: Database) -> None:
    keys = [record(n) for n in range(1, 8)]
    write(database, NOON, *keys)
    for key in keys[:5]:
        own(database, key, "U0ADA", owner_roles=["engineer"])
    mine = database.run_here(store.page, KeyQuery(owner="U0ADA"), now=NOON, limit=2, offset=1)
    assert [(one.key.id, one.owner_id, one.owner_roles) for one in mine] == [
        (4, "U0ADA", ("engineer",)),
        (3, "U0ADA", ("engineer",)),
    ]
    numbers = [database.run_here(store.count, query, now=NOON) for query in (KeyQuery(owner="U0ADA"), EVERYTHING)]
    assert numbers == [5, 7]
    assert [one.key.id for one in database.run_here(store.page, now=NOON, limit=3)] == [7, 6, 5]
    assert [one.key.id for one in database.run_here(store.without_owner, limit=9, where=sa.true())] == [7, 6]
    assert [one.key.id for one in database.run_here(store.after, 5, limit=9)] == [6, 7]


def test_while_the_account_is_another_one_nobody_owns_anything(database: Database) -> None:
    key = record(1)
    write(database, NOON, key)
    own(database, key, "U0ADA")
    database.run_here(named_values.put, owners.OTHER_ACCOUNT, {"address": "x", "user": 2})
    assert database.run_here(store.page, KeyQuery(owner="U0ADA"), now=NOON, limit=9) == []
    assert database.run_here(store.without_owner, limit=9, where=sa.true()) == []


def test_names_are_found_as_people_type_them(database: Database) -> None:
    write(database, NOON, record(1, name="Search  bot"), record(2, name="other"))
    assert [one.key.id for one in database.run_here(store.named, {"Search bot"})] == [1]


def test_a_number_that_is_another_key_now_begins_anew(database: Database) -> None:
    key = record(1, created_time=100, used_quota=5)
    write(database, NOON, key)
    own(database, key, "U0ADA")
    write(database, NOON + HOUR, record(1, created_time=100, used_quota=9))
    assert database.run_here(store.histories, [1])[1].hours
    write(database, NOON + 2 * HOUR, record(1, created_time=777, used_quota=0))
    known = database.run_here(store.find, 1)
    assert known is not None
    assert (known.owner_id, known.known_since) == (None, NOON + 2 * HOUR)
    assert database.run_here(store.histories, [1])[1] == store.History()


def test_a_reading_that_comes_late_does_not_undo_a_newer_one_but_a_clock_that_moved_back_does(
    database: Database,
) -> None:
    write(database, NOON, record(1, used_quota=9))
    assert write(database, NOON - LATE_SECONDS / 2, record(1, used_quota=5)) == 0
    assert write(database, NOON - 365 * DAY, record(1, used_quota=10)) == 1
    write(database, NOON - 364 * DAY, record(1, used_quota=11))
    write(database, NOON - 363 * DAY, record(1, used_quota=12))
    days = database.run_here(store.histories, [1])[1].days
    assert [one.used for one in days] == [10, 11]


def test_counters_are_kept_as_they_stood_at_the_end_of_each_hour_and_day(database: Database) -> None:
    used = {0.0: 100, 0.2: 150, 1.1: 300, 5.0: 310, 30.0: 900}
    for hours, units in used.items():
        write(database, NOON + hours * HOUR, record(1, used_quota=units, remain_quota=1000 - units))
    history = database.run_here(store.histories, [1, 2])
    noon = int(NOON // HOUR)
    assert [(one.slot - noon, one.used, one.remain) for one in history[1].hours] == [
        (0, 150, 850),
        (1, 300, 700),
        (5, 310, 690),
    ]
    assert [(one.slot - int(NOON // DAY), one.used) for one in history[1].days] == [(0, 310)]
    assert history[2] == store.History()


def test_a_rename_in_an_hour_without_spending_tells_nothing_new(database: Database) -> None:
    for hours, name, units in ((0, "a", 5), (3, "b", 5), (6, "b", 9), (9, "b", 9), (12, "b", 11)):
        write(database, NOON + hours * HOUR, record(1, name=name, used_quota=units))
    noon = int(NOON // HOUR)
    assert [(one.slot - noon, one.used) for one in database.run_here(store.histories, [1])[1].hours] == [
        (0, 5),
        (6, 9),
    ]


def test_a_key_that_is_gone_keeps_its_history_for_as_long_as_there_are_samples(database: Database) -> None:
    write(database, NOON, record(1, used_quota=1), record(2))
    write(database, NOON + HOUR, record(1, used_quota=2))
    database.run_here(store.mark_gone, [1], at=NOON + 2 * HOUR)
    assert database.run_here(store.living_ids) == {2}
    assert [one.key.id for one in database.run_here(store.page, now=NOON, limit=9)] == [2]
    known = database.run_here(store.find, 1)
    assert known is not None
    assert known.gone_at == NOON + 2 * HOUR
    for finished, rows in ((NOON + 300 * DAY, 2), (NOON + GONE_SECONDS + DAY, 1)):
        mark = PassMark(started_at=finished - 1, finished_at=finished, keys=1, settled=True)
        database.run_here(store.finish_pass, mark)
        assert database.run_here(store.last_pass) == mark
        with database.engine.connect() as c:
            assert c.scalar(sa.select(sa.func.count()).select_from(inventory)) == rows
    with database.engine.connect() as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(key_samples)) == 0


def test_a_key_that_comes_back_is_there_again(database: Database) -> None:
    write(database, NOON, record(1))
    database.run_here(store.mark_gone, [1], at=NOON)
    write(database, NOON + 1, record(1))
    assert database.run_here(store.living_ids) == {1}


def test_a_reading_from_before_a_key_went_does_not_bring_it_back(database: Database) -> None:
    write(database, NOON, record(1))
    database.run_here(store.mark_gone, [1], at=NOON + 9)
    assert write(database, NOON + 8, record(1, used_quota=1)) == 0
    assert database.run_here(store.living_ids) == set()
    # A clock that was moved back keeps no key away.
    assert write(database, NOON - LATE_SECONDS, record(1)) == 1
    assert database.run_here(store.living_ids) == {1}


def test_before_the_first_list_nothing_is_to_be_believed(database: Database) -> None:
    assert database.run_here(store.last_pass) is None


@pytest.mark.parametrize(
    ("changes", "units", "unlimited"),
    [
        ({"remain_quota": 7}, 7, 0),
        ({"remain_quota": 7, "unlimited_quota": True}, 0, 1),
        ({"remain_quota": -7}, 0, 0),
        ({"remain_quota": 7, "status": 2}, 0, 0),
        ({"remain_quota": 7, "expired_time": int(NOON) - 1}, 0, 0),
        ({"remain_quota": 7, "expired_time": int(NOON) + 1}, 7, 0),
    ],
)
def test_what_keys_may_still_spend(database: Database, changes: dict[str, Any], units: int, unlimited: int) -> None:
    defaults = {"status": 1, "expired_time": -1, "unlimited_quota": False}
    write(database, NOON, record(1, **(defaults | changes)))
    assert database.run_here(store.promise, now=NOON) == store.Promise(units=units, unlimited=unlimited)
    database.run_here(store.mark_gone, [1], at=NOON)
    assert database.run_here(store.promise, now=NOON) == store.Promise(units=0, unlimited=0)
