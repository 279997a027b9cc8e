import asyncio
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import durable
from bot.audit.tables import metadata as audit_metadata
from bot.care.drift.tables import metadata as drift_metadata
from bot.care.leavers.tables import metadata as leavers_metadata
from bot.care.tables import metadata as care_metadata
from bot.care.unknown_keys.tables import metadata as unknown_metadata
from bot.db import leases, migrations, tables
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate, names, pending
from bot.durable.takeover import heartbeats

LIVE = [
    table
    for one in (
        tables.metadata,
        leases.metadata,
        audit_metadata,
        care_metadata,
        leavers_metadata,
        unknown_metadata,
        drift_metadata,
    )
    for table in one.sorted_tables
] + [heartbeats]
LAST_OF_0_2_TO_DROP = "0013_lineage"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgres_url") if postgres else f"sqlite:///{tmp_path}/empty.sqlite"
    database = open_database(url)
    yield database
    database.close()


def test_everything_is_applied_once_and_in_order(empty: Database) -> None:
    names = pending(empty, also=[durable.pending])
    assert names[0].startswith("0001_")
    assert names[-1] == "durable engine's tables"
    assert migrate(empty, also=[durable.migrate]) == names
    assert pending(empty, also=[durable.pending]) == []
    assert migrate(empty, also=[durable.migrate]) == []


def test_asking_what_is_pending_changes_nothing(empty: Database) -> None:
    pending(empty, also=[durable.pending])
    with empty.engine.connect() as c:
        assert sa.inspect(c).get_table_names() == []


async def test_two_at_once_apply_each_step_once(empty: Database) -> None:
    first, second = await asyncio.gather(asyncio.to_thread(migrate, empty), asyncio.to_thread(migrate, empty))
    assert sorted(first + second) == sorted(set(first + second))
    assert pending(empty) == []


@pytest.mark.parametrize("table", LIVE, ids=lambda table: table.name)
def test_the_migrated_tables_are_the_tables_of_the_code(database: Database, table: sa.Table) -> None:
    with database.engine.connect() as c:
        there = {column["name"]: column for column in sa.inspect(c).get_columns(table.name)}
    assert sorted(there) == sorted(table.columns.keys())
    for column in table.columns:
        if not column.primary_key:
            assert there[column.name]["nullable"] == column.nullable, column.name


def test_a_database_that_is_up_to_date_is_looked_at_once(empty: Database) -> None:
    migrate(empty)
    statements: list[str] = []
    sa.event.listen(empty.engine, "before_cursor_execute", lambda _c, _k, sql, *_: statements.append(sql))
    assert migrate(empty) == []
    assert sum("schema_version" in sql for sql in statements) <= 2, "is the table there, and what is in it"
    assert not [sql for sql in statements if "IMMEDIATE" in sql or "advisory" in sql], "nobody is locked out"


@pytest.mark.postgres
def test_a_migration_may_think_for_longer_than_other_transactions(
    empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their limit is for a process that is frozen; between two statements of a migration there is work of ours."""
    monkeypatch.setattr("bot.db.engine.IDLE_IN_TRANSACTION_SECONDS", 0.2)
    database = open_database(empty_postgres_url)
    limits: list[str] = []

    def slow(c: sa.Connection) -> None:
        c.execute(sa.text("CREATE TABLE slow (id INTEGER)"))
        time.sleep(0.6)
        limits.append(str(c.scalar(sa.text("SHOW idle_in_transaction_session_timeout"))))

    monkeypatch.setattr(importlib.import_module("bot.db.migrations.0001_requests"), "upgrade", slow)
    monkeypatch.setattr("bot.db.migrate.names", lambda: ["0001_requests"])
    assert migrate(database) == ["0001_requests"]
    # The connection goes back to the pool with the limit of all others.
    with database.engine.connect() as c:
        limits.append(str(c.scalar(sa.text("SHOW idle_in_transaction_session_timeout"))))
    database.close()
    assert limits == ["1min", "200ms"]


def test_from_0_2_on_migrations_only_add() -> None:
    """So that the version before goes on beside this one. A column that must be filled says with what."""
    younger = [name for name in names() if name > LAST_OF_0_2_TO_DROP]
    assert younger
    for name in younger:
        source = Path(migrations.__path__[0], f"{name}.py").read_text(encoding="utf-8").upper()
        assert re.findall(r"\b(DROP|RENAME|ALTER COLUMN)\b", source) == [], name
        for column in re.findall(r"ADD COLUMN ([^\"]*)", source):
            assert "NOT NULL" not in column or "DEFAULT" in column, f"{name}: {column}"
