import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.db import sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "turns.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (a INTEGER UNIQUE)")
    connection.close()
    return path


def test_many_threads_write_without_waiting_for_sqlites_own_pauses(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It is about the turns; a busy disk would count as a pause.
    monkeypatch.setattr(sqlite, "SYNCHRONOUS", "OFF")
    factory: Any = sqlite.connections()

    def write(worker: int) -> None:
        connection = sqlite3.connect(path, factory=factory)
        for n in range(50):
            connection.execute("BEGIN IMMEDIATE").close()
            connection.cursor().execute("INSERT INTO t VALUES (?)", (worker * 1000 + n,)).close()
            connection.commit()
        connection.close()

    begun = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert time.monotonic() - begun < 20
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (200,)
    connection.close()


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_the_turn_is_given_back_however_it_ends(path: Path, end: str) -> None:
    factory: Any = sqlite.connections()
    first, second = (sqlite3.connect(path, factory=factory) for _ in range(2))
    first.cursor().execute("INSERT INTO t VALUES (1)").close()
    assert first.turn.locked()
    getattr(first, end)()
    assert not first.turn.locked()
    second.cursor().executemany("INSERT INTO t VALUES (?)", [(2,), (3,)]).close()
    second.commit()
    for connection in (first, second):
        connection.close()


def test_reading_takes_no_turn(path: Path) -> None:
    factory: Any = sqlite.connections()
    connection = sqlite3.connect(path, factory=factory)
    connection.cursor().execute("SELECT * FROM t").close()
    assert not connection.turn.locked()
    connection.close()


def test_who_waits_too_long_goes_on_and_leaves_it_to_sqlite(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE_SECONDS", 0.01)
    factory: Any = sqlite.connections()
    first = sqlite3.connect(path, factory=factory, check_same_thread=False)
    second = sqlite3.connect(path, factory=factory)
    first.cursor().execute("INSERT INTO t VALUES (1)").close()
    threading.Timer(0.1, first.commit).start()
    second.cursor().execute("INSERT INTO t VALUES (2)").close()
    assert not second.has_turn
    second.commit()
    for connection in (first, second):
        connection.close()
