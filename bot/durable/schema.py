"""The tables of the durable engine: bring them up to date, and say whether they are. Both fit `bot.db.migrate`."""

import contextlib
import logging
import time
from collections.abc import Iterator

import sqlalchemy as sa

from bot.db.engine import Database
from bot.durable import dbos_internals
from bot.durable.lean_dbos import DBOS

NAME = "durable engine's tables"
# Any constant will do as long as every version of Keydesk uses the same, and db/migrate.py another.
MIGRATION_LOCK = 5_390_714
LOOK_SECONDS = 0.2


def pending(database: Database) -> list[str]:
    """A list with one name when the tables are missing or too old for this version, else the empty list."""
    return [] if dbos_internals.schema_is_current(database.engine) else [NAME]


def migrate(database: Database) -> list[str]:
    """Create or upgrade the tables in the same database; PostgreSQL keeps them in the schema "dbos"."""
    if not pending(database):
        return []
    with _alone(database):
        if not pending(database):
            return []
        dbos_internals.route_logs(logging.WARNING)
        DBOS.migrate(database.engine.url.render_as_string(hide_password=False))
    return [NAME]


@contextlib.contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Two processes may do this at once; on SQLite only one has the file."""
    if database.dialect == "sqlite":
        yield
        return
    # Not in a transaction, which would end after two idle seconds.
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        # Tried again and again: who waits in a statement holds up an index that is made concurrently, for ever.
        while not c.scalar(sa.select(sa.func.pg_try_advisory_lock(MIGRATION_LOCK))):
            time.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            c.execute(sa.select(sa.func.pg_advisory_unlock(MIGRATION_LOCK)))
