"""Deleting: only under the exact name, once, and only if the key is as it was seen."""

import pytest

from bot.errors import InputError
from bot.features.key_delete.operation import OPERATION, DeleteKey
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus
from tests.features.kit import ADA, look_on, work_on
from tests.gateway.kit import PROFILES, client_of, fake_gateway


@pytest.mark.parametrize(
    ("name", "typed", "taken"),
    [
        ("search", "search", True),
        ("search", " search ", True),
        (" search ", "search", True),
        ("search", "Search", False),
        ("search", "", False),
        ("search", "101", False),
        ("", "101", True),
        ("", "", False),
        ("*<x>*", "*<x>*", True),
    ],
)
async def test_the_name_must_be_typed_exactly(name: str, typed: str, taken: bool) -> None:
    fake = fake_gateway()
    key = fake.add_key(name=name, remain_quota=5)
    assert key.id == 101
    look, wish = look_on(client_of(fake)), DeleteKey(key_id=key.id, confirm=typed)
    if taken:
        assert (await OPERATION.inspect(look, ADA, wish)).key_name == name
    else:
        with pytest.raises(InputError) as wrong:
            await OPERATION.inspect(look, ADA, wish)
        assert "confirm" in wrong.value.fields


async def test_the_live_line_does_not_wait_for_the_name() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", remain_quota=5)
    look = look_on(client_of(fake), preview=True, owner="U0BEN")
    assert not (await OPERATION.inspect(look, ADA, DeleteKey(key_id=key.id, confirm=""))).own


@pytest.mark.parametrize("profile", PROFILES)
async def test_it_is_deleted_once(profile: str) -> None:
    fake = fake_gateway(profile)
    key = fake.add_key(name="search", remain_quota=5)
    client, wish = client_of(fake), DeleteKey(key_id=key.id, confirm="search")
    before = await client.get_key(KeyId(key.id))
    result = await OPERATION.run(work_on(client, before), wish)
    assert result.status is WriteStatus.DONE
    assert fake.key(key.id).deleted_at is not None
    again = await OPERATION.run(work_on(client, before), wish)
    assert again.status is WriteStatus.DONE
    assert "gone already" in again.notes[0]
    assert (await OPERATION.run(work_on(client, None), wish)).status is WriteStatus.REFUSED


async def test_a_key_that_changed_since_is_left_alone() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", remain_quota=5)
    client = client_of(fake)
    before = await client.get_key(KeyId(key.id))
    fake.edit_behind(key.id, name="production")
    result = await OPERATION.run(work_on(client, before), DeleteKey(key_id=key.id, confirm="search"))
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, "changed_since")
