"""Rows of reviews: one that is open at a time, and changes that are made once."""

from bot.db.engine import Database
from bot.review import store
from bot.review.models import ReviewCounts, ReviewStatus, Verdict, WhyLeft
from tests.narrow import present
from tests.review.kit import ADA, DAY, NOON, Desk, key


async def opened(database: Database, *numbers: int) -> Desk:
    desk = Desk(database)
    desk.put(*(key(number) for number in numbers))
    desk.ask()
    await desk.round()
    return desk


def test_one_review_is_open_at_a_time(database: Database) -> None:
    desk = Desk(database)
    first = present(desk.ask())
    assert desk.ask() is None
    assert desk.read(store.current).id == first
    assert (desk.review().status, desk.review().ends_at) == (ReviewStatus.WANTED, NOON + 15 * DAY)
    database.run_here(store.change, desk.review(), open_mark=None, status="closed")
    second = present(desk.ask())
    assert second > first
    assert desk.read(store.find, first).status is ReviewStatus.CLOSED
    assert desk.read(store.find, 99) is None


async def test_a_row_is_changed_by_whoever_saw_it_last(database: Database) -> None:
    desk = await opened(database, 1)
    review, row = desk.review(), desk.rows()[1]
    assert database.run_here(store.change, review, reminded=1)
    assert not database.run_here(store.change, review, reminded=2)
    assert database.run_here(store.change_key, row, verdict="keep", decided_by=ADA)
    assert not database.run_here(store.change_key, row, verdict="disable")
    assert (desk.review().reminded, desk.rows()[1].verdict) == (1, Verdict.KEEP)
    assert desk.read(store.find_key, row.id).decided_by == ADA
    assert database.run_here(store.find_key, row.id, lock=True) == desk.rows()[1]
    assert desk.read(store.find_key, 99) is desk.read(store.find_card, 99) is None


async def test_keys_are_counted_paged_and_found(database: Database) -> None:
    desk = await opened(database, 1, 2, 3, 4)
    [card] = desk.read(store.cards, desk.review().id)
    rows = desk.rows()
    assert desk.read(store.place_of_first_open, card.id) == 0
    database.run_here(store.change_key, rows[1], verdict="left", departure="gone")
    database.run_here(store.change_key, rows[2], verdict="disable", request_id=7, decided_at=NOON)
    assert desk.read(store.place_of_first_open, card.id) == 2
    assert [row.key_id for row in desk.read(store.page, card.id, limit=2, offset=1)] == [2, 3]
    counts = desk.read(store.counts, card_id=card.id)
    assert counts == desk.read(store.counts, review_id=desk.review().id)
    assert (counts.total, counts.open, counts.of(Verdict.LEFT, Verdict.DISABLE)) == (4, 2, 2)
    assert ReviewCounts(by_verdict={}).total == 0
    assert desk.read(store.unsettled, desk.review().id, since=NOON - 1) == 1
    assert desk.read(store.unsettled, desk.review().id, since=NOON) == 0
    assert desk.read(store.unsettled, desk.review().id, since=0.0, verdict=Verdict.SILENCE) == 0
    assert desk.read(store.owners_of_open, desk.review().id) == [ADA]
    assert desk.rows()[1].departure is WhyLeft.GONE
    assert desk.read(store.key_of_request, 7).key_id == 2
    assert desk.read(store.key_of_request, 8) is None
    for number in (3, 4):
        database.run_here(store.change_key, rows[number], verdict="keep")
    assert desk.read(store.place_of_first_open, card.id) == 0
