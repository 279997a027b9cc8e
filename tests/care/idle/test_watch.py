"""Since when keys were looked at without a gap."""

from bot.care.idle import watch
from bot.db.engine import Database
from tests.care.kit import DAY, NOON


def test_a_weekend_is_no_gap_and_a_fortnight_or_a_moved_clock_is_one(database: Database) -> None:
    def look(days: float) -> float:
        return database.run_here(watch.look, NOON + days * DAY)

    assert look(0) == look(3) == look(9.9) == 0.0
    assert look(24) == NOON + 24 * DAY
    assert look(25) == NOON + 24 * DAY
    # Forward by a year, and back.
    assert look(390) == look(391) == NOON + 390 * DAY
    assert look(26) == NOON + 26 * DAY
