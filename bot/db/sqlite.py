"""SQLite connections that queue up for the write lock. Knows no table.

SQLite itself lets a second writer sleep and try again, up to 0.1 s at a time, and not in order: with several threads
(ours and the durable engine's) that cost most of the throughput. One process has the file to itself, so a lock of
this process hands the turn over at once. It is a courtesy only: who does not get it in time goes on and leaves it to
SQLite's own lock, which alone keeps the data right.
"""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

BUSY_TIMEOUT_MS = 30_000
PATIENCE_SECONDS = 10.0
# A commit is on the disk when it returns, also when the power fails.
SYNCHRONOUS = "FULL"
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN IMMEDIATE")


class _Cursor(sqlite3.Cursor):
    connection: "_Connection"

    def execute(self, sql: str, parameters: Any = (), /) -> "_Cursor":
        self.connection.take_turn(sql)
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Any, /) -> "_Cursor":
        self.connection.take_turn(sql)
        super().executemany(sql, parameters)
        return self


class _Connection(sqlite3.Connection):
    turn: threading.Lock
    has_turn = False

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def take_turn(self, sql: str) -> None:
        """Before a statement that may begin to write."""
        if not self.has_turn and sql.lstrip()[:15].upper().startswith(_WRITES):
            self.has_turn = self.turn.acquire(timeout=PATIENCE_SECONDS)

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            self._give_turn()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._give_turn()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._give_turn()

    def _give_turn(self) -> None:
        if self.has_turn:
            self.has_turn = False
            self.turn.release()


def connections() -> Callable[..., sqlite3.Connection]:
    """A `factory` for `sqlite3.connect`: every connection of it takes turns with the others."""
    turn = threading.Lock()

    def make(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = _Connection(*args, **kwargs)
        connection.turn = turn
        # "IMMEDIATE" is for the durable engine's transactions; our own begin explicitly.
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}").close()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()
        return connection

    return make
