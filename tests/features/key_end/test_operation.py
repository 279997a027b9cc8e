"""Ending: the expiry has passed, the status is as it was, and a repeat writes nothing new."""

import pytest

from bot.errors import InputError
from bot.features.key_end.operation import OPERATION, EndKey
from bot.gateway.models import EffectiveState, KeyId
from bot.gateway.writes import WriteStatus
from tests.features.kit import ADA, look_on, work_on
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway


@pytest.mark.parametrize("profile", PROFILES)
async def test_an_ended_key_has_expired_and_is_otherwise_as_it_was(profile: str) -> None:
    fake = fake_gateway(profile)
    key = fake.add_key(name="search", remain_quota=5, group="default")
    client, journal = client_of(fake), MemoryJournal()
    found = await OPERATION.inspect(look_on(client), ADA, EndKey(key_id=key.id))
    assert [(line.before, line.after) for line in found.changes] == [("never", "now")]
    assert (found.own, found.facts.lifetime) == (True, 0)
    work = work_on(client, found.key, journal)
    for _ in range(2):
        result = await OPERATION.run(work, EndKey(key_id=key.id))
        assert result.status is WriteStatus.DONE
    now = await client.get_key(KeyId(key.id))
    assert now.state(client.server_now()) is EffectiveState.EXPIRED
    assert (now.name, now.remain_quota, now.group) == ("search", 5, "default")


async def test_a_key_that_has_expired_cannot_end_again() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", expired_time=1_000_000_000)
    with pytest.raises(InputError, match="expired already"):
        await OPERATION.inspect(look_on(client_of(fake)), ADA, EndKey(key_id=key.id))
