"""A database of an earlier version: what was granted has its place by the moment at which it was."""

import sqlalchemy as sa

from bot.db.engine import Database
from bot.db.migrate import migrate
from bot.db.tables import grants
from tests.approvals.kit import NOW, Spine

STEP = "0035_grant_places"


def _before(c: sa.Connection) -> None:
    for statement in (
        "DROP INDEX care_notices_by_owner",
        "DROP INDEX grants_by_place",
        "ALTER TABLE grants DROP COLUMN place",
    ):
        c.execute(sa.text(statement))
    c.execute(sa.text("DELETE FROM schema_version WHERE name = :name"), {"name": STEP})


async def test_older_grants_keep_their_order(database: Database) -> None:
    spine = Spine(database)
    for moment in (NOW, NOW - 5, NOW):
        spine.now = moment
        await spine.ask(remain_quota=1)
    await database.run(_before)
    assert migrate(database) == [STEP]
    new = await spine.ask(remain_quota=1)
    order = sa.select(grants.c.request_id).order_by(grants.c.place)
    assert await database.read(lambda c: list(c.execute(order).scalars())) == [2, 1, 3, new.id]
