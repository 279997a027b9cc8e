"""A database of an earlier version: which alerts show a key, and which of them call, is found as before."""

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.models import AlertCalls, KeySnapshot
from bot.db.engine import Database
from bot.db.migrate import migrate
from tests.alerts.rows import NOW
from tests.alerts.test_store import incoming

STEP = "0037_alert_keys"


def _stored(c: sa.Connection) -> None:
    for number in range(1, 4):
        alert, _ = store.receive(c, incoming(str(number)), findings=[], notes=[], at=NOW)
        keys = {7: KeySnapshot(key_id=7), 7 + number: KeySnapshot(key_id=7 + number)}
        calls = AlertCalls(number=number, step=number - 1)
        if number < 3:
            store.change(c, alert.id, keys=keys, calls=calls)


def _before(c: sa.Connection) -> None:
    for statement in (
        "DROP TABLE alert_keys",
        "DROP INDEX alerts_by_status_and_called",
        "DROP INDEX alerts_by_time",
        "DROP INDEX alerts_by_batch",
        "ALTER TABLE alerts DROP COLUMN called",
    ):
        c.execute(sa.text(statement))
    c.execute(sa.text("DELETE FROM schema_version WHERE name = :name"), {"name": STEP})


async def test_the_keys_and_the_calls_of_older_alerts_are_noted(database: Database) -> None:
    await database.run(_stored)
    await database.run(_before)
    assert migrate(database) == [STEP]
    assert [alert.id for alert in await database.read(store.naming, 7)] == [2, 1]
    assert [alert.id for alert in await database.read(store.naming, 9)] == [2]
    assert [alert.id for alert in await database.read(store.called)] == [2]
