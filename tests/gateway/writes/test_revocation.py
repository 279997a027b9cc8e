"""One check of a disabled key by using it: what it shows, when the next one is due, and that the value is kept nowhere."""

import pytest
from pydantic import SecretStr

from bot.gateway.writes import disable
from bot.gateway.writes.revocation import REVOCATION_DELAYS, Revocation, check_revoked
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway
from tests.gateway.writes.test_update import a_key


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_disabled_key_is_refused_and_no_further_check_follows(profile: str) -> None:
    fake = fake_gateway(profile)
    key, journal = fake.add_key(name="search", remain_quota=5, status=2), MemoryJournal()
    value = SecretStr(f"sk-{fake.key_value(key.id).removeprefix('sk-')}")
    found = await check_revoked(client_of(fake), value, journal)
    assert (found.state, found.checks, found.again_after) == (Revocation.DEAD, 1, None)
    assert value.get_secret_value() not in str(journal.kept)


async def test_a_key_that_works_is_checked_again_after_each_delay_then_no_more() -> None:
    fake = fake_gateway()
    key, journal, client = fake.add_key(name="search", remain_quota=5), MemoryJournal(), client_of(fake)
    value = SecretStr(f"sk-{fake.key_value(key.id).removeprefix('sk-')}")
    pauses = []
    for _ in range(len(REVOCATION_DELAYS) + 1):
        found = await check_revoked(client, value, journal)
        assert found.state is Revocation.ALIVE
        pauses.append(found.again_after)
    assert pauses == [*REVOCATION_DELAYS, None]
    assert sum(REVOCATION_DELAYS) == 120.0


@pytest.mark.parametrize("profile", PROFILES)
async def test_dead_means_refused_by_the_key_itself(profile: str) -> None:
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
