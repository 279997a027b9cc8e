"""A row per key that was asked about: kept whole, changed only by who has seen its last version."""

from dataclasses import replace

from bot.care.idle import store
from bot.care.idle.judgement import IdleCare, IdleState
from bot.db.engine import Database
from tests.care.kit import ADA, DAY, NOON, Desk, key

CARE = IdleCare(
    key_id=7, born_at=5, owner_id=ADA, state=IdleState.ORDERED, since=NOON + 0.5, due=NOON, request_id=2**40
)


def test_a_row_is_kept_whole_and_of_two_writers_one_wins(database: Database) -> None:
    assert database.run_here(store.save, None, CARE)
    assert not database.run_here(store.save, None, CARE)
    row = database.run_here(store.find, 7)
    assert row == replace(CARE, version=1)
    assert database.run_here(store.ordered, limit=9) == [row]
    asked = replace(CARE, state=IdleState.ASKED, request_id=None)
    assert database.run_here(store.save, row, asked)
    assert not database.run_here(store.save, row, CARE)
    assert database.run_here(store.several, [7, 8]) == {7: replace(asked, version=2)}
    assert database.run_here(store.ordered, limit=9) == []


def test_keys_that_are_gone_for_long_are_forgotten(database: Database) -> None:
    Desk(database).put(key(8))
    for key_id in (7, 8):
        database.run_here(store.save, None, replace(CARE, key_id=key_id))
    assert database.run_here(store.forget_gone, before=NOON - DAY) == 1
    assert database.run_here(store.find, 7) is None
    assert database.run_here(store.find, 8) is not None
