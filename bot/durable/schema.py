"""The tables of the durable engine: bring them up to date, and say whether they are. Both fit `bot.db.migrate`."""

import logging

from dbos import DBOS

from bot.db.engine import Database
from bot.durable import dbos_internals

NAME = "durable engine's tables"


def pending(database: Database) -> list[str]:
    """A list with one name when the tables are missing or too old for this version, else the empty list."""
    return [] if dbos_internals.schema_is_current(database.engine) else [NAME]


def migrate(database: Database) -> list[str]:
    """Create or upgrade the tables in the same database; PostgreSQL keeps them in the schema "dbos"."""
    if not pending(database):
        return []
    dbos_internals.route_logs(logging.WARNING)
    DBOS.migrate(database.engine.url.render_as_string(hide_password=False))
    return [NAME]
