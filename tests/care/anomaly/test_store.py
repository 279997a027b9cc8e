"""A row per key that moved lately."""

from dataclasses import replace

from bot.care.anomaly import store
from bot.care.anomaly.judgement import PaceCare
from bot.db.engine import Database
from tests.care.kit import DAY, NOON

CARE = PaceCare(key_id=7, born_at=5, at=NOON + 0.5, used=2**50, hot=1, cool=2, told=True, told_at=NOON, muted_until=3.5)


def test_a_row_is_kept_whole_and_of_two_writers_one_wins(database: Database) -> None:
    assert database.run_here(store.save, None, CARE)
    assert not database.run_here(store.save, None, CARE)
    row = database.run_here(store.find, 7)
    assert row == replace(CARE, version=1)
    assert database.run_here(store.save, row, replace(CARE, told=False, hot=0))
    assert not database.run_here(store.save, row, CARE)
    assert database.run_here(store.several, [7, 8]) == {7: replace(CARE, told=False, hot=0, version=2)}


def test_what_lasts_or_may_begin_is_unsettled(database: Database) -> None:
    for key_id, told, hot in ((1, True, 0), (2, False, 1), (3, False, 0)):
        database.run_here(store.save, None, replace(CARE, key_id=key_id, told=told, hot=hot))
    assert database.run_here(store.unsettled, limit=9) == [1, 2]


def test_keys_that_stand_still_are_forgotten_but_not_while_they_are_muted(database: Database) -> None:
    database.run_here(store.save, None, CARE)
    database.run_here(store.save, None, replace(CARE, key_id=8, muted_until=NOON + 9 * DAY))
    assert database.run_here(store.forget, before=NOON + DAY) == 1
    assert database.run_here(store.find, 8) is not None


def test_many_are_kept_at_once_and_what_somebody_else_changed_stays(database: Database) -> None:
    database.run_here(store.save, None, CARE)
    row = database.run_here(store.find, 7)
    other = replace(CARE, key_id=8)
    database.run_here(store.save_quietly, [(row, replace(CARE, hot=0)), (None, other), (None, CARE)])
    assert database.run_here(store.several, [7, 8]) == {
        7: replace(CARE, hot=0, version=2),
        8: replace(other, version=1),
    }
    database.run_here(store.save_quietly, [(row, replace(CARE, hot=9))])
    database.run_here(store.save_quietly, [])
    assert database.run_here(store.find, 7) == replace(CARE, hot=0, version=2)
