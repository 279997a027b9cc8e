"""Back into use, with what a dead key died of."""

import pytest

from bot.gateway.errors import Refusal
from bot.gateway.models import EffectiveState, KeyId
from bot.gateway.writes import WriteStatus, enable
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, sent, to_the_end
from tests.gateway.writes.test_update import a_key
from tests.narrow import present

pytestmark = pytest.mark.parametrize("profile", PROFILES)


async def test_enabling(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=2), client_of(fake)
    result = await enable(client, key_id, MemoryJournal())
    assert (result.status, present(result.key).status, present(result.before).status) == (WriteStatus.DONE, 1, 2)


async def test_enabling_the_dead_needs_what_they_died_of(profile: str) -> None:
    fake = fake_gateway(profile)
    client, now = client_of(fake), int(fake.clock.now())
    expired = a_key(fake, status=3, expired_time=now - 10)
    empty = a_key(fake, status=4, remain_quota=-5)
    assert (await enable(client, expired, MemoryJournal())).refusal is Refusal.EXPIRED_CANNOT_ENABLE
    assert (
        await enable(client, expired, MemoryJournal(), expired_time=now - 5)
    ).refusal is Refusal.EXPIRED_CANNOT_ENABLE
    assert (await enable(client, expired, MemoryJournal(), expired_time=0)).refusal is Refusal.INVALID
    assert (await enable(client, empty, MemoryJournal())).refusal is Refusal.EXHAUSTED_CANNOT_ENABLE
    assert (await enable(client, empty, MemoryJournal(), add_quota=-1)).refusal is Refusal.EXHAUSTED_CANNOT_ENABLE
    assert sent(fake, "PUT") == []
    result = await enable(client, expired, MemoryJournal(), expired_time=now + 10)
    assert (result.status, present(result.key).status, present(result.before).status) == (WriteStatus.DONE, 1, 3)
    result = await enable(client, empty, MemoryJournal(), add_quota=15)
    assert (result.status, present(result.key).remain_quota) == (WriteStatus.DONE, 10)
    both = a_key(fake, status=4, remain_quota=0, expired_time=now - 10)
    result = await enable(client, both, MemoryJournal(), add_quota=15, expired_time=-1)
    assert present(result.key).state(now) is EffectiveState.ACTIVE


@pytest.mark.parametrize("charge_at", ["", "request", "row_read"])
async def test_an_overdrawn_and_expired_key_gains_exactly_the_delta(profile: str, charge_at: str) -> None:
    fake = fake_gateway(profile)
    now = int(fake.clock.now())
    key_id = a_key(fake, remain_quota=-7_000, used_quota=57_000, expired_time=now - 10)
    if charge_at:
        fake.on(charge_at, lambda _call: fake.charge(key_id, 500), method="PUT")
    result = await enable(client_of(fake), key_id, MemoryJournal(), expired_time=-1, add_quota=20_000)
    row = fake.key(key_id)
    assert (result.status, row.state(now), row.expired_time) == (WriteStatus.DONE, "active", -1)
    assert row.remain_quota + row.used_quota == 50_000 + 20_000
    assert not any("overdrawn" in note for note in result.notes)


async def test_enabling_what_has_changed_is_refused(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=2), client_of(fake)
    seen = await client.get_key(key_id)
    fake.edit_behind(key_id, allow_ips="")
    assert (await enable(client, key_id, MemoryJournal(), expected=seen)).refusal is Refusal.CHANGED_SINCE


async def test_an_empty_key_that_is_enabled_on_the_record_was_not_so_already(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, remain_quota=0)
    result = await enable(client_of(fake), key_id, MemoryJournal(), add_quota=100)
    assert (result.status, result.notes, present(result.key).remain_quota) == (WriteStatus.DONE, (), 100)


async def test_an_exhausted_key_that_was_disabled_meanwhile_stays_so(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=4, remain_quota=0), client_of(fake)
    seen = await client.get_key(key_id)
    fake.edit_behind(key_id, status=2)
    result = await enable(client, key_id, MemoryJournal(), add_quota=5, expected=seen)
    assert (result.refusal, fake.key(key_id).status) == (Refusal.CHANGED_SINCE, 2)


async def test_a_step_that_is_not_settled_stops_the_enabling(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake, status=4, remain_quota=0), client_of(fake), MemoryJournal()
    fake.arm("late", method="PUT", delay=50.0)
    assert (await enable(client, key_id, journal, add_quota=5)).status is WriteStatus.UNKNOWN
    result = await to_the_end(fake, lambda: enable(client, key_id, journal, add_quota=5))
    assert (result.status, present(result.key).remain_quota) == (WriteStatus.DONE, 5)


async def test_enabled_and_empty_by_then_is_not_done(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=2, remain_quota=5), client_of(fake)
    fake.on("answer", lambda _call: fake.charge(key_id, 50), method="PUT")
    result = await enable(client, key_id, MemoryJournal())
    assert (result.status, present(result.key).status) == (WriteStatus.FAILED, 1)
    assert "overdrawn" in result.sentence


async def test_a_gateway_that_does_not_enable_says_so(profile: str) -> None:
    fake = fake_gateway(profile, status_only=False, plain_status=False)
    result = await enable(client_of(fake), a_key(fake, status=2), MemoryJournal())
    assert (result.status, [each.field for each in result.differences]) == (WriteStatus.FAILED, ["status"])


async def test_what_does_not_exist_cannot_be_enabled(profile: str) -> None:
    fake = fake_gateway(profile)
    result = await enable(client_of(fake), KeyId(99_999), MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.NOT_FOUND)
