"""Out of use, back into use, gone, and proven dead."""

import pytest
from pydantic import SecretStr

from bot.gateway.errors import Refusal
from bot.gateway.models import EffectiveState, KeyId
from bot.gateway.writes import Revocation, WriteStatus, check_revoked, delete, disable, enable
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, sent, to_the_end
from tests.gateway.writes.test_update import a_key

pytestmark = pytest.mark.parametrize("profile", PROFILES)


async def test_with_a_fresh_record_disabling_is_two_round_trips(profile):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    record = await client.get_key(key_id)
    fake.requests.clear()
    result = await disable(client, key_id, journal, record=record)
    assert (result.status, result.key.status, result.before) == (WriteStatus.DONE, 2, record)
    assert sent(fake) == ["PUT /api/token/", f"GET /api/token/{key_id}"]
    assert fake.requests[0].query == "status_only=true"
    assert journal.records == 1


async def test_an_overdrawn_key_can_be_disabled_and_the_clamp_is_said(profile):
    fake = fake_gateway(profile)
    key_id = a_key(fake, remain_quota=-3)
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 2)
    assert any("overdrawn (-3 units)" in note for note in result.notes)


async def test_disabled_already_costs_a_look_or_two(profile):
    fake = fake_gateway(profile)
    key_id = a_key(fake, status=2)
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, result.notes, sent(fake, "PUT")) == (WriteStatus.DONE, ("It was so already.",), [])


async def test_an_old_record_that_says_disabled_is_not_believed(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    record = (await client.get_key(key_id)).model_copy(update={"status": 2})
    assert (await disable(client, key_id, MemoryJournal(), record=record)).key.status == 2
    assert fake.key(key_id).status == 2


async def test_the_record_of_another_key_is_not_used(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    other = await client.get_key(a_key(fake, name="other"))
    result = await disable(client, key_id, MemoryJournal(), record=other)
    assert (result.key.id, fake.key(other.id).status) == (key_id, 1)


async def test_without_status_only_a_plain_put_does_it(profile):
    fake = fake_gateway(profile, status_only=False, plain_status=True)
    key_id = a_key(fake)
    fake.on("request", lambda _call: fake.charge(key_id, 10), method="PUT")
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 2)
    assert fake.key(key_id).remain_quota + fake.key(key_id).used_quota == 50_000
    assert any("raced" in note for note in result.notes)


async def test_a_disable_does_not_wait_for_a_figure(profile):
    fake = fake_gateway(profile, status_only=False, plain_status=True)
    key_id = a_key(fake)
    fake.on("request", lambda _call: fake.charge(key_id, 10), method="PUT")
    fake.arm("lost_request", method="PUT", skip=1)
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, result.key.status) == (WriteStatus.DONE, 2)
    assert result.notes == ("The quota is +10 units from what it should be: it was moved meanwhile.",)


@pytest.mark.parametrize(
    ("switches", "learned"),
    [
        ({}, {"status_only": True}),
        ({"status_only": False, "plain_status": True}, {"status_only": True}),  # a full replace looks the same
        ({"status_only": False, "plain_status": False}, {"status_only": False, "plain_put_status": False}),
    ],
)
async def test_the_read_back_teaches(profile, switches, learned):
    fake = fake_gateway(profile, **switches)
    result = await enable(client_of(fake), a_key(fake, status=2), MemoryJournal())
    assert result.learned == learned
    fake.arm("lost_request", method="PUT")
    assert "status_only" not in (await disable(client_of(fake), a_key(fake), MemoryJournal())).learned


async def test_a_gateway_without_status_gets_it_made_harmless_with_an_alarm(profile):
    fake = fake_gateway(profile, status_only=False)
    key_id, client = a_key(fake, unlimited_quota=True), client_of(fake)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, result.key.state(fake.clock.now())) == (WriteStatus.DONE, EffectiveState.EXPIRED)
    assert (result.key.expired_time, result.key.remain_quota, result.key.unlimited_quota) == (1, 0, False)
    assert "Delete it" in result.alarm
    assert result.before.unlimited_quota is True
    assert (await client.check_key(SecretStr(fake.key_value(key_id)))).outcome == "refused"


async def test_a_gateway_that_takes_no_put_at_all_raises_the_alarm(profile):
    fake = fake_gateway(profile, group_check_update=True)
    key_id = a_key(fake, group="withdrawn")
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.GROUP_DENIED)
    assert "Delete it now" in result.alarm


async def test_a_late_status_put_that_undoes_the_harmless_key_is_caught(profile):
    fake = fake_gateway(profile, status_only=False)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm("late", method="PUT", delay=30.0)
    result = await to_the_end(fake, lambda: disable(client, key_id, journal))
    fake.advance(200)
    assert (result.status, fake.key(key_id).state(fake.clock.now())) == (WriteStatus.DONE, "expired")


@pytest.mark.parametrize("kind", ["lost_reply", "lost_request", "hang", "html", "empty_429", "panic", "refused"])
async def test_a_disable_survives_the_wire(profile, kind):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm(kind, method="PUT", times=3, status=524 if kind == "html" else 0)
    result = await to_the_end(fake, lambda: disable(client, key_id, journal))
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 2)


async def test_unsure_disables_are_repeated_soon_and_limits_are_waited_out(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    fake.arm("lost_request", method="PUT", times=2)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.UNKNOWN, 2.0)
    fake.arm("empty_429", method="PUT", times=2)
    result = await disable(client, key_id, MemoryJournal())
    assert result.status is WriteStatus.FAILED
    assert 0 < result.again_after <= 10
    fake.advance(result.again_after)
    fake.arm("empty", method="PUT", status=401, times=2, lands=False)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, result.refusal, result.alarm) == (WriteStatus.FAILED, Refusal.BAD_PAT, None)


async def test_a_key_that_is_gone_is_out_of_use(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    record = await client.get_key(key_id)
    await client.delete_key(key_id)
    result = await disable(client, key_id, MemoryJournal(), record=record)
    assert (result.status, result.key, result.before) == (WriteStatus.DONE, None, record)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.NOT_FOUND)


async def test_a_crash_in_the_middle_of_a_disable_is_picked_up(profile):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    journal.crash_at = {0: "after"}
    result = await to_the_end(fake, lambda: disable(client, key_id, journal))
    assert (result.status, result.before.status) == (WriteStatus.DONE, 1)
    again = await disable(client, key_id, journal)
    assert (again.status, again.before.status) == (WriteStatus.DONE, 1)


async def test_enabling(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=2), client_of(fake)
    result = await enable(client, key_id, MemoryJournal())
    assert (result.status, result.key.status, result.before.status) == (WriteStatus.DONE, 1, 2)


async def test_enabling_the_dead_needs_what_they_died_of(profile):
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
    assert (result.status, result.key.status, result.before.status) == (WriteStatus.DONE, 1, 3)
    result = await enable(client, empty, MemoryJournal(), add_quota=15)
    assert (result.status, result.key.remain_quota) == (WriteStatus.DONE, 10)
    both = a_key(fake, status=4, remain_quota=0, expired_time=now - 10)
    result = await enable(client, both, MemoryJournal(), add_quota=15, expired_time=-1)
    assert result.key.state(now) is EffectiveState.ACTIVE


@pytest.mark.parametrize("charge_at", ["", "request", "row_read"])
async def test_an_overdrawn_and_expired_key_gains_exactly_the_delta(profile, charge_at):
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


async def test_enabling_what_has_changed_is_refused(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=2), client_of(fake)
    seen = await client.get_key(key_id)
    fake.edit_behind(key_id, allow_ips="")
    assert (await enable(client, key_id, MemoryJournal(), expected=seen)).refusal is Refusal.CHANGED_SINCE


async def test_an_empty_key_that_is_enabled_on_the_record_was_not_so_already(profile):
    fake = fake_gateway(profile)
    key_id = a_key(fake, remain_quota=0)
    result = await enable(client_of(fake), key_id, MemoryJournal(), add_quota=100)
    assert (result.status, result.notes, result.key.remain_quota) == (WriteStatus.DONE, (), 100)


async def test_an_exhausted_key_that_was_disabled_meanwhile_stays_so(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=4, remain_quota=0), client_of(fake)
    seen = await client.get_key(key_id)
    fake.edit_behind(key_id, status=2)
    result = await enable(client, key_id, MemoryJournal(), add_quota=5, expected=seen)
    assert (result.refusal, fake.key(key_id).status) == (Refusal.CHANGED_SINCE, 2)


async def test_a_step_that_is_not_settled_stops_the_enabling(profile):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake, status=4, remain_quota=0), client_of(fake), MemoryJournal()
    fake.arm("late", method="PUT", delay=50.0)
    assert (await enable(client, key_id, journal, add_quota=5)).status is WriteStatus.UNKNOWN
    result = await to_the_end(fake, lambda: enable(client, key_id, journal, add_quota=5))
    assert (result.status, result.key.remain_quota) == (WriteStatus.DONE, 5)


async def test_an_unsure_enable_is_not_repeated_before_it_is_settled(profile):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake, status=2), client_of(fake), MemoryJournal()
    fake.arm("lost_request", method="PUT")
    result = await to_the_end(fake, lambda: enable(client, key_id, journal))
    puts = [seen.at for seen in fake.requests if seen.method == "PUT"]
    assert (result.status, len(puts)) == (WriteStatus.DONE, 2)
    assert puts[1] - puts[0] >= 90


async def test_enabled_and_empty_by_then_is_not_done(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, status=2, remain_quota=5), client_of(fake)
    fake.on("answer", lambda _call: fake.charge(key_id, 50), method="PUT")
    result = await enable(client, key_id, MemoryJournal())
    assert (result.status, result.key.status) == (WriteStatus.FAILED, 1)
    assert "overdrawn" in result.sentence


async def test_a_gateway_that_does_not_enable_says_so(profile):
    fake = fake_gateway(profile, status_only=False, plain_status=False)
    result = await enable(client_of(fake), a_key(fake, status=2), MemoryJournal())
    assert (result.status, [each.field for each in result.differences]) == (WriteStatus.FAILED, ["status"])


async def test_a_restriction_lost_while_enabling_is_not_green(profile):
    fake = fake_gateway(profile)
    key_id = a_key(fake, status=2)
    fake.on("answer", lambda _call: fake.edit_behind(key_id, allow_ips="", remain_quota=9), method="PUT")
    result = await enable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, [each.field for each in result.differences]) == (WriteStatus.FAILED, ["allow_ips"])
    assert any("units from" in note for note in result.notes)


async def test_usage_lost_while_enabling_is_mended_before_it_is_done(profile):
    fake = fake_gateway(profile, status_only=False, plain_status=True)
    key_id, client, journal = a_key(fake, status=2), client_of(fake), MemoryJournal()
    fake.on("request", lambda _call: fake.charge(key_id, 10), method="PUT")
    fake.arm("lost_request", method="PUT", skip=1)
    assert (await enable(client, key_id, journal)).status is WriteStatus.UNKNOWN
    result = await to_the_end(fake, lambda: enable(client, key_id, journal))
    assert (result.status, result.key.total_quota) == (WriteStatus.DONE, 50_000)


async def test_deleting(profile):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    result = await delete(client, key_id, journal)
    assert (result.status, result.key, result.before.id) == (WriteStatus.DONE, None, key_id)
    assert fake.key(key_id).deleted_at is not None
    assert (await delete(client, key_id, journal)).status is WriteStatus.DONE
    other = await delete(client, key_id, MemoryJournal())
    assert (other.status, other.refusal) == (WriteStatus.REFUSED, Refusal.NOT_FOUND)


@pytest.mark.parametrize("kind", ["lost_reply", "lost_request", "late", "duplicate", "empty_429", "html"])
async def test_a_delete_survives_the_wire(profile, kind):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm(kind, method="DELETE", delay=5.0 if kind == "late" else 0.0, status=524 if kind == "html" else 0)
    result = await to_the_end(fake, lambda: delete(client, key_id, journal))
    assert (result.status, fake.key(key_id).deleted_at is not None) == (WriteStatus.DONE, True)


async def test_a_delete_of_what_has_changed_or_does_not_go_away(profile):
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    seen = await client.get_key(key_id)
    fake.edit_behind(key_id, name="prod")
    assert (await delete(client, key_id, MemoryJournal(), expected=seen)).refusal is Refusal.CHANGED_SINCE
    fake.on("answer", lambda _call: fake.edit_behind(key_id, deleted_at=None), method="DELETE")
    result = await delete(client, key_id, MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.FAILED, None)


async def test_dead_means_refused_by_the_key_itself(profile):
    fake = fake_gateway(profile, cache_disable=50.0)
    key_id, client, journal = a_key(fake, allow_ips=""), client_of(fake), MemoryJournal()
    value = SecretStr(fake.key_value(key_id))
    await disable(client, key_id, MemoryJournal())
    checks = [await check_revoked(client, value, journal)]
    while checks[-1].again_after is not None:
        fake.advance(checks[-1].again_after)
        checks.append(await check_revoked(client, value, journal))
    assert [each.state for each in checks[:-1]] == [Revocation.ALIVE] * (len(checks) - 1)
    assert (checks[-1].state, checks[-1].checks) == (Revocation.DEAD, len(checks))
    assert value.get_secret_value() not in str(journal.kept)


async def test_still_alive_after_two_minutes_is_the_end_of_the_proof(profile):
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake, allow_ips=""), client_of(fake), MemoryJournal()
    waited, check = 0.0, await check_revoked(client, SecretStr(fake.key_value(key_id)), journal)
    while check.again_after is not None:
        waited += check.again_after
        check = await check_revoked(client, SecretStr(fake.key_value(key_id)), journal)
    assert (check.state, waited) == (Revocation.ALIVE, 120.0)


async def test_what_does_not_exist_cannot_be_enabled(profile):
    fake = fake_gateway(profile)
    result = await enable(client_of(fake), KeyId(99_999), MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.NOT_FOUND)
