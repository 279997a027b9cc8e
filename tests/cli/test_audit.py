import io
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import audit
from bot.audit import Fact
from bot.audit.tables import lines
from bot.cli.audit import export_record, verify_record
from bot.cli.read_only_database import open_read_only, sqlite_path
from bot.db.engine import Database, open_database
from bot.errors import ConfigurationError

NOW = 1_800_000_000.0


def fill(database: Database, *, count: int = 3) -> None:
    for number in range(count):
        database.run_here(audit.append, fact=Fact.ASKED, at=NOW + number, actor="U0ADA", request_id=number)


def test_the_record_is_exported_as_json_lines_with_its_head(database: Database) -> None:
    fill(database)
    out = io.StringIO()
    assert export_record(database, out=out) == 0
    exported = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("seq") for line in exported] == [1, 2, 3, None]
    assert exported[-1]["head"]["count"] == 3


@pytest.mark.parametrize(("count", "told"), [(0, "ok: 0 lines\n"), (3, "ok: 3 lines\n")])
def test_a_whole_record_is_ok(sqlite_database: Database, count: int, told: str) -> None:
    fill(sqlite_database, count=count)
    out = io.StringIO()
    assert verify_record(sqlite_database, out=out) == 0
    assert out.getvalue() == told


def test_the_first_bad_line_is_told(database: Database) -> None:
    fill(database)
    database.run_here(lambda c: c.execute(sa.update(lines).where(lines.c.seq == 2).values(actor="U0EVE")))
    out = io.StringIO()
    assert verify_record(database, out=out) == 1
    assert out.getvalue() == "Line 2 was changed: its content does not fit its hash.\n"


def test_more_bad_lines_are_counted(sqlite_database: Database) -> None:
    fill(sqlite_database)
    sqlite_database.run_here(lambda c: c.execute(sa.update(lines).values(actor="U0EVE")))
    out = io.StringIO()
    assert verify_record(sqlite_database, out=out) == 1
    assert out.getvalue() == "Line 1 was changed: its content does not fit its hash. (2 more)\n"


def test_looking_needs_no_lock(sqlite_url: str) -> None:
    serving = open_database(sqlite_url)
    fill(serving)
    with open_read_only(sqlite_url) as database:
        assert verify_record(database, out=io.StringIO()) == 0
    serving.close()


def test_looking_creates_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none.sqlite"
    with pytest.raises(ConfigurationError, match=r"There is no database .*none.sqlite yet"), open_read_only(url):
        pass
    assert list(tmp_path.iterdir()) == []


def test_looking_says_that_the_tables_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    with (
        pytest.raises(ConfigurationError, match=r"not up to date \(0001_requests, .*; run `keydesk migrate` first"),
        open_read_only(f"sqlite:///{tmp_path}/empty.sqlite"),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a/b.sqlite", Path("a/b.sqlite")),
        ("sqlite:////srv/b.sqlite", Path("/srv/b.sqlite")),
        ("sqlite:///:memory:", None),
        ("sqlite:///", None),
        ("postgresql://host/db", None),
        ("nonsense", None),
    ],
)
def test_the_file_of_a_url(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path
