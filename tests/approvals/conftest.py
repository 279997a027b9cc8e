"""The spine on SQLite and on PostgreSQL."""

import pytest

from bot.db.engine import Database
from tests.approvals.kit import Spine


@pytest.fixture
def spine(database: Database) -> Spine:
    return Spine(database)


@pytest.fixture
def sqlite_spine(sqlite_database: Database) -> Spine:
    """For what no database can change."""
    return Spine(sqlite_database)
