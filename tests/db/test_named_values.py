"""Values by name: put, replaced, removed, on both databases."""

from bot.db import named_values
from bot.db.engine import Database


async def test_a_value_is_kept_replaced_and_removed(database: Database) -> None:
    assert await database.read(named_values.get, "a.b") is None
    await database.run(named_values.put, "a.b", {"x": [1, "two", None]})
    await database.run(named_values.put, "other", 7)
    assert await database.read(named_values.get, "a.b") == {"x": [1, "two", None]}
    await database.run(named_values.put, "a.b", ["new"])
    assert await database.read(named_values.get, "a.b") == ["new"]
    await database.run(named_values.remove, "a.b")
    assert await database.read(named_values.get, "a.b") is None
    assert await database.read(named_values.get, "other") == 7
