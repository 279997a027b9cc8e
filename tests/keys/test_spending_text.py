"""What a key spent, in the sentence that stands on a card."""

from typing import Any

import pytest

from bot.db.engine import Database
from bot.keys import inventory_store
from bot.keys.spending_text import spent_text
from tests.keys.records import record

NOW = 1_780_272_000.0  # midnight, UTC
DAY, UNITS = 86_400.0, 500_000
MADE = int(NOW - 20 * DAY)


def seen(database: Database, *, days: int, a_day: int, **settings: Any) -> str:
    """A key that was made twenty days ago and looked at for the last so many days."""
    for day in range(days, -1, -1):
        used = (20 - day) * a_day
        defaults = {"unlimited_quota": False, "expired_time": -1, "status": 1, "created_time": MADE}
        counters = {"used_quota": used, "remain_quota": 15 * UNITS - used}
        key = record(1, **(defaults | counters | settings))
        database.run_here(inventory_store.write, {1: (NOW - day * DAY, key)})
    return database.run_here(spent_text, 1, now=NOW, units_per_usd=UNITS)


@pytest.mark.parametrize(
    ("days", "a_day", "settings", "words"),
    [
        (20, 300_000, {}, "The key has spent $12.00 of $15.00 in 20 days; at this pace until <!date^"),
        (1, 300_000, {}, "The key has spent $12.00 of $15.00 in 20 days."),
        (20, 300_000, {"status": 2}, "The key has spent $12.00 of $15.00 in 20 days."),
        (20, 1, {}, "in 20 days; at this pace it lasts for more than a year."),
        (20, 300_000, {"unlimited_quota": True}, "The key has spent $12.00 in 20 days; at this pace $18.00 a month."),
        (1, 300_000, {"unlimited_quota": True}, "The key has spent $12.00 in 20 days."),
    ],
)
def test_the_sentence(sqlite_database: Database, days: int, a_day: int, settings: dict[str, Any], words: str) -> None:
    assert words in seen(sqlite_database, days=days, a_day=a_day, **settings)


def test_a_key_that_was_never_read_or_is_gone_has_none(sqlite_database: Database) -> None:
    assert sqlite_database.run_here(spent_text, 1, now=NOW, units_per_usd=UNITS) == ""
    seen(sqlite_database, days=20, a_day=5)
    sqlite_database.run_here(inventory_store.mark_gone, [1], at=NOW)
    assert sqlite_database.run_here(spent_text, 1, now=NOW, units_per_usd=UNITS) == ""
