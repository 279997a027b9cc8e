"""A card a week for each."""

from bot.care.weekly import store
from bot.db.engine import Database
from tests.care.kit import ADA, BEN


def test_a_week_is_claimed_once(database: Database) -> None:
    assert database.run_here(store.claim, ADA, 7)
    assert not database.run_here(store.claim, ADA, 7)
    assert not database.run_here(store.claim, ADA, 6)
    assert database.run_here(store.claim, ADA, 8)
    assert database.run_here(store.weeks, [ADA, BEN]) == {ADA: 8}
