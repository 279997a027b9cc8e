"""What is compiled once for several databases."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from tests.tools.compiled_sql import CompiledSql


def test_a_statement_is_compiled_once_for_two_databases(tmp_path: Path) -> None:
    engines = [sa.create_engine(f"sqlite:///{tmp_path}/{number}.sqlite") for number in range(2)]
    compiled = CompiledSql()
    for number, engine in enumerate(engines):
        with engine.connect() as c:
            c.execution_options(compiled_cache=compiled)
            assert c.execute(sa.select(sa.literal(number))).scalar_one() == number
        engine.dispose()
    assert len(compiled) == 1


def test_each_kind_of_database_has_its_own() -> None:
    compiled = CompiledSql()
    compiled[sqlite.dialect(), "statement"] = "for SQLite"
    assert compiled.get((sqlite.dialect(), "statement")) == "for SQLite"
    assert compiled.get((postgresql.dialect(), "statement")) is None  # type: ignore[no-untyped-call]
