import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db import group_commit
from bot.db.answering import answering
from bot.db.engine import Database, after_commit, gather
from tests.narrow import present


def _put(c: sa.Connection, name: str) -> str:
    c.execute(sa.text("INSERT INTO lease VALUES (:name, 'x', 1)"), {"name": name})
    return name


def _names(c: sa.Connection) -> list[str]:
    return list(c.scalars(sa.text("SELECT name FROM lease ORDER BY name")))


class Commits:
    """Counts commits that had begun to write."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        sa.event.listen(database.engine, "commit", self._more)

    def _more(self, _c: sa.Connection) -> None:
        self.count += 1


async def together(database: Database, *works: Callable[..., Any]) -> list[Any]:
    """Run them in one group: they queue up behind a work that waits until all of them are there."""
    begun, go = threading.Event(), threading.Event()

    def hold(_c: sa.Connection) -> None:
        begun.set()
        assert go.wait(5)

    first = asyncio.create_task(database.run_together(hold))
    await asyncio.to_thread(begun.wait, 5)
    tasks = [asyncio.create_task(database.run_together(work)) for work in works]
    await asyncio.sleep(0)
    go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await first
    return results


def fails(c: sa.Connection) -> None:
    _put(c, "lost")
    after_commit(c, lambda: pytest.fail("called although rolled back"))
    gather(c, lambda _c, _items: pytest.fail("written although rolled back"), 1)
    raise LookupError("no")


async def test_what_waits_together_is_committed_once(database: Database) -> None:
    commits = Commits(database)
    results = await together(database, *[lambda c, n=n: _put(c, f"n{n}") for n in range(5)])
    assert results == ["n0", "n1", "n2", "n3", "n4"]
    assert commits.count == 2  # the one that held the others up, and theirs
    assert await database.read(_names) == results


async def test_they_run_in_the_order_of_asking_and_see_each_other(database: Database) -> None:
    def look(c: sa.Connection) -> list[str]:
        return _names(c)

    assert await together(database, lambda c: _put(c, "a"), look, lambda c: _put(c, "b"), look) == [
        "a", ["a"], "b", ["a", "b"]
    ]  # fmt: skip


async def test_one_that_raises_is_rolled_back_alone(database: Database) -> None:
    first, second, third = await together(database, lambda c: _put(c, "a"), fails, lambda c: _put(c, "b"))
    assert (first, third) == ("a", "b")
    assert isinstance(second, LookupError)
    assert await database.read(_names) == ["a", "b"]


async def test_a_statement_that_fails_leaves_the_others(database: Database) -> None:
    same = [lambda c: _put(c, "a")] * 2
    results = await together(database, *same, lambda c: _put(c, "b"))
    assert [type(result) for result in results] == [str, sa.exc.IntegrityError, str]
    assert await database.read(_names) == ["a", "b"]


async def test_nobody_is_told_before_the_commit(database: Database) -> None:
    seen: list[Any] = []

    def work(c: sa.Connection, name: str) -> None:
        _put(c, name)
        after_commit(c, lambda: seen.append((name, database.run_here(_names))))
        assert seen == []

    await together(database, lambda c: work(c, "a"), fails, lambda c: work(c, "b"))
    assert seen == [("a", ["a", "b"]), ("b", ["a", "b"])]


async def test_a_commit_that_fails_fails_everybody(database: Database) -> None:
    def break_the_commit(c: sa.Connection) -> None:
        c.exec_driver_sql("INSERT INTO child VALUES (1)")

    def tables(c: sa.Connection) -> None:
        c.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        c.exec_driver_sql("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")

    await database.run(tables)

    def calls(c: sa.Connection) -> None:
        after_commit(c, lambda: pytest.fail("called although nothing was committed"))

    first, second, third, fourth = await together(database, lambda c: _put(c, "a"), break_the_commit, fails, calls)
    assert all(isinstance(error, sa.exc.IntegrityError) for error in (first, second, fourth))
    assert isinstance(third, LookupError)
    assert await database.read(_names) == []
    assert await database.run_together(_put, "after") == "after"


async def test_a_rollback_of_sqlites_own_fails_everybody(sqlite_database: Database) -> None:
    def full_disk(c: sa.Connection) -> None:
        present(c.connection.driver_connection).execute("ROLLBACK").close()  # what SQLite itself does then
        raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    first, second, third = await together(sqlite_database, lambda c: _put(c, "a"), full_disk, lambda c: _put(c, "b"))
    assert all(isinstance(error, sa.exc.OperationalError) for error in (first, second, third))
    assert await sqlite_database.read(_names) == []
    assert await sqlite_database.run_together(_put, "after") == "after"


async def test_what_is_gathered_is_written_once_for_the_group(database: Database) -> None:
    written: list[list[int]] = []

    def write(_c: sa.Connection, items: list[int]) -> None:
        written.append(items)

    await together(database, *[lambda c, n=n: gather(c, write, n) for n in range(4)], fails)
    assert written == [[0, 1, 2, 3]]


async def test_what_is_to_be_written_last_is(database: Database) -> None:
    written: list[str] = []

    def work(c: sa.Connection) -> None:
        gather(c, lambda _c, _items: written.append("last"), 1, last=True)
        gather(c, lambda _c, _items: written.append("first"), 1)

    await database.run(work)
    assert written == ["first", "last"]


async def test_a_caller_that_is_gone_does_not_stop_the_others(database: Database) -> None:
    task = asyncio.create_task(database.run_together(_put, "a"))
    await asyncio.sleep(0)
    task.cancel()
    assert await database.run_together(_put, "b") == "b"
    assert await database.read(_names) == ["a", "b"]


def fail() -> None:
    raise ZeroDivisionError


async def test_a_callback_that_raises_hides_no_result(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    def work(c: sa.Connection) -> str:
        after_commit(c, fail)
        return _put(c, "a")

    assert await database.run(work) == "a"
    assert "A callback after a commit failed" in caplog.text


async def test_a_closed_database_takes_no_more(database: Database) -> None:
    database.close()
    with pytest.raises(RuntimeError, match="closed"):
        await database.run_together(_put, "a")
    database.close()


async def in_turn(database: Database, own: int, answers: int) -> list[str]:
    """Own work is asked for first, answers after it, all behind a work that holds the writer. Returns who ran when."""
    ran: list[str] = []

    def note(name: str) -> Callable[[sa.Connection], None]:
        return lambda _c: ran.append(name)

    async def answer(name: str) -> None:
        with answering():
            await database.run_together(note(name))

    begun, go = threading.Event(), threading.Event()

    def hold(_c: sa.Connection) -> None:
        begun.set()
        assert go.wait(30)

    first = asyncio.create_task(database.run_together(hold))
    await asyncio.to_thread(begun.wait, 30)
    tasks = [asyncio.create_task(database.run_together(note(f"own {n}"))) for n in range(own)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(answer(f"answer {n}")) for n in range(answers)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(first, *tasks)
    return ran


async def test_what_a_person_waits_for_goes_before_the_bots_own_work(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "OVERTAKEN_SECONDS", 3_600.0)
    ran = await in_turn(database, own=20, answers=5)
    assert ran == [*(f"answer {n}" for n in range(5)), *(f"own {n}" for n in range(20))]


async def test_own_work_that_was_overtaken_for_long_enough_goes_first_a_few_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "OVERTAKEN_SECONDS", 0.0)
    ran = await in_turn(database, own=20, answers=40)
    assert ran[: group_commit.MOST_OWN + 1] == [*(f"own {n}" for n in range(group_commit.MOST_OWN)), "answer 0"]
    assert len(ran) == 60
