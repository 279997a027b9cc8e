"""Quota moves from key to key: the sum of both never grows, whatever is lost, crashes or is spent beside it."""

import itertools
from typing import Any

import pytest

from bot.gateway.models import KeyId
from bot.gateway.writes import WriteResult, WriteStatus, move_quota
from keydesk_sandbox.fake_gateway import FakeGateway, Record
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, to_the_end

FAULTS = ("lost_reply", "lost_request")


def two_keys(fake: FakeGateway, **settings: Any) -> tuple[KeyId, KeyId]:
    old = fake.add_key(name="old", **{"remain_quota": 1_001, "used_quota": 9} | settings)
    return KeyId(old.id), KeyId(fake.add_key(name="new", remain_quota=0).id)


def records(fake: FakeGateway) -> list[Record]:
    return fake.keys()


def total(fake: FakeGateway) -> int:
    return sum(key.remain_quota + key.used_quota for key in records(fake))


async def moved(fake: FakeGateway, old: KeyId, new: KeyId | None, journal: MemoryJournal, **more: Any) -> WriteResult:
    client = client_of(fake)
    return await to_the_end(fake, lambda: move_quota(client, old, new, journal, processing=15.0, **more))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("keep_half", "kept", "came"), [(False, 0, 1_001), (True, 500, 501)])
async def test_what_one_gives_up_the_other_gets(profile: str, keep_half: bool, kept: int, came: int) -> None:
    fake = fake_gateway(profile)
    old, new = two_keys(fake)
    result = await moved(fake, old, new, MemoryJournal(), keep_half=keep_half)
    assert (result.status, result.moved) == (WriteStatus.DONE, came)
    assert (fake.key(old).remain_quota, fake.key(new).remain_quota) == (kept, came)


@pytest.mark.parametrize(("fault", "at"), [*itertools.product(FAULTS, ("take", "give"))])
async def test_a_lost_answer_moves_nothing_twice(fault: str, at: str) -> None:
    fake = fake_gateway()
    old, new = two_keys(fake)
    if at == "take":
        fake.arm(fault, method="PUT")
    else:
        fake.on("answer", lambda _call: fake.arm(fault, method="PUT"), method="PUT")
    result = await moved(fake, old, new, MemoryJournal())
    assert (result.status, result.moved, total(fake)) == (WriteStatus.DONE, 1_001, 1_010)
    assert fake.key(new).remain_quota == 1_001
    assert not fake.faults


@pytest.mark.parametrize(("number", "when"), [*itertools.product(range(9), ("before", "after"))])
async def test_a_crash_at_any_checkpoint_moves_nothing_twice(number: int, when: str) -> None:
    fake = fake_gateway()
    old, new = two_keys(fake)
    journal = MemoryJournal()
    journal.crash_at = {number: when}
    result = await moved(fake, old, new, journal, keep_half=True)
    assert (result.status, result.moved, total(fake)) == (WriteStatus.DONE, 501, 1_010)


@pytest.mark.parametrize("price", [1, 7, 300, 900])
async def test_what_is_spent_meanwhile_bounds_what_the_sum_can_grow_by(price: int) -> None:
    fake = fake_gateway()
    old, new = two_keys(fake)
    # A call is charged between the read and the write of the PUT that empties the key.
    fake.on("row_read", lambda _call: fake.charge(old, price), method="PUT")
    result = await moved(fake, old, new, MemoryJournal())
    assert result.status is WriteStatus.DONE, result
    assert fake.key(new).remain_quota == result.moved == 1_001 - price
    assert total(fake) == 1_010


async def test_a_key_that_is_spent_from_meanwhile_gives_half_of_what_it_has_exactly() -> None:
    fake = fake_gateway()
    old, new = two_keys(fake, remain_quota=100_000)
    fake.on("request", lambda _call: fake.charge(old, 13), times=None)
    result = await moved(fake, old, new, MemoryJournal(), keep_half=True)
    assert result.status is WriteStatus.DONE, result
    assert total(fake) == 100_009
    assert abs(result.moved - 50_000) < 500


async def test_a_key_that_is_emptied_while_it_is_used_leaves_what_a_call_costs_or_two() -> None:
    fake = fake_gateway()
    old, new = two_keys(fake, remain_quota=100_000)
    # Before every call of ours another one is charged: each look is old when the write comes.
    fake.on("request", lambda _call: fake.charge(old, 13), times=None)
    result = await moved(fake, old, new, MemoryJournal())
    assert result.status is WriteStatus.DONE, result
    assert total(fake) == 100_009
    assert result.moved > 99_000


@pytest.mark.parametrize("settings", [{"remain_quota": 0}, {"remain_quota": -5}, {"unlimited_quota": True}])
async def test_nothing_to_move_is_done_and_changes_nothing(settings: dict[str, Any]) -> None:
    fake = fake_gateway()
    old, new = two_keys(fake, **settings)
    before = total(fake)
    result = await moved(fake, old, new, MemoryJournal())
    assert (result.status, result.moved, total(fake)) == (WriteStatus.DONE, 0, before)


async def test_a_target_that_is_gone_takes_nothing() -> None:
    fake = fake_gateway()
    old, new = two_keys(fake)
    fake.edit_behind(new, deleted_at=1)
    result = await moved(fake, old, new, MemoryJournal())
    assert (result.status, fake.key(old).remain_quota) == (WriteStatus.REFUSED, 1_001)


async def test_a_target_that_vanishes_in_between_gives_it_back() -> None:
    fake = fake_gateway()
    old, new = two_keys(fake)
    fake.on("answer", lambda _call: fake.edit_behind(new, deleted_at=1), method="PUT")
    result = await moved(fake, old, new, MemoryJournal())
    assert (result.status, fake.key(old).remain_quota) == (WriteStatus.REFUSED, 1_001)


async def test_without_a_target_the_units_are_taken_out_of_use() -> None:
    fake = fake_gateway()
    old, _ = two_keys(fake)
    result = await moved(fake, old, None, MemoryJournal())
    assert (result.status, fake.key(old).remain_quota) == (WriteStatus.DONE, 0)


async def test_giving_back_goes_on_when_its_request_was_lost() -> None:
    fake = fake_gateway()
    old, new = two_keys(fake)
    journal, client = MemoryJournal(), client_of(fake)

    def gone(_call: Any) -> None:
        fake.edit_behind(new, deleted_at=1)
        fake.arm("lost_request", method="PUT")

    fake.on("answer", gone, method="PUT")
    first = await move_quota(client, old, new, journal, processing=15.0)
    assert first.status is WriteStatus.UNKNOWN
    result = await moved(fake, old, new, journal)
    assert (result.status, fake.key(old).remain_quota) == (WriteStatus.REFUSED, 1_001)


async def test_what_cannot_be_given_back_is_said_with_its_number() -> None:
    fake = fake_gateway()
    old, new = two_keys(fake)

    def both_gone(_call: Any) -> None:
        fake.edit_behind(new, deleted_at=1)
        fake.edit_behind(old, deleted_at=1)

    # After the read-back of what was taken.
    fake.on("answer", lambda _call: fake.on("answer", both_gone, method="GET"), method="PUT")
    result = await moved(fake, old, new, MemoryJournal())
    assert result.status is WriteStatus.FAILED
    assert "1,001 units that had been taken could not be given back" in result.sentence


async def test_a_key_that_is_spent_from_ever_faster_is_left_alone() -> None:
    fake = fake_gateway()
    old, new = two_keys(fake, remain_quota=10**9)
    prices = itertools.count()
    # More than twice as much as was left the last time.
    fake.on("answer", lambda _call: fake.charge(old, 3 ** next(prices)), method="GET", times=None)
    result = await moved(fake, old, new, MemoryJournal())
    assert (result.status, result.moved, fake.key(new).remain_quota) == (WriteStatus.REFUSED, 0, 0)
    assert result.sentence == "The key is spent from faster than its quota can be moved."
