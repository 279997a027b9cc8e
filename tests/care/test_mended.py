"""What was told of a key is over when the key was mended, stopped, given away or deleted."""

from dataclasses import replace
from typing import Any

import pytest

from bot.care.judgement import ExpiryCare, KeyCare, QuotaCare, Told
from bot.care.mended import outcome_of
from bot.care.notice import CareOutcome, Crossing
from bot.care.told import ToldNotice
from tests.care.kit import ADA, BEN, DAY, NOON, key

END = int(NOON + 3 * DAY)
TOLD = ToldNotice(post_id="x", key_id=1, kind=Crossing.EXPIRES, born_at=int(NOON), owner_id=ADA, expires=END)
CARE = KeyCare(
    key_id=1,
    born_at=int(NOON),
    owner_id=ADA,
    expiry=ExpiryCare(expires=END, since=NOON),
    quota=QuotaCare(base=9, total=9, told=Told.LOW),
)


def outcome(
    kind: Crossing, care: KeyCare | None = CARE, *, owner: str = ADA, replaced: bool = False, **one: Any
) -> Any:
    changed = key(1, **{"ends": END, **one})
    return outcome_of(replace(TOLD, kind=kind), changed, care, owner=owner, replaced=replaced, now=NOON + DAY)


@pytest.mark.parametrize("kind", [Crossing.EXPIRES, Crossing.ENDED])
def test_an_end_that_was_put_off(kind: Crossing) -> None:
    assert outcome(kind) is None
    assert outcome(kind, ends=NOON + 33 * DAY) is CareOutcome.ENDS_LATER
    assert outcome(kind, ends=None) is CareOutcome.ENDS_LATER
    assert outcome(kind, ends=NOON + 2 * DAY) is None


@pytest.mark.parametrize("kind", [Crossing.LOW, Crossing.DRY])
def test_a_quota_that_was_raised(kind: Crossing) -> None:
    assert CARE.quota is not None
    assert outcome(kind) is None
    raised = replace(CARE, quota=replace(CARE.quota, told=Told.REFILLED))
    assert outcome(kind, raised) is CareOutcome.HAS_MORE
    assert outcome(kind, replace(CARE, quota=None)) is CareOutcome.HAS_MORE
    assert outcome(kind, None) is CareOutcome.HAS_MORE


@pytest.mark.parametrize("kind", [Crossing.EXPIRES, Crossing.DRY])
def test_a_key_that_is_another_one_or_of_somebody_else_or_out_of_use(kind: Crossing) -> None:
    assert outcome(kind, born=NOON + 5) is CareOutcome.GONE
    assert outcome(kind, owner=BEN) is CareOutcome.GIVEN
    assert outcome(kind, replaced=True) is CareOutcome.STOPPED
    assert outcome(kind, status=2) is CareOutcome.STOPPED


def test_of_an_idle_key_its_own_judgement_says() -> None:
    assert outcome(Crossing.IDLE, status=2) is None
    assert outcome(Crossing.IDLE, owner=BEN) is CareOutcome.GIVEN
