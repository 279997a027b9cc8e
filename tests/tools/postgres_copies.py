"""PostgreSQL databases for tests: copies of a migrated one, emptied after a test and used again.

CREATE DATABASE copies a thousand files, a sixth of a second of the processor; to empty a database costs a twentieth of
that. A database that a test leaves with other tables, columns, functions or settings than the template's is dropped.
Each test gets it under a new name, so that what an earlier test left running finds no database any more.
"""

import contextlib
import itertools
import os
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

_numbers = itertools.count(1)
# What a migration may change, as one text; the contents of the tables are apart.
_SHAPE = """
SELECT string_agg(part, ' ' ORDER BY part) FROM (
  SELECT concat_ws(':', n.nspname, r.relname, r.relkind, r.relpersistence, r.reloptions,
                   a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, a.attisdropped) AS part
    FROM pg_namespace n LEFT JOIN pg_class r ON r.relnamespace = n.oid
    LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL SELECT concat_ws(':', conrelid::regclass, conname, contype) FROM pg_constraint
    WHERE connamespace::regnamespace::text !~ '^(pg_|information_schema)'
  UNION ALL SELECT concat_ws(':', proname, md5(prosrc)) FROM pg_proc
    WHERE pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
  UNION ALL SELECT concat_ws(':', tgrelid::regclass, tgname) FROM pg_trigger
  UNION ALL SELECT concat_ws(':', setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    WHERE d.datname = current_database()
) AS parts
"""
_TABLES = "SELECT relid::regclass::text FROM pg_stat_user_tables ORDER BY 1"
_SEQUENCES = (
    "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
)
_CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"


class PostgresCopies:
    """Copies of the database `template`, which nobody uses. `how`: more words for CREATE DATABASE."""

    def __init__(self, admin: sa.Engine, *, template: str, how: str = "") -> None:
        self._admin = admin
        self._how = f"TEMPLATE {template}{how}"
        self._free: list[str] = []
        with self._inside(template) as c:
            self._shape = c.exec_driver_sql(_SHAPE).scalar_one()
            self._contents = {table: _rows(c, table) for table in _filled(c)}

    @contextlib.contextmanager
    def lend(self) -> Iterator[str]:
        """The name of a database that is like the template."""
        name = self._free.pop() if self._free else self._create()
        yield name
        name = self._taken_back(name)
        if self._emptied(name):
            self._free.append(name)
        else:
            self._drop(name)

    def close(self) -> None:
        """Drop them all."""
        while self._free:
            self._drop(self._free.pop())

    def _create(self) -> str:
        name = _new_name()
        with self._admin.connect() as c:
            c.exec_driver_sql(f"CREATE DATABASE {name} {self._how}")
        return name

    def _drop(self, name: str) -> None:
        with self._admin.connect() as c:
            c.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _taken_back(self, name: str) -> str:
        """Its new name, under which nobody has it open."""
        new = _new_name()
        with self._admin.connect() as c:
            while c.execute(sa.text(_CUT), {"name": name}).scalar_one():
                pass
            c.exec_driver_sql(f"ALTER DATABASE {name} RENAME TO {new}")
        return new

    def _emptied(self, name: str) -> bool:
        """Make it like the template again; False when it cannot be."""
        with self._inside(name) as c:
            if c.exec_driver_sql(_SHAPE).scalar_one() != self._shape:
                return False
            changed = [table for table in _filled(c) if table not in self._contents]
            changed += [table for table, rows in self._contents.items() if _rows(c, table) != rows]
            if changed:
                c.exec_driver_sql(f"TRUNCATE {', '.join(changed)} CASCADE")
            for table, rows in self._contents.items():
                if table in changed and rows:
                    places = ", ".join(["%s"] * len(rows[0]))
                    c.exec_driver_sql(f"INSERT INTO {table} VALUES ({places})", rows)
            c.exec_driver_sql(_SEQUENCES)
            return True

    @contextlib.contextmanager
    def _inside(self, name: str) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self._admin.url.set(database=name), poolclass=sa.NullPool)
        with engine.begin() as c:
            yield c


def _new_name() -> str:
    return f"keydesk_test_{os.getpid()}_{next(_numbers)}"


def _filled(c: sa.Connection) -> list[str]:
    """The tables that hold rows."""
    tables = c.exec_driver_sql(_TABLES).scalars().all()
    asked = " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)
    return list(c.exec_driver_sql(asked).scalars())


def _rows(c: sa.Connection, table: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in c.exec_driver_sql(f"SELECT * FROM {table}"))
