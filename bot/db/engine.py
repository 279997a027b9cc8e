"""Opens the database and runs plain sync functions in transactions. Knows no table.

All SQL of Keydesk is in functions `work(connection, ...)`; async code calls `await database.run(work, ...)`.
SQLite has one writer thread, which commits what waits together (group_commit.py). PostgreSQL has a small pool of
threads, and that one beside them for bursts of new rows.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import sqlalchemy as sa

from bot.db import sqlite
from bot.db.answering import is_answer
from bot.db.driver_reason import reason_of
from bot.db.group_commit import GroupCommitter
from bot.db.process_lock import ProcessLock
from bot.db.transaction import after_commit, gather, transaction
from bot.errors import ConfigurationError
from bot.languages import carried

__all__ = ["Database", "after_commit", "gather", "open_database"]

P = ParamSpec("P")
T = TypeVar("T")

POSTGRES_THREADS = 8
ANSWER_THREADS = 4
# A server may start beside us, or later than we do: so long it is asked again.
SERVER_SECONDS = 60.0
# Ours, and what the durable engine's own threads need at once (poll, background jobs, outcome of a job).
POSTGRES_POOL = 2 * POSTGRES_THREADS + ANSWER_THREADS
# A process that is frozen, or a machine that is gone, in mid-transaction holds its locks no longer than this: less than
# the three seconds in which others must answer Slack. Ours last milliseconds, since nothing is awaited within.
IDLE_IN_TRANSACTION_SECONDS = 2.0
SQLITE_READERS = 2
SQLITE_POOL = 12


class Database:
    """One engine with its own threads. `dialect` is "sqlite" or "postgresql"."""

    def __init__(self, engine: sa.Engine, *, lock: ProcessLock | None = None) -> None:
        self.engine = engine
        self.dialect: Literal["sqlite", "postgresql"] = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
        self._lock = lock
        threads = SQLITE_READERS if self.dialect == "sqlite" else POSTGRES_THREADS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="db")
        # A person's click must not queue behind the bot's own runs and posts.
        self._answer_threads = ThreadPoolExecutor(ANSWER_THREADS, thread_name_prefix="db-answer")
        self._group = GroupCommitter(engine)

    async def run(self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, ...)` in one transaction on a thread of ours: commit on return, roll back on raise.

        Returns after the commit. On SQLite several callers may share that commit, each rolled back alone. A caller
        that is cancelled meanwhile does not stop the transaction.
        """
        if self.dialect == "sqlite":
            return await self.run_together(work, *args, **kwargs)
        threads, work = self._answer_threads if is_answer() else self._threads, carried(work)
        return await asyncio.wrap_future(threads.submit(lambda: self.run_here(work, *args, **kwargs)))

    async def run_together(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same, also on PostgreSQL in one transaction with what other callers of this want at the moment.

        For work that comes in bursts and only inserts new rows: with the locks of others' work in hand it must not
        wait for a row that another process may hold.
        """
        work = carried(work)
        result: T = await self._group.run(lambda c: work(c, *args, **kwargs))
        return result

    def run_here(self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, in the calling thread: for start-up, the command line and threads of the durable engine."""
        with transaction(self.engine) as (connection, _):
            return work(connection, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, ...)` that only reads, without waiting for writers. One snapshot on SQLite."""
        threads, work = self._answer_threads if is_answer() else self._threads, carried(work)
        return await asyncio.wrap_future(threads.submit(lambda: self._read(work, *args, **kwargs)))

    def _read(self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
            return work(connection, *args, **kwargs)

    def close(self) -> None:
        """Finish what runs, close every connection, give the file free. Twice is harmless."""
        self._group.close()
        self._threads.shutdown(wait=True)
        self._answer_threads.shutdown(wait=True)
        self.engine.dispose()
        if self._lock is not None:
            self._lock.release()


def open_database(url: str, *, exclusive: bool = True, patience: float = 0.0) -> Database:
    """Open `sqlite:///file` (relative to the working directory) or `postgresql://…` (`postgres://` too).

    `exclusive` keeps a second Keydesk process off a SQLite file; commands that only look pass False. `patience`:
    seconds in which a server that does not answer yet is asked again. Raises ConfigurationError when the URL is wrong,
    the file cannot be written or the server does not let us in; CannotStart when it did not answer for so long.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # The text may hold a password: it is not repeated.
        raise ConfigurationError(
            ["DATABASE_URL is not a database URL; write sqlite:///file or postgresql://…"]
        ) from None
    backend = parsed.drivername.partition("+")[0]
    if backend == "sqlite":
        return _open_sqlite(parsed, exclusive=exclusive)
    if backend in {"postgresql", "postgres"}:
        return _open_postgres(parsed, patience=patience)
    raise ConfigurationError([f"DATABASE_URL begins with {backend}; Keydesk works with sqlite and postgresql."])


def _open_sqlite(url: sa.URL, *, exclusive: bool) -> Database:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigurationError(["DATABASE_URL names no SQLite file; write sqlite:///keydesk.sqlite."])
    path = Path(url.database).absolute()
    _make_private(path)
    lock = ProcessLock.take(path) if exclusive else None
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        pool_size=SQLITE_POOL,
        max_overflow=4,
        connect_args={"factory": sqlite.connections()},
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    except sa.exc.DatabaseError as error:
        engine.dispose()
        if lock is not None:
            lock.release()
        raise ConfigurationError([f"DATABASE_URL: the file {path} cannot be used: {error.orig}."]) from error
    return Database(engine, lock=lock)


def _make_private(path: Path) -> None:
    """Create a missing file for its owner alone; SQLite gives its other files the same rights."""
    # What hinders it (no folder, no rights) hinders the lock and SQLite as well, which say so.
    with contextlib.suppress(OSError):
        path.touch(mode=0o600, exist_ok=False)


def _open_postgres(url: sa.URL, *, patience: float) -> Database:
    from bot.db.postgres import Cursor, wait_for_server  # noqa: PLC0415  # psycopg is not needed where SQLite serves

    if patience:
        wait_for_server(url, patience=patience)
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=POSTGRES_POOL,
        max_overflow=POSTGRES_POOL,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"connect_timeout": 10, "application_name": "keydesk", "cursor_factory": Cursor, **url.query},
    )
    sa.event.listen(engine, "connect", _let_go_when_frozen)
    try:
        with engine.connect():
            pass
    except sa.exc.ProgrammingError:
        engine.dispose()
        # The driver repeats what it does not know, which may be a piece of a password.
        raise ConfigurationError(
            ["DATABASE_URL: what stands behind its ? is no option of a PostgreSQL connection, such as sslmode=require."]
        ) from None
    except sa.exc.OperationalError as error:
        engine.dispose()
        place = f"{url.host or 'the local socket'}, database {url.database}"
        reason = reason_of(error.orig)
        raise ConfigurationError([f"DATABASE_URL: PostgreSQL at {place} does not let us in: {reason}"]) from error
    return Database(engine)


def _let_go_when_frozen(connection: Any, _record: object) -> None:
    # Not as a start-up option of the connection: poolers in between refuse those.
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = {int(IDLE_IN_TRANSACTION_SECONDS * 1000)}")
    connection.commit()
