"""How much a person was told today, by their own calendar."""

from bot.care import days
from bot.db.engine import Database
from tests.care.kit import ADA, BEN, HOUR, NOON


def test_days_are_those_of_the_person() -> None:
    assert days.day_of(NOON, 0) == days.day_of(NOON + 11.9 * HOUR, 0)
    assert days.day_of(NOON, 12 * 3600) == days.day_of(NOON, 0) + 1


def test_a_new_day_begins_at_nothing(database: Database) -> None:
    for day, number in ((7, 2), (7, 3), (8, 1)):
        database.run_here(days.add, ADA, day=day, number=number)
        database.run_here(days.add, BEN, day=1, number=1)
    assert database.run_here(days.told, [ADA, BEN, "U0NOBODY"]) == {ADA: (8, 1), BEN: (1, 3)}
