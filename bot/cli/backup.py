"""`backup` and `restore`: a consistent copy of the SQLite database, and back.

A copy is older than the gateway: what was open in it may have been done since. A restore therefore ends open requests,
so that nothing is done twice, and says so in the record.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from bot import durable
from bot.approvals import store
from bot.approvals.cards.notifications import CARD, NOTICE, card_id
from bot.approvals.models import FINAL, Outcome, Status
from bot.audit import Fact, append
from bot.cli.read_only_database import sqlite_path
from bot.db import migrate
from bot.db.engine import open_database
from bot.db.process_lock import ProcessLock
from bot.db.tables import requests
from bot.durable import Engine
from bot.errors import ConfigurationError
from bot.incident.models import BatchStatus
from bot.incident.tables import batches
from bot.slack import post_store
from bot.slack.outbox import JOB as POST

_ENDED = "Not carried on: the database of Keydesk was restored from an older copy. Look at the key, then ask again."


def backup(url: str, file: Path) -> str:
    """Copy the database at `url` to the new `file`, also while `serve` runs; returns what to tell.

    Raises ConfigurationError when there is no such database, or `file` exists or cannot be written.
    """
    source = _sqlite_file(url, "backup")
    if not source.exists():
        raise ConfigurationError([f"There is no database {source}; DATABASE_URL says where it is."])
    if file.exists():
        raise ConfigurationError([f"{file} exists already; a backup does not overwrite. Choose another name."])
    _copy(source, file)
    return f"copied {source} to {file}: {_size(file)}"


def restore(url: str, file: Path, *, moved: bool) -> str:
    """Put the copy `file` in the place of the database at `url`; returns what to tell.

    `moved`: nothing has happened since the copy was made, so that open requests go on. The database that was there is
    kept beside it. Raises ConfigurationError when `file` is no sound database of this or an older version, or the
    database is in use.
    """
    target = _sqlite_file(url, "restore").absolute()
    lock = ProcessLock.take(target)
    try:
        new = target.with_name(target.name + ".restoring")
        new.unlink(missing_ok=True)
        try:
            _check(file)
            _copy(file, new)
            ended = 0 if moved else _end_what_is_open(new)
            kept = _set_aside(target)
            new.replace(target)
        finally:
            for suffix in ("", "-wal", "-shm", ".lock", ".pid"):
                new.with_name(new.name + suffix).unlink(missing_ok=True)
    finally:
        lock.release()
    told = [f"restored {target} from {file}"]
    told += [f"the database that was there is kept as {kept.name}"] if kept is not None else []
    told += [f"{ended} open requests and batches were ended, so that nothing is done twice"] if ended else []
    return "; ".join(told)


def _sqlite_file(url: str, command: str) -> Path:
    path = sqlite_path(url)
    if path is None:
        tool = "pg_dump --format=custom" if command == "backup" else "pg_restore --clean"
        raise ConfigurationError(
            [f"`keydesk {command}` is for SQLite; for PostgreSQL use `{tool}` (docs/operating/upgrade.md)."]
        )
    return path


def _copy(source: Path, target: Path) -> None:
    """One snapshot of the source, readable by its owner alone; nothing is left behind when it fails."""
    part = target.with_name(target.name + ".part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with _opened(source) as there, contextlib.closing(sqlite3.connect(part)) as here:
            there.backup(here)
            here.execute("PRAGMA journal_mode=DELETE")
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError([f"{target} cannot be written: {error}."]) from error
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    # `mode=rw`: a reader of a file in WAL mode needs the files beside it, and must not create a missing database.
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        yield connection


def _check(file: Path) -> None:
    if not file.is_file():
        raise ConfigurationError([f"There is no file {file}."])
    try:
        with _opened(file) as connection:
            [[sound]] = connection.execute("PRAGMA quick_check(1)").fetchall()
            names = {name for (name,) in connection.execute("SELECT name FROM schema_version")}
    except sqlite3.Error as error:
        raise ConfigurationError([f"{file} is not a database of Keydesk: {error}."]) from error
    if sound != "ok":
        raise ConfigurationError([f"{file} is damaged: {sound}."])
    newer = sorted(names - set(migrate.names()))
    if newer:
        raise ConfigurationError([f"{file} was made by a newer Keydesk ({', '.join(newer)}); install that one."])


def _end_what_is_open(path: Path) -> int:
    database = open_database(f"sqlite:///{path}")
    try:
        migrate.migrate(database, also=[durable.migrate])
        engine = durable.Engine(database=database, jobs={POST: _drawn_by_serve}, executor_id="restore")
        return database.run_here(_end, engine, time.time())
    finally:
        database.close()


def _end(c: sa.Connection, engine: Engine, now: float) -> int:
    """What is granted stays counted: it may have been done after the copy was made."""
    open_ones = sa.select(requests.c.id).where(requests.c.status.not_in([status.value for status in FINAL]))
    numbers = list(c.scalars(open_ones.order_by(requests.c.id)))
    for number in numbers:
        request = store.get(c, number)
        store.change(c, request, status=Status.FAILED, settled_at=now, outcome=Outcome(sentence=_ENDED))
        card = post_store.load(c, card_id(number))
        if card is not None:
            _redraw(c, engine, CARD, number, card.target)
        _redraw(c, engine, NOTICE, number, f"dm:{request.requester_id}")
    stopped = sa.update(batches).where(batches.c.status == BatchStatus.RUNNING.value)
    ended = len(numbers) + c.execute(stopped.values(status=BatchStatus.STOPPED.value, settled_at=now)).rowcount
    append(c, fact=Fact.RESTORED, at=now, details={"ended": ended})
    return ended


def _redraw(c: sa.Connection, engine: Engine, kind: str, number: int, target: str) -> None:
    post_id = card_id(number) if kind == CARD else f"req:{number}:dm"
    values = {"post_id": post_id, "kind": kind, "subject": str(number), "target": target}
    wanted = post_store.upsert(c, **values, thread_of=None, body=None, now=time.time())
    engine.start(c, POST, f"{post_id}:{wanted}", f"{post_id}#{wanted}")


async def _drawn_by_serve(_argument: str) -> None:
    raise NotImplementedError("queued here, run by `serve`")


def _set_aside(target: Path) -> Path | None:
    """Rename the present database, with all that its side files hold; None when there is none."""
    if not target.exists():
        return None
    with _opened(target) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    kept = target.with_name(f"{target.name}.before-restore-{stamp}")
    target.rename(kept)
    return kept


def _size(file: Path) -> str:
    with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        [[count]] = connection.execute("SELECT count(*) FROM requests").fetchall()
        return f"{count} requests"
