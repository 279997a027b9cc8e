"""All gateways together: each call goes to the one whose key it is about, and one that is away holds up no other."""

import pytest

from bot.gateway.errors import GatewayRemoved, GatewayUnavailable, KeyNotFound
from bot.gateway.gateways import Gateways, by_gateway, told_keys
from bot.gateway.models import Key, KeyId, KeyStatus
from bot.gateway.numbers import BLOCK, KeyNumbers
from bot.languages import english
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.gateway.kit import client_of, fake_gateway


class Two:
    """The gateway of the settings and another one, with a key of the same number and name at each."""

    def __init__(self) -> None:
        self.here, self.there = fake_gateway("upstream-g2"), fake_gateway("upstream-g2")
        self.gateways = Gateways(
            {
                "default": client_of(self.here),
                "prod": client_of(self.there, numbers=KeyNumbers(name="prod")),
            }
        )
        self.gateways.number({"default": 0, "prod": 1, "old": 2})
        self.own = self.here.add_key(name="svc").id
        assert self.there.add_key(name="svc").id == self.own
        self.first, self.second = KeyId(self.own), KeyId(BLOCK + self.own)


def away(gateway: FakeGateway) -> None:
    gateway.arm("refused", times=None)


async def test_equal_numbers_are_different_keys() -> None:
    two = Two()
    assert (await two.gateways.get_key(two.first)).id == two.first
    assert (await two.gateways.get_key_value(two.second)).key.id == two.second
    one, other = await two.gateways.reveal_key(two.first), await two.gateways.reveal_masked(two.second)
    assert one.get_secret_value() == two.here.key_value(two.own)
    assert other.get_secret_value() == two.there.key_value(two.own)
    assert (await two.gateways.get_keys([two.first, two.second])).keys() == {two.first, two.second}
    assert (await two.gateways.reveal_keys([two.second, two.first])).keys() == {two.first, two.second}
    assert [key.id for key in await two.gateways.list_keys()] == [two.first, two.second]
    assert {key.id for key in await two.gateways.find_keys("svc")} == {two.first, two.second}
    assert by_gateway([two.first, two.second, KeyId(99)]) == [[two.first, KeyId(99)], [two.second]]


def test_a_gateway_is_chosen_by_number_or_name() -> None:
    two = Two()
    assert two.gateways.of(two.second) is two.gateways.named("prod") is two.gateways.each[1]
    assert two.gateways.of(two.first) is two.gateways.named("") is two.gateways.named("default")
    with pytest.raises(GatewayRemoved) as caught:
        two.gateways.of(2 * BLOCK + 1)
    assert "The gateway old is not in the policy file any more." in english(caught.value.sentence)
    assert (caught.value.why, caught.value.facts.status) == (caught.value.sentence, None)
    with pytest.raises(KeyNotFound):
        two.gateways.of(9 * BLOCK + 1)


async def test_what_must_not_miss_a_key_fails_where_one_is_away() -> None:
    two = Two()
    away(two.there)
    with pytest.raises(GatewayUnavailable):
        await two.gateways.list_keys()
    with pytest.raises(GatewayUnavailable):
        await two.gateways.get_keys([two.first, two.second])
    assert (await two.gateways.get_keys([two.first])).keys() == {two.first}


async def test_what_can_be_told_is_told_where_one_is_away() -> None:
    two = Two()
    away(two.there)
    assert [key.id for key in await two.gateways.find_keys("svc")] == [two.first]
    assert (await two.gateways.reveal_keys([two.first, KeyId(2 * BLOCK + 1)])).keys() == {two.first}
    with pytest.raises(GatewayUnavailable):
        await two.gateways.find_keys("nobody")
    with pytest.raises(GatewayRemoved):
        await two.gateways.reveal_keys([KeyId(2 * BLOCK + 1)])
    away(two.here)
    with pytest.raises(GatewayUnavailable):
        await two.gateways.find_keys("svc")


async def test_whoever_listens_hears_all_of_them() -> None:
    two = Two()
    heard = list[Key]()
    two.gateways.listen(lambda rows: heard.extend(key for key, _ in rows))
    assert not two.gateways.has_listed
    await two.gateways.list_keys()
    assert {key.id for key in heard} == {two.first, two.second}
    assert two.gateways.has_listed


async def test_values_of_disabled_keys_are_held_together() -> None:
    two = Two()
    two.here.edit_behind(two.own, status=int(KeyStatus.DISABLED))
    two.there.edit_behind(two.own, status=int(KeyStatus.DISABLED))
    await two.gateways.list_keys()
    assert two.gateways.held.is_masked(two.first)
    assert two.gateways.held.is_masked(two.second)


async def test_each_has_its_clock_and_its_connections() -> None:
    two = Two()
    two.there.advance(3_600)
    await two.gateways.list_keys()
    now = two.gateways.now()
    assert two.gateways.server_now() - now < 5
    assert two.gateways.server_now(two.second) - now > 3_000
    # A removed one has none any more.
    assert two.gateways.server_now(2 * BLOCK + 1) == two.gateways.server_now()
    await two.gateways.aclose()


async def test_a_single_client_stands_for_all() -> None:
    client = client_of(fake_gateway())
    assert client.each == (client,)
    assert client.of(5) is client.named("prod") is client


async def test_of_many_keys_those_are_told_whose_gateways_tell() -> None:
    """All keys of somebody are wanted, to disable them: what is away or taken out keeps none of the others alive."""
    two, old = Two(), KeyId(2 * BLOCK + 5)
    away(two.there)
    keys, untold = await told_keys(two.gateways, [two.first, two.second, old, KeyId(old + 1)], deadline=5.0)
    assert [key.id for key in keys] == [two.first]
    assert sorted(map(list, untold.values())) == [[two.second], [old, old + 1]]
    assert any("The gateway old is not in the policy file" in english(why) for why in untold)
    with pytest.raises(GatewayRemoved):
        await told_keys(two.gateways, [old], deadline=5.0)
    assert await told_keys(two.gateways, [], deadline=5.0) == ([], {})
