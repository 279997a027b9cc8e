"""A change of quota: the facts the policy judges, the lines people read, and what an approver may offer instead."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_quota.operation import OPERATION, ChangeQuota
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus
from bot.operations import Offer
from bot.units import MAX_QUOTA
from tests.features.kit import ADA, look_on, work_on
from tests.gateway.kit import PROFILES, client_of, fake_gateway

CASES: list[tuple[dict[str, Any], dict[str, Any], tuple[int, bool, int], str]] = [
    (
        {"remain_quota": 300_000},
        {"delta": 100_000},
        (400_000, False, 100_000),
        "300k units ($0.60) → 400k units ($0.80)",
    ),
    ({"remain_quota": 300_000}, {"delta": -300_000}, (0, False, -300_000), "300k units ($0.60) → 0 units ($0.00)"),
    ({"remain_quota": -3}, {"delta": 1_000}, (997, False, 1_000), "-3 units (under $0.01) → 997 units (under $0.01)"),
    ({"remain_quota": 5}, {"unlimited_quota": True}, (5, True, 0), "5 units (under $0.01) → unlimited"),
    (
        {"remain_quota": -9, "unlimited_quota": True},
        {"unlimited_quota": False, "remain_quota": 500_000},
        (500_000, False, 500_009),
        "unlimited → 500k units ($1.00)",
    ),
]


@pytest.mark.parametrize(("settings", "wish", "facts", "line"), CASES)
async def test_the_policy_judges_the_record_as_it_would_be(
    settings: dict[str, Any], wish: dict[str, Any], facts: tuple[int, bool, int], line: str
) -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", **settings)
    client = client_of(fake)
    found = await OPERATION.inspect(look_on(client), ADA, ChangeQuota(key_id=key.id, **wish))
    assert (found.facts.remain_quota, found.facts.unlimited_quota, found.facts.increase) == facts
    assert f"{found.changes[0].before} → {found.changes[0].after}" == line
    assert found.own
    await client.aclose()


@pytest.mark.parametrize(
    ("settings", "wish", "place", "sentence"),
    [
        ({"remain_quota": 10}, {"delta": -11}, "delta", "Only 10 units"),
        ({"remain_quota": 1}, {"delta": MAX_QUOTA}, "delta", "more than the gateway can store"),
        ({"unlimited_quota": True}, {"delta": 5}, "delta", "has no limit"),
        ({"unlimited_quota": True}, {"unlimited_quota": True}, "unlimited_quota", "no limit already"),
        ({}, {"unlimited_quota": False, "remain_quota": 5}, "unlimited_quota", "has a limit already"),
    ],
)
async def test_what_the_key_cannot_take_is_refused_before_anything_is_stored(
    settings: dict[str, Any], wish: dict[str, Any], place: str, sentence: str
) -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", **settings)
    with pytest.raises(InputError) as wrong:
        await OPERATION.inspect(look_on(client_of(fake)), ADA, ChangeQuota(key_id=key.id, **wish))
    assert sentence in wrong.value.fields[place]


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_delta_counts_from_what_is_there_when_it_runs(profile: str) -> None:
    fake = fake_gateway(profile)
    key = fake.add_key(name="search", remain_quota=100)
    client = client_of(fake)
    before = await client.get_key(KeyId(key.id))
    fake.charge(key.id, 40)
    result = await OPERATION.run(work_on(client, before), ChangeQuota(key_id=key.id, delta=50))
    assert (result.status, fake.key(key.id).remain_quota) == (WriteStatus.DONE, 110)
    fake.edit_behind(key.id, remain_quota=5_000)
    result = await OPERATION.run(work_on(client, before), ChangeQuota(key_id=key.id, delta=50))
    assert (result.status, fake.key(key.id).remain_quota) == (WriteStatus.DONE, 5_050)
    fake.edit_behind(key.id, unlimited_quota=True)
    result = await OPERATION.run(work_on(client, before), ChangeQuota(key_id=key.id, delta=50))
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "changed_since")
    assert fake.key(key.id).remain_quota == 5_050


@pytest.mark.parametrize(
    ("wish", "offer", "after"),
    [
        ({"delta": 100}, {"delta": 40}, {"delta": 40}),
        ({"delta": -100}, {"delta": -200}, {"delta": -200}),
        ({"unlimited_quota": True}, {"delta": 40}, {"delta": 40}),
        (
            {"unlimited_quota": False, "remain_quota": 100},
            {"remain_quota": 40},
            {"unlimited_quota": False, "remain_quota": 40},
        ),
        ({"delta": 100}, {"delta": 101}, None),
        ({"delta": 100}, {"delta": -1}, None),
        ({"delta": -100}, {"delta": -50}, None),
        ({"unlimited_quota": True}, {"delta": -1}, None),
        ({"unlimited_quota": False, "remain_quota": 100}, {"remain_quota": 101}, None),
        ({"delta": 100}, {"remain_quota": 5}, None),
    ],
)
def test_an_offer_never_grants_more_than_was_asked(
    wish: dict[str, Any], offer: dict[str, Any], after: dict[str, Any] | None
) -> None:
    wanted = ChangeQuota(key_id=1, **wish)
    if after is None:
        with pytest.raises(InputError):
            OPERATION.with_offer(wanted, Offer(**offer))
    else:
        assert OPERATION.with_offer(wanted, Offer(**offer)) == ChangeQuota(key_id=1, **after)
