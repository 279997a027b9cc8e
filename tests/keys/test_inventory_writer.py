"""Whoever reads a record, the inventory has it soon after."""

import asyncio

import pytest

from bot.db.engine import Database
from bot.keys import inventory_store as store
from bot.keys import inventory_writer as module
from bot.keys.inventory_writer import InventoryWriter
from tests.keys.records import record

NOW = 1_800_000_000.0


async def test_records_that_were_read_are_written_soon_after(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.0)
    writer = InventoryWriter(database=sqlite_database, clock=lambda: NOW)
    writer.notice([(record(1), "sk-value"), (record(2), "")])
    while len(await sqlite_database.read(store.living_ids)) < 2:  # noqa: ASYNC110  # any condition
        await asyncio.sleep(0.01)
    await writer.close()


async def test_what_was_read_last_is_written_when_it_closes_and_nothing_when_nothing_was(
    sqlite_database: Database,
) -> None:
    writer = InventoryWriter(database=sqlite_database, clock=lambda: NOW)
    writer.notice([])
    writer.notice([(record(number), "") for number in range(1, 2 * module.ROWS + 2)])
    await writer.close()
    assert len(await sqlite_database.read(store.living_ids)) == 2 * module.ROWS + 1


async def test_a_database_that_does_not_take_it_harms_nobody(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> int:
        raise RuntimeError("full")

    monkeypatch.setattr(store, "write", fails)
    writer = InventoryWriter(database=sqlite_database, clock=lambda: NOW)
    writer.notice([(record(1), "")])
    await writer.close()
    assert "could not be written down" in caplog.text
