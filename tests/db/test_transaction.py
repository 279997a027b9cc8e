"""What goes with a transaction: gathered writes before the commit, callbacks after it, neither after a rollback."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.db.transaction import Tail, after_commit, gather, transaction


def test_gathered_items_are_written_together_and_the_last_ones_last(sqlite_database: Database) -> None:
    written: list[tuple[str, list[int]]] = []

    def late(_c: sa.Connection, items: list[Any]) -> None:
        written.append(("late", items))

    def early(_c: sa.Connection, items: list[Any]) -> None:
        written.append(("early", items))

    with transaction(sqlite_database.engine) as (c, _tail):
        gather(c, late, 1, last=True)
        gather(c, early, 2)
        gather(c, late, 3, last=True)
        gather(c, early, 4)
        assert written == []
    assert written == [("early", [2, 4]), ("late", [1, 3])]


def fail() -> None:
    raise ZeroDivisionError


def test_callbacks_come_after_the_commit_and_one_that_fails_stops_no_other(sqlite_database: Database) -> None:
    seen: list[Any] = []

    def look() -> None:
        with sqlite_database.engine.connect() as c:
            seen.append(named_values.get(c, "a"))

    with transaction(sqlite_database.engine) as (c, _tail):
        named_values.put(c, "a", 1)
        after_commit(c, fail)
        after_commit(c, look)
    assert seen == [1]


def test_nothing_is_called_after_a_rollback(sqlite_database: Database) -> None:
    called: list[int] = []

    def fail() -> None:
        with transaction(sqlite_database.engine) as (c, _tail):
            after_commit(c, lambda: called.append(1))
            gather(c, lambda _c, items: called.extend(items), 2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert called == []


def test_what_came_after_a_mark_can_be_forgotten() -> None:
    tail, called = Tail(), []
    tail.call(lambda: called.append("before"))
    mark = tail.mark()
    tail.call(lambda: called.append("after"))
    tail.gather(lambda _c, items: called.extend(items), "item", last=False)
    tail.cut(mark)
    tail.write(None)  # type: ignore[arg-type]  # nothing is left that would use it
    tail.after()
    assert called == ["before"]


def test_in_a_transaction_of_somebody_else_items_are_written_at_once(sqlite_database: Database) -> None:
    written: list[Any] = []
    with sqlite_database.engine.begin() as c:
        gather(c, lambda _c, items: written.extend(items), 1)
        assert written == [1]
        after_commit(c, lambda: written.append("never"))
    assert written == [1]
