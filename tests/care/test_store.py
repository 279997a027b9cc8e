"""A row per key: kept whole, and changed only by who has seen its last version."""

from dataclasses import replace

from bot.care import store
from bot.care.judgement import ExpiryCare, KeyCare, QuotaCare, Told
from bot.db.engine import Database

EXPIRY = ExpiryCare(expires=1_900_000_000, since=1_800_000_000.5, told=86_400)
QUOTA = QuotaCare(base=2**40, total=2**41, told=Told.LOW, told_at=-5)
CARE = KeyCare(key_id=7, born_at=1_800_000_000, expiry=EXPIRY, quota=QUOTA)


def test_a_row_is_kept_whole_and_of_two_writers_one_wins(database: Database) -> None:
    assert database.run_here(store.save, None, CARE)
    assert not database.run_here(store.save, None, CARE)
    kept = database.run_here(store.several, [7, 8])
    assert kept == {7: replace(CARE, version=1)}
    without = replace(kept[7], quota=None)
    assert database.run_here(store.save, kept[7], without)
    assert not database.run_here(store.save, kept[7], CARE)
    assert database.run_here(store.several, [7]) == {7: replace(without, version=2)}


def test_low_keys_are_those_that_were_told_low_last(database: Database) -> None:
    database.run_here(store.save, None, CARE)
    database.run_here(store.save, None, replace(CARE, key_id=8, quota=replace(QUOTA, told=Told.REFILLED)))
    database.run_here(store.save, None, replace(CARE, key_id=9, quota=None))
    assert database.run_here(store.low, [7, 8, 9, 10]) == {7}


def test_that_all_keys_were_judged_once_is_remembered(database: Database) -> None:
    assert not database.run_here(store.has_begun)
    database.run_here(store.begin)
    assert database.run_here(store.has_begun)
