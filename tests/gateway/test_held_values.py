"""Values of disabled keys, for the minutes of their proof."""

from bot.gateway.held_values import SECONDS
from bot.gateway.models import KeyId
from tests.gateway.kit import client_of, fake_gateway


async def test_only_values_of_disabled_keys_are_held_and_not_for_long():
    fake = fake_gateway()
    alive, dead = fake.add_key(name="alive").id, fake.add_key(name="dead", status=2).id
    client = client_of(fake)
    await client.list_keys()
    assert client.held.of_key(alive) is None
    assert client.held.of_key(dead).get_secret_value() == fake.key_value(dead)
    assert fake.key_value(dead) not in repr(vars(client.held))
    fake.advance(SECONDS + 1)
    assert client.held.of_key(dead) is None


async def test_a_key_that_is_in_use_again_is_dropped():
    fake = fake_gateway()
    key_id = fake.add_key(name="back", status=2).id
    client = client_of(fake)
    await client.get_key(KeyId(key_id))
    fake.edit_behind(key_id, status=1)
    await client.get_key(KeyId(key_id))
    assert client.held.of_key(key_id) is None


async def test_a_masked_value_is_known_to_be_masked():
    fake = fake_gateway("upstream-g2")
    key_id = fake.add_key(name="hidden", status=2).id
    client = client_of(fake)
    assert not client.held.is_masked(key_id)
    await client.get_key(KeyId(key_id))
    assert client.held.is_masked(key_id)
    assert client.held.of_key(key_id) is None
