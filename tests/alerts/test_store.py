"""Rows of alerts and fingerprints, on SQLite and PostgreSQL."""

from typing import Any

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry
from bot.alerts.detection.scanner import ScanResult
from bot.alerts.intake.sources import IncomingAlert
from bot.alerts.models import AlertCalls, AlertStatus, KeySnapshot
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
    assert await database.read(store.in_open_alerts, [7, 8]) == {7: second.id}
    await database.run(store.change, second.id, status=AlertStatus.FALSE_ALARM.value)
    assert await database.read(store.in_open_alerts, [7, 8]) == {7: first.id}
    changed = await database.run(store.key_changed, 7, state="disabled", at=NOW)
    assert [(alert.id, alert.keys[7].state) for alert in changed] == [(second.id, "disabled"), (first.id, "disabled")]
    assert await database.run(store.key_changed, 7, state="disabled", at=NOW) == []


async def test_alerts_are_found_by_a_key_and_by_whether_they_call_among_thousands(thorough_database: Database) -> None:
    """By an index each: what was asked of every row took 33 and 82 ms among 20,000 alerts on SQLite, 41 and 120 ms on
    PostgreSQL."""

    def fill(c: sa.Connection) -> None:
        for number in range(1, 2_001):
            alert, _ = store.receive(c, incoming(f"m{number}"), findings=[], notes=[], at=NOW)
            if number % 500 == 0:
                store.change(c, alert.id, keys={number: KeySnapshot(key_id=number)}, calls=AlertCalls(step=1, number=1))

    await thorough_database.run(fill)
    found = await thorough_database.read(store.naming, 500)
    assert [list(alert.keys) for alert in found] == [[500]]
    assert [next(iter(alert.keys)) for alert in await thorough_database.read(store.called)] == [
        500,
        1_000,
        1_500,
        2_000,
    ]
    await thorough_database.run(store.change, found[0].id, calls=AlertCalls(number=2))
    assert len(await thorough_database.read(store.called)) == 3
    assert await thorough_database.read(store.naming, 501) == []
    plans = await thorough_database.read(_plans)
    if thorough_database.dialect == "sqlite":
        assert not [plan for plan in plans if plan.startswith("SCAN alerts")], plans


def _plans(c: sa.Connection) -> list[str]:
    """How SQLite finds them: it says SCAN where it looks at every row."""
    if c.dialect.name != "sqlite":
        return []
    asked: list[str] = []
    sa.event.listen(c, "before_cursor_execute", lambda _c, _cur, statement, *_: asked.append(statement))
    store.naming(c, 500)
    store.called(c)
    plans = [f"EXPLAIN QUERY PLAN {statement}" for statement in asked]
    return [str(row[3]) for plan in plans for row in c.exec_driver_sql(plan, (1,) * plan.count("?"))]


async def test_several_are_locked_by_rising_number_and_those_that_are_gone_are_left_out(database: Database) -> None:
    ids = [(await receive(database, str(number)))[0].id for number in range(3)]
    locked = await database.run(store.lock_all, [ids[2], ids[0], 999])
    assert list(locked) == [ids[0], ids[2]]
    assert await database.run(store.lock_all, []) == {}
