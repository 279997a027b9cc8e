"""Which marks a key crosses, told once each: expiry by its life, quota by share and by pace, with five points of ease."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.care.judgement import CareJudgement, KeyCare, Told, judge
from bot.care.notice import Crossing, Notice
from bot.gateway.models import Key
from bot.permissions.care import CareTerms
from tests.care.kit import ADA, BEN, DAY, NOON, key

USUAL = CareTerms()


def nothing() -> float | None:
    return None


def dry_in(days: float, now: float = NOON) -> Callable[[], float | None]:
    return lambda: now + days * DAY


class Life:
    """One key, judged again and again; what is said counts as told."""

    def __init__(self, terms: CareTerms = USUAL) -> None:
        self.terms, self.owner = terms, ADA
        self.care: KeyCare | None = None

    def at(self, now: float, one: Key, dry_at: Callable[[], float | None] = nothing) -> list[tuple[Crossing, int]]:
        found = judge(self.care, one, owner=self.owner, now=now, terms=self.terms, dry_at=dry_at)
        if found is None:
            return []
        self.care = found.told()
        return [(notice.kind, round(notice.mark / DAY)) for notice in found.notices]


@pytest.mark.parametrize(
    ("life", "marks"),
    [(90, [14, 7, 3, 1]), (14, [7, 3, 1]), (3, [1]), (1, []), (0.5, []), (7.5, [7, 3, 1])],
)
def test_a_key_is_told_of_the_marks_that_are_shorter_than_its_life_and_of_its_end(
    life: float, marks: list[int]
) -> None:
    one, said, of = key(1, ends=NOON + life * DAY), [], Life()
    for step in range(int((life + 2) * 24)):
        said += of.at(NOON + 60 + step * 3600, one)
    assert said == [*((Crossing.EXPIRES, mark) for mark in marks), (Crossing.ENDED, 0)]


def test_after_a_long_pause_only_the_nearest_mark_is_told() -> None:
    of, one = Life(), key(1, ends=NOON + 30 * DAY)
    assert of.at(NOON, one) == []
    assert of.at(NOON + 28 * DAY, one) == [(Crossing.EXPIRES, 3)]
    assert of.at(NOON + 29.5 * DAY, one) == [(Crossing.EXPIRES, 1)]


def test_a_new_end_begins_anew_with_the_marks_that_are_shorter_than_what_was_given() -> None:
    of = Life()
    assert of.at(NOON + 29 * DAY, key(1, ends=NOON + 30 * DAY)) == [(Crossing.EXPIRES, 1)]
    longer, now = key(1, ends=NOON + 39 * DAY), NOON + 29 * DAY
    assert of.at(now + 60, longer) == []
    assert of.at(now + 3.5 * DAY, longer) == [(Crossing.EXPIRES, 7)]


def test_who_ends_a_key_is_not_told_that_it_has_ended() -> None:
    of = Life()
    of.at(NOON, key(1, ends=NOON + 30 * DAY))
    assert of.at(NOON + 100, key(1, ends=NOON + 50)) == []


def test_a_clock_that_is_a_year_ahead_and_comes_back_tells_nothing_twice() -> None:
    of, one = Life(), key(1, ends=NOON + 20 * DAY)
    assert of.at(NOON + 7 * DAY, one) == [(Crossing.EXPIRES, 14)]
    assert of.at(NOON + 372 * DAY, one) == []
    assert of.at(NOON + 8 * DAY, one) == []
    assert of.at(NOON - 365 * DAY, one) == []
    said = [of.at(NOON + step * DAY / 4, one) for step in range(32, 120)]
    assert [one for some in said for one in some] == [
        (Crossing.EXPIRES, 7),
        (Crossing.EXPIRES, 3),
        (Crossing.EXPIRES, 1),
        (Crossing.ENDED, 0),
    ]


def test_low_and_dry_are_told_once_and_again_after_a_top_up() -> None:
    of = Life()
    lefts = [100, 60, 21, 20, 19, 10, 1, 0, 0, -5]
    said = [of.at(NOON, key(1, remain_quota=left, used_quota=100 - left)) for left in lefts]
    assert said == [[], [], [], [(Crossing.LOW, 0)], [], [], [], [(Crossing.DRY, 0)], [], []]
    # 100 more: what is there then is what was granted.
    said = [of.at(NOON, key(1, remain_quota=left, used_quota=200 - left)) for left in (95, 50, 19, 18, 0)]
    assert said == [[], [], [(Crossing.LOW, 0)], [], [(Crossing.DRY, 0)]]


def test_charges_that_are_given_back_are_no_top_up() -> None:
    of = Life()
    lefts = [100, 20, 23, 19, 24, 18, 0, 4, 0, 4, 0]
    said = [of.at(NOON, key(1, remain_quota=left, used_quota=100 - left)) for left in lefts]
    assert [one for some in said for one in some] == [(Crossing.LOW, 0), (Crossing.DRY, 0)]


def test_a_top_up_that_is_used_up_in_two_days_is_not_called_low_at_once() -> None:
    of = Life()
    assert of.at(NOON, key(1, remain_quota=10, used_quota=90), dry_in(1)) == [(Crossing.LOW, 0)]
    assert of.at(NOON, key(1, remain_quota=20, used_quota=90), dry_in(2)) == []
    assert of.care is not None
    assert of.care.quota is not None
    assert of.care.quota.told is Told.REFILLED
    assert of.at(NOON, key(1, remain_quota=15, used_quota=95), dry_in(2)) == []
    assert of.at(NOON, key(1, remain_quota=0, used_quota=110), dry_in(0)) == [(Crossing.DRY, 0)]


def test_a_pace_that_leaves_under_three_days_is_low_and_a_key_that_ends_before_is_not() -> None:
    spent = {"remain_quota": 60, "used_quota": 40}
    assert Life().at(NOON, key(1, **spent), dry_in(3.5)) == []
    assert Life().at(NOON, key(1, **spent), dry_in(2.9)) == [(Crossing.LOW, 0)]
    ends = key(1, born=NOON - DAY, ends=NOON + 1.5 * DAY, **spent)
    assert Life().at(NOON, ends, dry_in(2.9)) == []


def test_a_key_that_can_hardly_run_dry_soon_costs_no_look_at_its_samples() -> None:
    def looked() -> float | None:
        raise AssertionError

    assert Life().at(NOON, key(1, remain_quota=1000, used_quota=10), looked) == []
    assert Life().at(NOON, key(1, born=NOON - 8 * DAY, remain_quota=60, used_quota=40), looked) == []


def test_counters_that_go_backwards_tell_nothing() -> None:
    of = Life()
    assert of.at(NOON, key(1, remain_quota=50, used_quota=50)) == []
    assert of.at(NOON, key(1, remain_quota=50, used_quota=-10)) == []
    assert of.at(NOON, key(1, remain_quota=50, used_quota=0)) == []


def test_a_key_without_a_limit_has_no_quota_and_a_new_limit_counts_from_what_it_sets() -> None:
    of = Life()
    assert of.at(NOON, key(1, unlimited_quota=True, remain_quota=0, used_quota=900)) == []
    assert of.at(NOON, key(1, remain_quota=100, used_quota=900)) == []
    assert of.at(NOON, key(1, remain_quota=20, used_quota=980)) == [(Crossing.LOW, 0)]


def test_a_disabled_key_is_left_alone_and_what_was_told_of_it_stays() -> None:
    of = Life()
    assert of.at(NOON, key(1, remain_quota=0, used_quota=100, status=2)) == []
    assert of.care is None
    assert of.at(NOON, key(1, remain_quota=0, used_quota=100)) == [(Crossing.DRY, 0)]
    assert of.at(NOON, key(1, remain_quota=0, used_quota=100, status=2)) == []
    assert of.at(NOON, key(1, remain_quota=0, used_quota=100, status=4)) == []


def test_another_key_with_the_same_number_begins_anew() -> None:
    of = Life()
    assert of.at(NOON, key(1, remain_quota=0, used_quota=100)) == [(Crossing.DRY, 0)]
    assert of.at(NOON, key(1, born=NOON + 5, remain_quota=0, used_quota=100)) == [(Crossing.DRY, 0)]


def test_a_notice_is_kept_in_a_row_whole() -> None:
    notice = Notice(kind=Crossing.LOW, key_id=1, name="bot", expires=-1, left=3, granted=9, dry_at=NOON)
    assert Notice.of_stored(notice.stored()) == notice


def test_what_no_longer_works_can_be_told_apart() -> None:
    one = key(1, ends=NOON + DAY, born=NOON - DAY, remain_quota=0)
    found = judge(None, one, owner=ADA, now=NOON + 1, terms=USUAL, dry_at=nothing)
    assert isinstance(found, CareJudgement)
    assert [notice.kind for notice in found.notices] == [Crossing.EXPIRES, Crossing.DRY]
    urgent = found.only(lambda notice: notice.kind.urgent)
    assert [notice.kind for notice in urgent.notices] == [Crossing.DRY]
    assert (found.name, found.is_given) == ("1:1", False)


def test_a_new_owner_is_told_what_the_one_before_was_told() -> None:
    of = Life()
    one = key(1, born=NOON - 9 * DAY, ends=NOON + 2.5 * DAY, remain_quota=10, used_quota=90)
    assert of.at(NOON, one) == [(Crossing.EXPIRES, 3), (Crossing.LOW, 0)]
    of.owner = BEN
    found = judge(of.care, one, owner=BEN, now=NOON, terms=USUAL, dry_at=nothing)
    assert found is not None
    assert found.is_given
    assert of.at(NOON, one) == [(Crossing.EXPIRES, 3), (Crossing.LOW, 0)]
    assert of.at(NOON, one) == []


def test_of_a_row_without_its_reader_nothing_is_told_again() -> None:
    of = Life()
    one = key(1, remain_quota=10, used_quota=90)
    assert of.at(NOON, one) == [(Crossing.LOW, 0)]
    assert of.care is not None
    of.care = replace(of.care, owner_id=None)
    assert of.at(NOON, one) == []
    assert of.care.owner_id == ADA
