"""Which keys have a reason, what *Shrink* leaves, what is due when."""

from dataclasses import replace
from typing import Any

import pytest

from bot.gateway.models import Key
from bot.keys.inventory_store import KnownKey
from bot.keys.spending import Amount, Spending
from bot.review.judgement import (
    departure_of,
    is_over,
    may_be_over_granted,
    reminder_due,
    review_key,
    spent_of,
    target_of,
)
from bot.review.models import NewReviewedKey, Reason, Review, ReviewedKey, ReviewStatus, WhyLeft
from tests.review.kit import ADA, BEN, DAY, DOLLAR, NOON, key

WATCHED = Spending(amounts=(), since=NOON - 100 * DAY)


def known(of: Key, owner: str | None = ADA, gone_at: float | None = None) -> KnownKey:
    return KnownKey(
        key=of,
        read_at=NOON,
        known_since=NOON,
        gone_at=gone_at,
        owner_id=owner,
        owner_team=None,
        owner_roles=None,
    )


def judged(of: Key, owner: str | None = ADA) -> NewReviewedKey | None:
    return review_key(known(of, owner), WATCHED, now=NOON, units_per_usd=DOLLAR)


QUIET: dict[str, Any] = {"remain_quota": 5 * DOLLAR}


@pytest.mark.parametrize(
    ("changes", "owner", "reasons"),
    [
        (QUIET, ADA, None),
        (QUIET, None, (Reason.WITHOUT_OWNER,)),
        (QUIET | {"expired_time": -1}, ADA, (Reason.NEVER_EXPIRES,)),
        (QUIET | {"unlimited_quota": True}, ADA, (Reason.UNLIMITED,)),
        (QUIET | {"accessed_time": int(NOON - 90 * DAY)}, ADA, (Reason.IDLE,)),
        (QUIET | {"accessed_time": int(NOON - 89 * DAY)}, ADA, None),
        (
            QUIET | {"used_quota": 0, "created_time": int(NOON - 30 * DAY), "accessed_time": int(NOON - 30 * DAY)},
            ADA,
            (Reason.NEVER_BILLED,),
        ),
        (
            QUIET | {"used_quota": 0, "created_time": int(NOON - 29 * DAY), "accessed_time": int(NOON - 29 * DAY)},
            ADA,
            None,
        ),
        ({"remain_quota": 10 * DOLLAR}, ADA, (Reason.OVER_GRANTED,)),
        ({"remain_quota": 10 * DOLLAR - 1}, ADA, None),
        ({"created_time": int(NOON - 29 * DAY)}, ADA, None),
        ({"status": 2}, None, None),
        ({"expired_time": int(NOON - 1)}, None, None),
        ({"remain_quota": 0}, None, None),
        (
            {"unlimited_quota": True, "expired_time": -1, "accessed_time": int(NOON - 91 * DAY)},
            None,
            (Reason.WITHOUT_OWNER, Reason.IDLE, Reason.UNLIMITED, Reason.NEVER_EXPIRES),
        ),
    ],
)
def test_only_keys_that_work_and_have_a_reason_are_looked_at(
    changes: dict[str, Any], owner: str | None, reasons: tuple[Reason, ...] | None
) -> None:
    found = judged(key(1, **changes), owner)
    assert (None if found is None else found.reasons) == reasons


def test_nothing_of_the_value_is_kept() -> None:
    found = judged(key(1, expired_time=-1))
    assert found is not None
    assert "hint" not in found.snapshot
    assert found.snapshot["state"] == "active"
    assert found.snapshot["last_billed"] == int(NOON - DAY)


@pytest.mark.parametrize(
    ("changes", "spent", "target"),
    [
        ({}, 0, DOLLAR),
        ({}, DOLLAR, 2 * DOLLAR),
        ({}, 8 * DOLLAR, 10 * DOLLAR),
        ({}, 8 * DOLLAR + 1, 11 * DOLLAR),
        ({}, 80 * DOLLAR, None),
        ({"remain_quota": DOLLAR}, 0, None),
        ({"unlimited_quota": True, "remain_quota": 0}, 400 * DOLLAR, 500 * DOLLAR),
    ],
)
def test_shrink_leaves_what_was_spent_and_a_quarter_more(
    changes: dict[str, Any], spent: int, target: int | None
) -> None:
    assert target_of(key(1, **changes), spent, units_per_usd=DOLLAR) == target


def test_what_was_spent_is_rather_too_much_where_nobody_watched() -> None:
    seen = Spending(amounts=(Amount(NOON - 5 * DAY, NOON - 4 * DAY, 300),), since=NOON - 10 * DAY)
    assert spent_of(key(1, used_quota=1000), seen, now=NOON) == 500
    assert spent_of(key(1, used_quota=400), seen, now=NOON) == 300
    assert spent_of(key(1, used_quota=1000), replace(seen, since=NOON - 90 * DAY), now=NOON) == 300
    assert spent_of(key(1, used_quota=1000), None, now=NOON) == 500
    assert spent_of(key(1, used_quota=-5, created_time=int(NOON)), None, now=NOON) == 0


def test_samples_are_looked_at_only_where_they_matter() -> None:
    def looked_at(**changes: Any) -> bool:
        return may_be_over_granted(key(1, **changes), now=NOON, units_per_usd=DOLLAR)

    assert looked_at()
    assert looked_at(unlimited_quota=True, remain_quota=0)
    assert not looked_at(remain_quota=9 * DOLLAR)
    assert not looked_at(status=2)


def test_a_key_that_changed_leaves() -> None:
    new = judged(key(1))
    assert new is not None
    row = ReviewedKey(
        **vars(new),
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

    def departed(of: Key, owner: str | None = ADA, gone_at: float | None = None) -> WhyLeft | None:
        return departure_of(row, known(of, owner, gone_at), now=NOON)

    assert departed(key(1, name="renamed", remain_quota=7)) is None
    assert departure_of(row, None, now=NOON) is WhyLeft.GONE
    assert departed(key(1), gone_at=NOON) is WhyLeft.GONE
    assert departed(key(1, created_time=5)) is WhyLeft.GONE
    assert departed(key(1, status=2)) is WhyLeft.OUT_OF_USE
    assert departed(key(1), BEN) is departed(key(1), None) is WhyLeft.OTHER_OWNER


def test_reminders_and_the_end_come_in_order_also_after_a_jump() -> None:
    begun = Review(
        id=1,
        version=1,
        status=ReviewStatus.OPEN,
        asked_by="command",
        asked_at=NOON - 5,
        opened_at=NOON,
        closed_at=None,
        reminded=0,
        reminded_at=None,
    )
    due = {day: reminder_due(begun, NOON + day * DAY) for day in (0, 6.9, 7, 10, 13, 400, -400)}
    assert due == {0: None, 6.9: None, 7: 1, 10: 2, 13: 3, 400: 3, -400: None}
    assert not is_over(begun, NOON + 400 * DAY)
    told = replace(begun, reminded=3, reminded_at=NOON + 13 * DAY)
    assert reminder_due(told, NOON + 400 * DAY) is None
    assert [is_over(told, NOON + day * DAY) for day in (14.9, 15)] == [False, True]
    late = replace(told, reminded_at=NOON + 400 * DAY)
    assert [is_over(late, NOON + day * DAY) for day in (401.9, 402)] == [False, True]
    assert not is_over(replace(told, reminded=2), NOON + 20 * DAY)
