import pytest

from bot.db.engine import Database
from tests.features.desk import ListenerDesk


@pytest.fixture
def listener_desk(sqlite_database: Database) -> ListenerDesk:
    """Deps for listeners, with rows of their own."""
    return ListenerDesk(sqlite_database)
