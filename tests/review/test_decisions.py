"""Corners of decisions that the scenarios do not meet: what comes too late, and what fails."""

from typing import Any

import pytest

from bot.approvals import store as requests_store
from bot.approvals.models import Outcome, Status
from bot.db.engine import Database
from bot.review import store
from bot.review.models import Verdict, WhyLeft
from tests.approvals.kit import new_request
from tests.review.kit import DAY, MIRA, Desk, key


async def opened(database: Database) -> Desk:
    desk = Desk(database)
    desk.put(key(1))
    desk.ask()
    await desk.round()
    return desk


def move(desk: Desk, to: Status) -> None:
    """The newest request ends so."""

    def moved(c: Any) -> None:
        [request, *_] = requests_store.recent(c, limit=1)
        request = requests_store.move(c, request, Status.RUNNING)
        outcome = Outcome(sentence="The gateway said no.")
        request = requests_store.move(c, request, to, settled_at=desk.now, outcome=outcome)
        desk.replica().decisions.granted.notifications.announce(c, request)

    desk.database.run_here(moved)


async def test_of_two_who_saw_the_same_row_one_decides(database: Database) -> None:
    desk = await opened(database)
    decisions, row = desk.replica().decisions, desk.rows()[1]
    assert database.run_here(decisions.leave, row, WhyLeft.GONE)
    assert not database.run_here(decisions.leave, row, WhyLeft.OUT_OF_USE)
    assert not database.run_here(decisions.silence, row)
    assert desk.read(requests_store.recent) == []
    assert desk.rows()[1].departure is WhyLeft.GONE


async def test_an_undo_that_fails_can_be_tried_again(database: Database) -> None:
    desk = await opened(database)
    decisions = desk.replica().decisions
    assert database.run_here(decisions.silence, desk.rows()[1])
    move(desk, Status.SUCCEEDED)
    assert desk.rows()[1].can_be_undone(desk.now)
    undo = new_request(delivery_id="undo", operation="key.enable", key_id=1).model_copy(
        update={"origin": desk.read(requests_store.recent)[0].origin}
    )
    request, _ = database.run_here(decisions.granted.insert, undo)
    database.run_here(store.change_key, desk.rows()[1], undo_id=request.id, undone_by=MIRA)
    assert not desk.rows()[1].can_be_undone(desk.now)
    move(desk, Status.FAILED)
    assert desk.rows()[1].can_be_undone(desk.now)
    assert desk.rows()[1].undone_by is None


async def test_what_is_told_again_changes_nothing(database: Database) -> None:
    desk = await opened(database)
    decisions = desk.replica().decisions
    database.run_here(decisions.silence, desk.rows()[1])
    move(desk, Status.SUCCEEDED)
    row, told = desk.rows()[1], len(desk.wanted.posts)
    desk.now += DAY
    database.run_here(decisions.follow, desk.read(requests_store.recent)[0])
    assert desk.rows()[1] == row
    assert len(desk.wanted.posts) == told + 1, "the card, which shows how far it is"


@pytest.mark.parametrize("review_id", [None, 7])
async def test_requests_of_others_are_passed_over(database: Database, review_id: int | None) -> None:
    desk = await opened(database)
    told = len(desk.wanted.posts)
    new = new_request()
    request, _ = database.run_here(
        requests_store.insert,
        new.model_copy(update={"origin": new.origin.model_copy(update={"review_id": review_id})}),
        status=Status.APPROVED,
        lapses_at=None,
    )
    database.run_here(desk.replica().decisions.follow, request)
    assert len(desk.wanted.posts) == told
    assert desk.rows()[1].verdict is Verdict.OPEN
