"""Our cursor: rows go in whatever their number, and the server's clock for idle transactions runs afterwards."""

import pytest
import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.db.postgres import FEW, Cursor

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("number", [1, FEW, FEW + 1, 50])
def test_all_rows_arrive_and_the_transaction_counts_as_idle(postgres_database: Database, number: int) -> None:
    rows = [{"name": f"n{one}", "value": one} for one in range(number)]
    with postgres_database.engine.connect() as c, postgres_database.engine.connect() as other:
        c.execute(sa.insert(named_values.notes), rows)
        raw = c.connection.driver_connection
        assert isinstance(raw.cursor(), Cursor)
        # Active would mean that the server waits for more of a pipeline, and never ends a frozen transaction.
        state = sa.text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
        assert other.scalar(state, {"pid": raw.info.backend_pid}) == "idle in transaction"
        assert c.scalar(sa.select(sa.func.count()).select_from(named_values.notes)) == number
        c.rollback()
