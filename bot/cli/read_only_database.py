"""Opens the database for commands that only look, so that they work while `serve` runs. Creates and changes nothing."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from bot.db.engine import Database, open_database
from bot.db.migrate import pending
from bot.errors import ConfigurationError
from bot.gateway.numbers import know_names
from bot.keys import gateway_blocks


@contextlib.contextmanager
def open_read_only(url: str) -> Iterator[Database]:
    """The migrated database at `url`. Raises ConfigurationError when it is not there, or not up to date."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        raise ConfigurationError([f"There is no database {path} yet; `keydesk serve` or `keydesk migrate` makes it."])
    database = open_database(url, exclusive=False)
    try:
        missing = pending(database)
        if missing:
            names = ", ".join(missing)
            raise ConfigurationError([f"The database is not up to date ({names}); run `keydesk migrate` first."])
        # So that keys are shown as `prod/12`, as people know them.
        with database.engine.connect() as c:
            know_names({block: name for name, block in gateway_blocks.known(c).items()})
        yield database
    finally:
        database.close()


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL, None for another database or no file."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        return None
    if not parsed.drivername.startswith("sqlite") or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)
