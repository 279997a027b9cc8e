"""The spine on SQLite and on PostgreSQL."""

import pytest

from bot.db.engine import Database
from tests.approvals.kit import Spine
from tests.approvals.runs import FREE, Running


@pytest.fixture
def spine(database: Database) -> Spine:
    return Spine(database)


@pytest.fixture
def sqlite_spine(sqlite_database: Database) -> Spine:
    """For what no database can change."""
    return Spine(sqlite_database)


@pytest.fixture
def running(sqlite_database: Database) -> Running:
    return Running(sqlite_database)


@pytest.fixture
def free(running: Running) -> Running:
    """Where the policy allows everything of one's own."""
    running.spine.policy = FREE
    return running
