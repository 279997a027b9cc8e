"""A database of an earlier version: a budget was at most what it is now."""

import sqlalchemy as sa

from bot.db.engine import Database
from bot.db.migrate import migrate
from bot.keys import budgets
from tests.keys.test_budgets import budget
from tests.narrow import present

STEP = "0041_budget_highest"


def _before(c: sa.Connection) -> None:
    c.execute(sa.text("ALTER TABLE budgets DROP COLUMN highest"))
    c.execute(sa.text("DELETE FROM schema_version WHERE name = :name"), {"name": STEP})


async def test_what_is_known_of_older_budgets_is_what_they_are(database: Database) -> None:
    await database.run(budgets.save, None, budget("U0ADA", highest=400))
    await database.run(_before)
    assert migrate(database) == [STEP]
    assert present(await database.read(budgets.find, "U0ADA")).highest == 90
