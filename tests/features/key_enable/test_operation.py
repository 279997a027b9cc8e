"""Enabling: what a key lacks is said, what it gets is judged, and a replaced key stays out of use."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_enable.operation import OPERATION, EnableKey
from bot.gateway.writes import WriteStatus
from bot.operations import Expiry, Offer
from tests.features.kit import ADA, look_on, work_on
from tests.gateway.kit import PROFILES, client_of, fake_gateway


@pytest.mark.parametrize(
    ("settings", "wish", "place"),
    [
        ({}, {}, "reason"),
        ({"status": 2, "expired_time": 5}, {}, "expired_time"),
        ({"status": 2, "remain_quota": 0}, {}, "delta"),
        ({"status": 4, "remain_quota": -300}, {"delta": 300}, "delta"),
    ],
)
async def test_what_is_lacking_is_said(settings: dict[str, Any], wish: dict[str, Any], place: str) -> None:
    fake = fake_gateway()
    key = fake.add_key(**{"name": "search", "remain_quota": 9, **settings})
    with pytest.raises(InputError) as wrong:
        await OPERATION.inspect(look_on(client_of(fake)), ADA, EnableKey(key_id=key.id, **wish))
    assert place in wrong.value.fields


async def test_a_replaced_key_stays_out_of_use() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", status=2, remain_quota=9)
    with pytest.raises(InputError, match="replaced by key 99"):
        await OPERATION.inspect(look_on(client_of(fake), successor=99), ADA, EnableKey(key_id=key.id))


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_dead_key_comes_back_with_what_it_lacks(profile: str) -> None:
    fake = fake_gateway(profile)
    key = fake.add_key(name="search", status=3, remain_quota=0, expired_time=5)
    client = client_of(fake)
    wish = EnableKey(key_id=key.id, expiry=Expiry(seconds=3_600), delta=1_000)
    found = await OPERATION.inspect(look_on(client), ADA, wish)
    assert (found.facts.increase, found.facts.remain_quota, found.facts.lifetime) == (1_000, 1_000, 3_600)
    assert [line.label for line in found.changes] == ["State", "Expires", "Quota left"]
    result = await OPERATION.run(work_on(client, found.key), wish)
    assert result.status is WriteStatus.DONE, result
    record = fake.key(key.id)
    assert (record.status, record.remain_quota) == (1, 1_000)
    assert fake.call_model(fake.key_value(key.id), model="gpt-4o-mini", units=1) is None


def test_an_offer_is_for_less() -> None:
    wish = EnableKey(key_id=1, expiry=Expiry(seconds=9), delta=100)
    assert OPERATION.with_offer(wish, Offer(delta=40)).delta == 40
    assert OPERATION.with_offer(wish, Offer(expiry=Expiry(seconds=5))).expiry == Expiry(seconds=5)
    for delta in (101, -1):
        with pytest.raises(InputError):
            OPERATION.with_offer(wish, Offer(delta=delta))
