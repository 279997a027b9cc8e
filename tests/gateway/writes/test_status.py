"""How a status is set and read back: by which way, what usage did meanwhile, how long an unsure sending is waited for."""

from typing import Any

import pytest

from bot.gateway.errors import Refusal
from bot.gateway.writes import WriteStatus, disable, enable
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, sent, to_the_end
from tests.gateway.writes.test_update import a_key
from tests.narrow import present

pytestmark = pytest.mark.parametrize("profile", PROFILES)


@pytest.mark.parametrize(
    ("switches", "learned"),
    [
        ({}, {"status_only": True}),
        ({"status_only": False, "plain_status": True}, {"status_only": True}),  # a full replace looks the same
        ({"status_only": False, "plain_status": False}, {"status_only": False, "plain_put_status": False}),
    ],
)
async def test_the_read_back_teaches(profile: str, switches: dict[str, Any], learned: dict[str, bool]) -> None:
    fake = fake_gateway(profile, **switches)
    result = await enable(client_of(fake), a_key(fake, status=2), MemoryJournal())
    assert result.learned == learned
    fake.arm("lost_request", method="PUT")
    assert "status_only" not in (await disable(client_of(fake), a_key(fake), MemoryJournal())).learned


async def test_disabled_already_costs_a_look_or_two(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, status=2)
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, result.notes, sent(fake, "PUT")) == (WriteStatus.DONE, ("It was so already.",), [])


async def test_an_old_record_that_says_disabled_is_not_believed(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    record = (await client.get_key(key_id)).model_copy(update={"status": 2})
    assert present((await disable(client, key_id, MemoryJournal(), record=record)).key).status == 2
    assert fake.key(key_id).status == 2


async def test_without_status_only_a_plain_put_does_it(profile: str) -> None:
    fake = fake_gateway(profile, status_only=False, plain_status=True)
    key_id = a_key(fake)
    fake.on("request", lambda _call: fake.charge(key_id, 10), method="PUT")
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, fake.key(key_id).status) == (WriteStatus.DONE, 2)
    assert fake.key(key_id).remain_quota + fake.key(key_id).used_quota == 50_000
    assert any("raced" in note for note in result.notes)


async def test_a_disable_does_not_wait_for_a_figure(profile: str) -> None:
    fake = fake_gateway(profile, status_only=False, plain_status=True)
    key_id = a_key(fake)
    fake.on("request", lambda _call: fake.charge(key_id, 10), method="PUT")
    fake.arm("lost_request", method="PUT", skip=1)
    result = await disable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, present(result.key).status) == (WriteStatus.DONE, 2)
    assert result.notes == ("The quota is +10 units from what it should be: it was moved meanwhile.",)


async def test_usage_lost_while_enabling_is_mended_before_it_is_done(profile: str) -> None:
    fake = fake_gateway(profile, status_only=False, plain_status=True)
    key_id, client, journal = a_key(fake, status=2), client_of(fake), MemoryJournal()
    fake.on("request", lambda _call: fake.charge(key_id, 10), method="PUT")
    fake.arm("lost_request", method="PUT", skip=1)
    assert (await enable(client, key_id, journal)).status is WriteStatus.UNKNOWN
    result = await to_the_end(fake, lambda: enable(client, key_id, journal))
    assert (result.status, present(result.key).total_quota) == (WriteStatus.DONE, 50_000)


async def test_a_restriction_lost_while_enabling_is_not_green(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, status=2)
    fake.on("answer", lambda _call: fake.edit_behind(key_id, allow_ips="", remain_quota=9), method="PUT")
    result = await enable(client_of(fake), key_id, MemoryJournal())
    assert (result.status, [each.field for each in result.differences]) == (WriteStatus.FAILED, ["allow_ips"])
    assert any("units from" in note for note in result.notes)


async def test_unsure_disables_are_repeated_soon_and_limits_are_waited_out(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake), client_of(fake)
    fake.arm("lost_request", method="PUT", times=2)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.UNKNOWN, 2.0)
    fake.arm("empty_429", method="PUT", times=2)
    result = await disable(client, key_id, MemoryJournal())
    assert result.status is WriteStatus.FAILED
    assert 0 < present(result.again_after) <= 10
    fake.advance(present(result.again_after))
    fake.arm("empty", method="PUT", status=401, times=2, lands=False)
    result = await disable(client, key_id, MemoryJournal())
    assert (result.status, result.refusal, result.alarm) == (WriteStatus.FAILED, Refusal.BAD_PAT, None)


async def test_an_unsure_enable_is_not_repeated_before_it_is_settled(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake, status=2), client_of(fake), MemoryJournal()
    fake.arm("lost_request", method="PUT")
    result = await to_the_end(fake, lambda: enable(client, key_id, journal))
    puts = [seen.at for seen in fake.requests if seen.method == "PUT"]
    assert (result.status, len(puts)) == (WriteStatus.DONE, 2)
    assert puts[1] - puts[0] >= 90
