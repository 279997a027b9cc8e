"""Rows of drift: only keys that were read otherwise since are compared, and what nothing is left of is NULL."""

import pytest
import sqlalchemy as sa

from bot.care.drift import store
from bot.care.drift.comparison import Drift, reading_of
from bot.care.drift.tables import key_drifts
from bot.db.engine import Database
from bot.keys import inventory_store
from tests.care.kit import NOON, key
from tests.care.leavers.kit import Office
from tests.narrow import present


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database)
    made.own(1, 2, 3)
    return made


def due(office: Office, after: int = -1) -> list[int]:
    return [int(known.key.id) for known, _ in office.database.run_here(store.read_anew, after, limit=9)]


def test_a_key_is_compared_again_when_it_was_read_otherwise(office: Office) -> None:
    assert due(office) == [1, 2, 3]
    assert due(office, 1) == [2, 3]
    rows = [
        {"key_id": n, "born_at": int(NOON), "read_at": NOON, "counted_at": None, "reading": reading_of(key(n))}
        for n in (1, 2, 3)
    ]
    office.database.run_here(store.put_readings, rows)
    office.database.run_here(store.put_readings, [])
    assert due(office) == []
    office.database.run_here(inventory_store.write, {2: (NOON + 5, key(2, name="x")), 3: (NOON + 5, key(3, born=9))})
    assert due(office) == [2]
    office.database.run_here(inventory_store.mark_gone, [2], at=NOON + 6)
    assert due(office) == []


def test_what_nothing_is_left_of_is_null(office: Office) -> None:
    drift = Drift(before={"name": "a"}, quota=5)
    office.database.run_here(store.put, 1, drift=drift.stored(), reading={"x": 1})
    assert present(office.database.run_here(store.find, 1)).drift == drift
    assert [row.key_id for row in office.database.run_here(store.untold, limit=9)] == [1]
    office.database.run_here(store.put, 1, drift=None)
    assert office.database.run_here(store.untold, limit=9) == []
    null = sa.select(key_drifts.c.key_id).where(key_drifts.c.drift.is_(None))
    assert office.database.run_here(lambda c: list(c.scalars(null))) == [1]
    row = present(office.database.run_here(store.find, 1))
    assert (row.tries, row.requests, row.reading, row.is_open, row.was_written) == (0, {}, {"x": 1}, False, False)
