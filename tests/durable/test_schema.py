"""The tables of the durable engine: missing in an empty database, made once, current afterwards."""

from pathlib import Path

from bot.db.engine import open_database
from bot.durable import schema


def test_they_are_made_once(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    try:
        assert schema.pending(database) == [schema.NAME]
        assert schema.migrate(database) == [schema.NAME]
        assert schema.pending(database) == []
        assert schema.migrate(database) == []
    finally:
        database.close()
