"""Out of use, or made harmless, whatever the wire does."""

import pytest
from pydantic import SecretStr

from bot.gateway.errors import Refusal
from bot.gateway.models import EffectiveState
from bot.gateway.writes import WriteStatus, disable
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, sent, to_the_end
from tests.gateway.writes.test_update import a_key
from tests.narrow import present

pytestmark = pytest.mark.parametrize("profile", PROFILES)


async def test_with_a_fresh_record_disabling_is_two_round_trips(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    record = await client.get_key(key_id)
    fake.requests.clear()
    result = await disable(client, key_id, journal, record=record)
    assert (result.status, present(result.key).status, result.before) == (WriteStatus.DONE, 2, record)
    assert sent(fake) == ["PUT /api/token/", f"GET /api/token/{key_id}"]
    assert fake.requests[0].query == "status_only=true"
    assert journal.records == 1


async def test_an_overdrawn_key_can_be_disabled_and_the_clamp_is_said(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, remain_quota=-3)
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 2)
    assert any("overdrawn (-3 units)" in note for note in result.notes)


async def test_the_record_of_another_key_is_not_used(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    other = await client.get_key(a_key(fake, name="other"))
    result = await disable(client, key_id, MemoryJournal(), record=other)
    assert (present(result.key).id, fake.key(other.id).status) == (key_id, 1)


async def test_a_gateway_without_status_gets_it_made_harmless_with_an_alarm(profile: str) -> None:
    fake = fake_gateway(profile, status_only=False)
    key_id, client = a_key(fake, unlimited_quota=True), client_of(fake)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, present(result.key).state(fake.clock.now())) == (WriteStatus.DONE, EffectiveState.EXPIRED)
    assert (
        present(result.key).expired_time,
        present(result.key).remain_quota,
        present(result.key).unlimited_quota,
    ) == (1, 0, False)
    assert "Delete it" in present(result.alarm)
    assert present(result.before).unlimited_quota is True
    assert (await client.check_key(SecretStr(fake.key_value(key_id)))).outcome == "refused"


async def test_a_gateway_that_takes_no_put_at_all_raises_the_alarm(profile: str) -> None:
    fake = fake_gateway(profile, group_check_update=True)
    key_id = a_key(fake, group="withdrawn")
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.GROUP_DENIED)
    assert "Delete it now" in present(result.alarm)


async def test_a_late_status_put_that_undoes_the_harmless_key_is_caught(profile: str) -> None:
    fake = fake_gateway(profile, status_only=False)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm("late", method="PUT", delay=30.0)
    result = await to_the_end(fake, lambda: disable(client, key_id, journal))
    fake.advance(200)
    assert (result.status, fake.key(key_id).state(fake.clock.now())) == (WriteStatus.DONE, "expired")


@pytest.mark.parametrize("kind", ["lost_reply", "lost_request", "hang", "html", "empty_429", "panic", "refused"])
async def test_a_disable_survives_the_wire(profile: str, kind: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm(kind, method="PUT", times=3, status=524 if kind == "html" else 0)
    result = await to_the_end(fake, lambda: disable(client, key_id, journal))
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 2)


async def test_a_key_that_is_gone_is_out_of_use(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    record = await client.get_key(key_id)
    await client.delete_key(key_id)
    result = await disable(client, key_id, MemoryJournal(), record=record)
    assert (result.status, result.key, result.before) == (WriteStatus.DONE, None, record)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.NOT_FOUND)


async def test_a_crash_in_the_middle_of_a_disable_is_picked_up(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    journal.crash_at = {0: "after"}
    result = await to_the_end(fake, lambda: disable(client, key_id, journal))
    assert (result.status, present(result.before).status) == (WriteStatus.DONE, 1)
    again = await disable(client, key_id, journal)
    assert (again.status, present(again.before).status) == (WriteStatus.DONE, 1)
