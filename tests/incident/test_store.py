"""Rows of batches, on SQLite and PostgreSQL."""

import pytest

from bot.db.engine import Database
from bot.incident import store
from bot.incident.models import BatchKey, BatchKeyStatus, BatchStatus
from tests.alerts.kit import NOW


async def test_a_batch_is_drafted_once_and_moves_once(database: Database) -> None:
    keys = [BatchKey(key_id=n, name=f"k{n}", own=False, status_before=1) for n in range(450)]
    values = {"delivery_id": "cmd:1", "operation": "key.disable", "requester_id": "U1", "requester_team": "T1"}
    drafted = [await database.run(store.draft, keys, **values, what="w", asked_at=NOW) for _ in range(2)]
    assert drafted[0].id == drafted[1].id
    counts = await database.read(store.counts, drafted[0].id)
    assert counts[BatchKeyStatus.WAITING] == 450
    args = (drafted[0].id, BatchStatus.DRAFT, BatchStatus.RUNNING)
    assert (await database.run(store.move, *args)) is not None
    assert (await database.run(store.move, *args)) is None
    with pytest.raises(LookupError):
        await database.read(store.get, 99)
