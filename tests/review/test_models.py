"""What a review and its keys are, by their rows alone."""

from dataclasses import replace

import pytest

from bot.review.models import (
    DAY,
    Review,
    ReviewedKey,
    ReviewStatus,
    Verdict,
)

NOON = 1_800_014_400.0
ROW = ReviewedKey(
    key_id=1,
    born_at=5,
    name="night job",
    owner_id="U0ADA",
    reasons=(),
    snapshot={},
    spent=0,
    target=None,
    id=1,
    version=1,
    review_id=1,
    card_id=1,
    decided_by=None,
    decided_at=None,
    request_id=None,
    attempt=0,
    settled_at=None,
    undo_id=None,
    undone_by=None,
    undone_at=None,
)


@pytest.mark.parametrize(("reminded_at", "ends"), [(None, 15), (7, 15), (13, 15), (13.5, 15.5), (400, 402)])
def test_silence_ends_it_on_day_15_and_two_days_after_the_last_reminder(reminded_at: float | None, ends: float) -> None:
    review = Review(
        id=1,
        version=1,
        status=ReviewStatus.OPEN,
        asked_by="command",
        asked_at=NOON - 60,
        opened_at=NOON,
        closed_at=None,
        reminded=0,
        reminded_at=None if reminded_at is None else NOON + reminded_at * DAY,
    )
    assert review.ends_at == NOON + ends * DAY
    assert replace(review, opened_at=None, reminded_at=None).ends_at == NOON - 60 + 15 * DAY


def test_a_disable_that_is_done_can_be_undone_for_fourteen_days() -> None:
    done = replace(ROW, verdict=Verdict.SILENCE, settled_at=NOON)
    assert done.can_be_undone(NOON + 13.9 * DAY)
    assert not done.can_be_undone(NOON + 14 * DAY)
    assert not replace(done, undo_id=7).can_be_undone(NOON)
    assert not replace(done, settled_at=None).can_be_undone(NOON)
    assert not replace(done, verdict=Verdict.SHRINK).can_be_undone(NOON)


def test_a_row_moves_while_the_gateway_is_asked() -> None:
    asked = replace(ROW, verdict=Verdict.DISABLE)
    assert asked.is_moving
    assert not replace(asked, settled_at=NOON).is_moving
    assert not ROW.is_moving
    assert not replace(ROW, verdict=Verdict.LEFT).is_moving
    undone = replace(asked, settled_at=NOON, undo_id=7)
    assert undone.is_moving
    assert not replace(undone, undone_at=NOON).is_moving
