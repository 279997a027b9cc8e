"""Brings the schema up to date: numbered modules, each in its own transaction. Knows not what they create."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import cast

import sqlalchemy as sa

from bot.db import migrations
from bot.db.engine import Database

# Any constant will do as long as every version of Keydesk uses the same.
MIGRATION_LOCK = 5_390_713
# Between two statements of a migration there may be work of ours (rows are rewritten, a module is imported), which
# takes its time on a busy machine. The limit of other transactions is for those that hold up people's answers.
IDLE_SECONDS = 60.0
Upgrade = Callable[[sa.Connection], None]
Also = Callable[[Database], list[str]]

_applied = sa.Table(
    "schema_version",
    sa.MetaData(),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.func.current_timestamp(), nullable=False),
)


def migrate(database: Database, *, also: Sequence[Also] = ()) -> list[str]:
    """Apply what is missing and return the names, oldest first; the empty list when nothing was.

    Two processes may do this at once: each step is taken under a lock and looked at again there.
    `also` brings up to date what is not ours (the durable engine's tables) and names what it did.
    """
    done = []
    if missing := pending(database):
        database.run_here(_prepare)
        done = [name for name in missing if database.run_here(_apply, name)]
    for step in also:
        done += step(database)
    return done


def pending(database: Database, *, also: Sequence[Also] = ()) -> list[str]:
    """The names that `migrate` would apply. Changes nothing."""
    with database.engine.connect() as c:
        there = set(c.scalars(sa.select(_applied.c.name))) if sa.inspect(c).has_table("schema_version") else set()
    return [name for name in names() if name not in there] + [name for step in also for name in step(database)]


def names() -> list[str]:
    """Every migration of this version, oldest first."""
    return sorted(module.name for module in pkgutil.iter_modules(migrations.__path__) if module.name[:4].isdigit())


def _prepare(c: sa.Connection) -> None:
    _lock(c)
    _applied.create(c, checkfirst=True)


def _apply(c: sa.Connection, name: str) -> bool:
    _lock(c)
    if c.scalar(sa.select(_applied.c.name).where(_applied.c.name == name)) is not None:
        return False
    module = importlib.import_module(f"{migrations.__name__}.{name}")
    cast("Upgrade", module.upgrade)(c)
    c.execute(sa.insert(_applied).values(name=name))
    return True


def _lock(c: sa.Connection) -> None:
    # On SQLite the transaction itself holds the only write lock.
    if c.dialect.name == "postgresql":
        c.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {int(IDLE_SECONDS * 1000)}")
        c.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
