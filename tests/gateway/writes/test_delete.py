"""A key is deleted once; gone counts as done only for who saw it before."""

import pytest

from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus
from bot.gateway.writes.delete import delete
from keydesk_sandbox.fake_gateway import GatewayFault
from tests.gateway.kit import PROFILES, MemoryJournal, client_of, fake_gateway, to_the_end


@pytest.mark.parametrize("profile", PROFILES)
async def test_it_is_gone_and_its_last_record_is_kept(profile: str) -> None:
    fake = fake_gateway(profile)
    key, journal = fake.add_key(name="search", remain_quota=5), MemoryJournal()
    for _ in range(2):
        result = await delete(client_of(fake), KeyId(key.id), journal)
        assert (result.status, result.key) == (WriteStatus.DONE, None)
        assert result.before is not None
        assert result.before.name == "search"
    assert sum(seen.method == "DELETE" for seen in fake.requests) == 1


async def test_a_key_that_this_request_never_saw_is_refused() -> None:
    result = await delete(client_of(fake_gateway()), KeyId(999), MemoryJournal())
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "not_found")


async def test_a_key_that_changed_is_left_alone() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="search", remain_quota=5), client_of(fake)
    expected = (await client.get_key(key.id)).settings()
    fake.edit_behind(key.id, name="production")
    result = await delete(client, KeyId(key.id), MemoryJournal(), expected=expected)
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "changed_since")
    assert [one.field for one in result.differences] == ["name"]
    assert fake.key(key.id).deleted_at is None


async def test_an_answer_that_was_lost_is_looked_up() -> None:
    fake = fake_gateway()
    key, client, journal = fake.add_key(name="search", remain_quota=5), client_of(fake), MemoryJournal()
    fake.arm(GatewayFault(kind="empty", method="DELETE", status=502, lands=True))
    result = await to_the_end(fake, lambda: delete(client, KeyId(key.id), journal))
    assert result.status is WriteStatus.DONE
    assert fake.key(key.id).deleted_at is not None
