"""Rows of alerts and fingerprints, on SQLite and PostgreSQL."""

from typing import Any

from bot.alerts import store
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry
from bot.alerts.detection.scanner import ScanResult
from bot.alerts.intake.sources import IncomingAlert
from bot.alerts.models import AlertStatus, KeySnapshot
from bot.db.engine import Database
from tests.alerts.kit import NOW, SECRET, core


def incoming(their_id: str = "1", **changes: Any) -> IncomingAlert:
    values: dict[str, Any] = {"source": "generic", "their_id": their_id, "title": "t", "text": "", "url": ""}
    return IncomingAlert(**{**values, "found": ScanResult(()), **changes})


async def receive(database: Database, their_id: str = "1") -> tuple[Any, bool]:
    return await database.run(store.receive, incoming(their_id), findings=[], notes=[], at=NOW)


async def test_an_alert_is_one_row_however_often_it_comes(database: Database) -> None:
    first, is_new = await receive(database)
    assert is_new
    again, is_new = await receive(database)
    assert not is_new
    assert (again.id, again.deliveries) == (first.id, 2)
    other, is_new = await receive(database, "2")
    assert is_new
    assert other.id != first.id


async def test_fingerprints_come_back_and_a_known_one_is_not_lost(database: Database) -> None:
    prints = Fingerprints(SECRET)
    known = IndexEntry(1, "abcdwxyz", prints.of(core(1)))
    await database.run(store.save_entries, [known, IndexEntry(2, "hintHINT", None)], prints.scheme, at=NOW)
    await database.run(store.save_entries, [IndexEntry(1, "abcdwxyz", None)], prints.scheme, at=NOW + 1)
    assert set(await database.read(store.load_entries, prints.scheme)) == {known, IndexEntry(2, "hintHINT", None)}
    assert await database.read(store.entries_since, prints.scheme, since=NOW + 0.5) == []
    await database.run(store.drop_entries, [2])
    assert await database.read(store.load_entries, prints.scheme) == [known]
    assert await database.read(store.load_entries, "another") == []


async def test_a_key_that_changed_is_noted_in_open_alerts_and_in_closed_ones(database: Database) -> None:
    first, _ = await receive(database)
    second, _ = await receive(database, "2")
    seen = {7: KeySnapshot(key_id=7, state="active")}
    for alert in (first, second):
        await database.run(store.change, alert.id, keys=seen)
    await database.run(store.change, second.id, status=AlertStatus.FALSE_ALARM.value)
    changed = await database.run(store.key_changed, 7, state="disabled", at=NOW)
    assert [(alert.id, alert.keys[7].state) for alert in changed] == [(second.id, "disabled"), (first.id, "disabled")]
    assert await database.run(store.key_changed, 7, state="disabled", at=NOW) == []
