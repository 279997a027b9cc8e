"""Quota moves by exactly the delta; what the gateway marked dead works again."""

import pytest
from pydantic import SecretStr

from bot.gateway.errors import Refusal
from bot.gateway.models import CheckOutcome
from bot.gateway.validation import LARGEST_QUOTA
from bot.gateway.writes import WriteStatus, change_quota, set_unlimited
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, sent, to_the_end
from tests.gateway.writes.test_update import a_key
from tests.narrow import present

pytestmark = pytest.mark.parametrize("profile", PROFILES)


async def test_the_sum_moves_by_the_delta_whatever_is_spent(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    fake.charge(key_id, 100)
    fake.on("request", lambda _call: fake.charge(key_id, 700), method="PUT")
    result = await change_quota(client_of(fake), key_id, 100_000, MemoryJournal())
    assert result.status is WriteStatus.DONE
    assert (fake.key(key_id).remain_quota, fake.key(key_id).used_quota) == (149_200, 800)


@pytest.mark.parametrize("plain_status", [False, True])
async def test_an_exhausted_key_works_again_and_the_key_itself_says_so(profile: str, plain_status: bool) -> None:
    fake = fake_gateway(profile, plain_status=plain_status)
    key_id, client = a_key(fake, remain_quota=0, status=4, allow_ips=""), client_of(fake)
    value = SecretStr(fake.key_value(key_id))
    assert (await client.check_key(value)).outcome is CheckOutcome.REFUSED
    result = await change_quota(client, key_id, 100_000, MemoryJournal())
    assert (result.status, present(result.key).status, present(result.key).remain_quota) == (
        WriteStatus.DONE,
        1,
        100_000,
    )
    assert (await client.check_key(value)).outcome is CheckOutcome.ACCEPTED
    assert present(result.before).status == 4


async def test_a_key_with_a_stale_status_only_needs_the_quota(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, remain_quota=-3)
    result = await change_quota(client_of(fake), key_id, 100, MemoryJournal())
    assert (present(result.key).remain_quota, len(sent(fake, "PUT"))) == (97, 1)


async def test_limits_of_the_number(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, remain_quota=10), client_of(fake)
    assert (await change_quota(client, key_id, -11, MemoryJournal())).refusal is Refusal.QUOTA_NEGATIVE
    assert (await change_quota(client, key_id, LARGEST_QUOTA, MemoryJournal())).refusal is Refusal.QUOTA_TOO_LARGE
    assert sent(fake, "PUT") == []
    assert present((await change_quota(client, key_id, -10, MemoryJournal())).key).remain_quota == 0


async def test_a_record_that_was_just_read_saves_a_call_until_something_was_sent(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fresh = await client.get_key(key_id)
    fake.charge(key_id, 700)
    result = await change_quota(client, key_id, 100_000, journal, fresh=fresh)
    assert (result.status, present(result.key).remain_quota) == (WriteStatus.DONE, 149_300)
    again = await change_quota(client, key_id, 100_000, journal, fresh=fresh)
    assert (again.status, fake.key(key_id).remain_quota) == (WriteStatus.DONE, 149_300)
    quiet = a_key(fake)
    fresh, reads = await client.get_key(quiet), len(sent(fake, "GET"))
    await change_quota(client, quiet, 5, MemoryJournal(), fresh=fresh)
    # The read-back alone.
    assert len(sent(fake, "GET")) - reads == 1


async def test_a_delta_that_usage_made_impossible_is_refused_on_the_retry(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake, remain_quota=10), client_of(fake), MemoryJournal()
    fake.arm("refused", method="PUT")
    assert (await change_quota(client, key_id, -10, journal)).again_after == 15.0
    fake.charge(key_id, 5)
    result = await change_quota(client, key_id, -10, journal)
    assert (result.status, result.refusal, fake.key(key_id).remain_quota) == (
        WriteStatus.REFUSED, Refusal.QUOTA_NEGATIVE, 5,
    )  # fmt: skip


async def test_somebody_elses_edit_is_not_guessed_at(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake)
    fake.on("answer", lambda _call: fake.edit_behind(key_id, remain_quota=5), method="PUT")
    result = await change_quota(client_of(fake), key_id, 100, MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.UNKNOWN, None)
    assert [(each.wanted, each.found) for each in result.differences] == [(50_100, 5)]


@pytest.mark.parametrize("kind", ["lost_reply", "lost_request", "late", "html", "duplicate", "empty_429"])
async def test_a_raise_happens_once(profile: str, kind: str) -> None:
    fake = fake_gateway(profile)
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    fake.arm(kind, method="PUT", delay=50.0 if kind == "late" else 0.0, status=524 if kind == "html" else 0)
    result = await to_the_end(fake, lambda: change_quota(client, key_id, 100, journal))
    assert (result.status, fake.key(key_id).remain_quota) == (WriteStatus.DONE, 50_100)


async def test_unlimited_and_back(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, remain_quota=-3, status=4), client_of(fake)
    result = await set_unlimited(client, key_id, MemoryJournal(), unlimited=True)
    assert (result.status, present(result.key).unlimited_quota, present(result.key).status) == (
        WriteStatus.DONE,
        True,
        1,
    )
    fake.charge(key_id, 500)
    result = await set_unlimited(client, key_id, MemoryJournal(), unlimited=False, remain_quota=77)
    assert (present(result.key).unlimited_quota, present(result.key).remain_quota) == (False, 77)


async def test_a_limit_needs_a_number(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, unlimited_quota=True), client_of(fake)
    for wrong in (
        {"unlimited": False},
        {"unlimited": True, "remain_quota": 5},
        {"unlimited": False, "remain_quota": -1},
    ):
        assert (await set_unlimited(client, key_id, MemoryJournal(), **wrong)).refusal is Refusal.INVALID
    assert fake.requests == []


async def test_a_limit_of_nothing_leaves_an_exhausted_key_exhausted(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id = a_key(fake, remain_quota=5, status=4)
    result = await set_unlimited(client_of(fake), key_id, MemoryJournal(), unlimited=False, remain_quota=0)
    assert (result.status, present(result.key).status) == (WriteStatus.DONE, 4)
