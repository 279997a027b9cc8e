"""Statements compiled once per process for all databases of the tests, instead of once per database.

SQLAlchemy keeps what it compiled per engine, and each test opens a database of its own: that was a fifth of the
processor time of a scenario. The kinds of database stay apart.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.util import LRUCache

STATEMENTS = 5_000


class CompiledSql(LRUCache[Any, Any]):
    """SQLAlchemy uses these two. The first part of a key is the dialect, one object per engine; here it is its class."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_class(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_of_class(key), value)


def _of_class(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (type(key[0]), *key[1:])


def share_compiled_sql() -> None:
    """For every engine of this process from now on."""
    compiled = CompiledSql(STATEMENTS)

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def _share(connection: sa.Connection) -> None:
        connection.execution_options(compiled_cache=compiled)
