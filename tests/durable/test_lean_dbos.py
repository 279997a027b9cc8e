"""DBOS works without what it only names, and finds it when it needs it."""

import subprocess
import sys

DBOS = """
import sys
from bot.durable.lean_dbos import _dbos
import dbos
from dbos import _sys_db, _utils

late = ("psycopg", "sqlalchemy.orm", "sqlalchemy.ext", "croniter", "dateutil", "yaml", "click", "dbos._client")
assert not [name for name in sys.modules if name.startswith(late)]
assert not isinstance(object(), _sys_db.Session)
assert "sqlalchemy.orm" not in sys.modules

assert _dbos.croniter.is_valid("*/5 * * * *")
import psycopg, sqlalchemy.orm
assert _utils.psycopg.OperationalError is psycopg.OperationalError
assert _sys_db.pg_errors.LockNotAvailable is psycopg.errors.LockNotAvailable
assert isinstance(sqlalchemy.orm.Session(), _sys_db.Session)
assert dbos._serialization.isoparse("2026-01-02T03:04:05Z").year == 2026
import dbos._client
engine = sqlalchemy.create_engine("sqlite://")
assert isinstance(dbos.DBOSClient(system_database_engine=engine, lazy=True), dbos._client.DBOSClient)
print("all of it")
"""


def test_dbos_finds_what_it_named_when_it_needs_it() -> None:
    done = subprocess.run([sys.executable, "-c", DBOS], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("all of it", "")
