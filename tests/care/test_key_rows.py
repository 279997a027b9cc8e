"""Rows of care change by a compare-and-set and go with their keys."""

import sqlalchemy as sa

from bot.care import key_rows
from bot.care.idle.judgement import IdleCare, IdleState
from bot.care.idle.tables import key_idle
from bot.db.engine import Database
from bot.keys import inventory_store
from tests.keys.records import record

NOW = 1_800_000_000.0


def values(key_id: int) -> dict[str, object]:
    care = IdleCare(key_id=key_id, born_at=1, owner_id="U0ADA", state=next(iter(IdleState)), since=NOW)
    return vars(care) | {"state": str(care.state)}


def test_only_whoever_saw_the_newest_version_changes_it(database: Database) -> None:
    def work(c: sa.Connection) -> list[bool]:
        return [key_rows.save(c, key_idle, values(7), before=version) for version in (None, None, 1, 1, 2)]

    assert database.run_here(work) == [True, False, True, False, True]


def test_rows_of_keys_that_are_long_gone_are_forgotten(database: Database) -> None:
    def work(c: sa.Connection) -> tuple[int, list[int]]:
        inventory_store.write(c, {number: (NOW, record(number)) for number in (1, 2, 3)})
        inventory_store.mark_gone(c, [2], at=NOW - 100)
        inventory_store.mark_gone(c, [3], at=NOW)
        for number in (1, 2, 3, 4):
            key_rows.save(c, key_idle, values(number), before=None)
        forgotten = key_rows.forget_gone(c, key_idle, before=NOW - 50)
        return forgotten, sorted(c.scalars(sa.select(key_idle.c.key_id)))

    assert database.run_here(work) == (2, [1, 3])
