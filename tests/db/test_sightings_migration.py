"""A database of an earlier version: its oldest open alert about a key is the card that later alerts join."""

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import AlertStatus, MoreFinding
from bot.alerts.tables import leaked_keys
from bot.db.engine import Database
from bot.db.migrate import migrate
from tests.alerts.rows import NOW, finding
from tests.alerts.test_store import incoming

STEP = "0030_sightings"


def _before(c: sa.Connection) -> None:
    for statement in ("DROP TABLE sightings", "DROP TABLE leaked_keys", "ALTER TABLE alerts DROP COLUMN elsewhere"):
        c.execute(sa.text(statement))
    c.execute(sa.text("DELETE FROM schema_version WHERE name = :name"), {"name": STEP})


def _stored(c: sa.Connection) -> None:
    closed, masked, first, second, many = (
        store.receive(
            c,
            incoming(str(number)),
            findings=[finding(number_of_key, how=how).model_dump(mode="json")],
            notes=[],
            at=NOW,
            more=more,
        )[0].id
        for number, (number_of_key, how, more) in enumerate(
            [
                (7, MatchKind.FULL, ()),
                (7, MatchKind.MASKED, ()),
                (7, MatchKind.FULL, ()),
                (7, MatchKind.FULL, ()),
                (8, MatchKind.FULL, (MoreFinding("1:ab", 9),)),
            ]
        )
    )
    store.change(c, closed, status=AlertStatus.FALSE_ALARM.value)
    assert (masked, first, second, many) == (2, 3, 4, 5)


async def test_the_oldest_open_alert_that_proves_a_key_shows_it(database: Database) -> None:
    await database.run(_stored)
    await database.run(_before)
    assert migrate(database) == [STEP]
    with database.engine.connect() as c:
        assert [tuple(row) for row in c.execute(sa.select(leaked_keys))] == [(7, 3)]
    assert (await database.read(store.get, 4)).elsewhere == {}
