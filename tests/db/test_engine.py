import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db import engine as engine_module
from bot.db.engine import Database, after_commit, open_database
from bot.errors import ConfigurationError


def _put(c: sa.Connection, name: str) -> None:
    c.execute(sa.text("INSERT INTO lease VALUES (:name, 'x', 1)"), {"name": name})


def _names(c: sa.Connection) -> list[str]:
    return list(c.scalars(sa.text("SELECT name FROM lease ORDER BY name")))


async def test_what_run_did_is_committed(database: Database) -> None:
    await database.run(_put, "a")
    assert await database.read(_names) == ["a"]


async def test_a_raise_rolls_everything_back(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        _put(c, "a")
        raise LookupError("no")

    with pytest.raises(LookupError):
        await database.run(work)
    assert await database.read(_names) == []


async def test_callbacks_run_after_the_commit_and_only_then(database: Database) -> None:
    seen: list[list[str]] = []

    def work(c: sa.Connection, *, fail: bool) -> None:
        _put(c, "a")
        after_commit(c, lambda: seen.append(database.run_here(_names)))
        assert seen == []
        if fail:
            raise LookupError("no")

    with pytest.raises(LookupError):
        await database.run(work, fail=True)
    assert seen == []
    await database.run(work, fail=False)
    assert seen == [["a"]]


async def test_concurrent_reads_then_writes_do_not_lose_one(database: Database) -> None:
    await database.run(_put, "n")

    def grow(c: sa.Connection) -> None:
        lock = " FOR UPDATE" if database.dialect == "postgresql" else ""
        until = c.scalar(sa.text(f"SELECT until FROM lease WHERE name = 'n'{lock}"))
        c.execute(sa.text("UPDATE lease SET until = :u WHERE name = 'n'"), {"u": until + 1})

    await asyncio.gather(*[database.run(grow) for _ in range(40)])
    assert await database.read(lambda c: c.scalar(sa.text("SELECT until FROM lease"))) == 41


@pytest.mark.postgres
async def test_who_is_frozen_in_mid_transaction_loses_its_locks(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.db.engine.IDLE_IN_TRANSACTION_SECONDS", 0.3)
    frozen, other = open_database(postgres_url), open_database(postgres_url)
    with frozen.engine.connect() as c:
        _put(c, "frozen")
        await other.run(_put, "frozen")
        with pytest.raises(sa.exc.DBAPIError, match="idle-in-transaction"):
            c.commit()
    # And is well again afterwards.
    await frozen.run(_put, "thawed")
    assert sorted(await other.read(_names)) == ["frozen", "thawed"]
    frozen.close()
    other.close()


async def test_a_read_does_not_wait_for_a_writer(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as c:
        c.exec_driver_sql("BEGIN IMMEDIATE")
        _put(c, "uncommitted")
        assert await sqlite_database.read(_names) == []


async def test_sqlite_is_opened_for_safety(sqlite_database: Database) -> None:
    def pragmas(c: sa.Connection) -> dict[str, Any]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {name: c.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    assert await sqlite_database.read(pragmas) == expected


def test_a_second_one_on_the_same_file_is_told_who_has_it(sqlite_url: str, sqlite_database: Database) -> None:
    with pytest.raises(ConfigurationError, match=rf"pid {os.getpid()}.*Stop that one.*PostgreSQL"):
        open_database(sqlite_url)
    open_database(sqlite_url, exclusive=False).close()


def test_a_process_that_was_killed_leaves_the_file_free(sqlite_url: str) -> None:
    code = f"import os, signal; from bot.db.engine import open_database as o; d = o({sqlite_url!r}); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    open_database(sqlite_url).close()


def test_closing_gives_the_file_free(sqlite_url: str) -> None:
    open_database(sqlite_url).close()
    open_database(sqlite_url).close()


def test_a_relative_file_is_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_database("sqlite:///here.sqlite").close()
    assert (tmp_path / "here.sqlite").exists()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "not a database URL"),
        ("postgresql://u:hush@h:port/x", "not a database URL"),
        ("mysql://u:hush@h/x", "begins with mysql"),
        ("sqlite://", "names no SQLite file"),
        ("sqlite:///:memory:", "names no SQLite file"),
        ("sqlite:////nowhere/at/all.sqlite", "No such file or directory"),
        ("postgresql://u:hush@127.0.0.1:1/x", "database x does not let us in"),
        ("postgres://u:hush@127.0.0.1:1/x", "database x does not let us in"),
    ],
)
def test_a_wrong_url_is_one_sentence_without_the_password(url: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        open_database(url)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_given_free(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    path.write_text("dear diary, this is no database at all\n" * 40)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="file is not a database"):
            open_database(f"sqlite:///{path}")


@pytest.mark.postgres
def test_both_spellings_of_postgresql_open(postgres_url: str) -> None:
    open_database(postgres_url.replace("postgresql://", "postgres://")).close()


@pytest.mark.postgres
async def test_connections_that_the_server_closed_are_replaced(
    postgres_database: Database, postgres_admin: sa.Engine
) -> None:
    await postgres_database.run(_put, "a")
    with postgres_admin.connect() as c:
        name = postgres_database.engine.url.database
        c.execute(sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"), {"n": name})
    await postgres_database.run(_put, "b")
    assert await postgres_database.read(_names) == ["a", "b"]


@pytest.mark.postgres
@pytest.mark.parametrize("together", [False, True])
async def test_a_transaction_that_is_cut_off_says_so(
    postgres_database: Database, postgres_admin: sa.Engine, *, together: bool
) -> None:
    def work(c: sa.Connection) -> None:
        _put(c, "a")
        with postgres_admin.connect() as other:
            mine = c.scalar(sa.text("SELECT pg_backend_pid()"))
            other.execute(sa.text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})
        _put(c, "b")

    with pytest.raises(sa.exc.DBAPIError, match="terminating connection"):
        await (postgres_database.run_together(work) if together else postgres_database.run(work))
    await postgres_database.run(_put, "c")
    assert await postgres_database.read(_names) == ["c"]


@pytest.mark.parametrize("rows", [1, 3, 40])
async def test_a_transaction_that_nobody_goes_on_with_is_ended(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(engine_module, "IDLE_IN_TRANSACTION_SECONDS", 0.2)
    table = sa.Table("many", sa.MetaData(), sa.Column("number", sa.Integer))
    database = open_database(postgres_url)
    try:
        await database.run(table.create)

        def stands_still(c: sa.Connection) -> None:
            c.execute(sa.insert(table), [{"number": number} for number in range(rows)])
            time.sleep(1.0)
            c.execute(sa.select(1))

        with pytest.raises(sa.exc.DBAPIError):
            await database.run(stands_still)
    finally:
        database.close()
    # With a limit that a busy machine keeps.
    monkeypatch.undo()
    database = open_database(postgres_url)
    try:
        await database.run(
            lambda c: c.execute(sa.insert(table), [{"number": number} for number in range(rows)]) and None
        )
        assert await database.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(table))) == rows
    finally:
        database.close()
