"""Since when keys were looked at without a gap."""

from bot.care.idle import watch
from bot.db.engine import Database
from tests.care.kit import DAY, NOON


async def test_a_weekend_is_no_gap_and_a_fortnight_or_a_moved_clock_is_one(database: Database) -> None:
    async def looks(*days: float) -> list[float]:
        """Days from noon since which there was no gap, 0 = always."""
        found = [await watch.look(database, NOON + day * DAY) for day in days]
        return [since and (since - NOON) / DAY for since in found]

    assert await looks(0, 0.01, 3, 9.9) == [0.0] * 4
    assert await looks(24, 25) == [24, 24]
    # Forward by a year, and back.
    assert await looks(390, 391, 26, 26.01) == [390, 390, 26, 26]
