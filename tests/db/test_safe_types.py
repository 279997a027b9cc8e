"""What looks like a secret does not reach a column of these types."""

from typing import Any

import sqlalchemy as sa

from bot.db.engine import Database
from bot.db.safe_types import SafeJson, SafeText

SECRET = "sk-" + "Zz9" * 16
table = sa.Table("safe", sa.MetaData(), sa.Column("text", SafeText), sa.Column("json", SafeJson))


def _both(c: sa.Connection, text: str | None, value: Any) -> tuple[Any, Any]:
    table.create(c)
    c.execute(sa.insert(table), {"text": text, "json": value})
    row = c.execute(sa.select(table)).one()
    return row.text, row.json


async def test_a_secret_is_replaced_on_the_way_in(database: Database) -> None:
    text, value = await database.run(_both, f"see {SECRET} here", {"a": [f"x {SECRET}"], SECRET: 1, "n": None})
    assert text.startswith("see ")
    assert text.endswith(" here")
    assert "Zz9" not in text + str(value)
    assert value["n"] is None


async def test_plain_values_stay_as_they_are(sqlite_database: Database) -> None:
    kept = await sqlite_database.run(_both, None, {"name": "search", "quota": 2.5, "on": True})
    assert kept == (None, {"name": "search", "quota": 2.5, "on": True})
