"""Values of disabled keys, for the minutes of their proof."""

import pytest
from pydantic import SecretStr

from bot.gateway import held_values
from bot.gateway.held_values import SECONDS, HeldValues
from bot.gateway.models import KeyId
from tests.gateway.kit import client_of, fake_gateway
from tests.narrow import present


async def test_only_values_of_disabled_keys_are_held_and_not_for_long() -> None:
    fake = fake_gateway()
    alive, dead = fake.add_key(name="alive").id, fake.add_key(name="dead", status=2).id
    client = client_of(fake)
    await client.list_keys()
    assert client.held.of_key(alive) is None
    assert present(client.held.of_key(dead)).get_secret_value() == fake.key_value(dead)
    assert fake.key_value(dead) not in repr(vars(client.held))
    fake.advance(SECONDS + 1)
    assert client.held.of_key(dead) is None


async def test_a_key_that_is_in_use_again_is_dropped() -> None:
    fake = fake_gateway()
    key_id = fake.add_key(name="back", status=2).id
    client = client_of(fake)
    await client.get_key(KeyId(key_id))
    fake.edit_behind(key_id, status=1)
    await client.get_key(KeyId(key_id))
    assert client.held.of_key(key_id) is None


async def test_a_masked_value_is_known_to_be_masked() -> None:
    fake = fake_gateway("upstream-g2")
    key_id = fake.add_key(name="hidden", status=2).id
    client = client_of(fake)
    assert not client.held.is_masked(key_id)
    await client.get_key(KeyId(key_id))
    assert client.held.is_masked(key_id)
    assert client.held.of_key(key_id) is None


def test_the_oldest_gives_way_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_values, "_MOST", 2)
    held = HeldValues(clock=lambda: 0.0)
    for number in (1, 2, 3):
        held.hold(number, SecretStr(f"value {number}"))
    assert [held.of_key(number) is None for number in (1, 2, 3)] == [True, False, False]


async def test_of_too_many_masked_values_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_values, "_MOST", 2)
    fake = fake_gateway("upstream-g2")
    ids = [fake.add_key(name=f"hidden {number}", status=2).id for number in range(3)]
    client = client_of(fake)
    for key_id in ids:
        await client.get_key(KeyId(key_id))
    assert [client.held.is_masked(key_id) for key_id in ids] == [False, True, True]
