"""What one account offers: each of several gateways has its own."""

from collections.abc import Iterator

import pytest

from bot.gateway.gateways import Gateways
from bot.gateway.numbers import BLOCK, KeyNumbers, know_names
from bot.keys.inventory import Inventory
from tests.gateway.kit import client_of, fake_gateway


@pytest.fixture(autouse=True)
def _names() -> Iterator[None]:
    yield
    know_names({})


class Two:
    def __init__(self) -> None:
        self.here, self.there = fake_gateway(), fake_gateway("upstream-g2")
        gateways = Gateways(
            {"default": client_of(self.here), "prod": client_of(self.there, numbers=KeyNumbers(name="prod"))}
        )
        gateways.number({"default": 0, "prod": 1})
        self.inventory = Inventory(gateways, clock=self.here.clock)


async def test_models_groups_prices_and_balance_are_those_of_the_gateway() -> None:
    two = Two()
    ask = two.inventory
    two.here.account.quota, two.there.account.quota = 11, 22
    assert await ask.models(deadline=5.0) is not None
    # New-api tells its groups, CometAPI offers no such call.
    assert await ask.groups(deadline=5.0) is None
    assert await ask.groups(deadline=5.0, gateway="prod") is not None
    assert await ask.prices(deadline=5.0, gateway="prod") != await ask.prices(deadline=5.0)
    for gateway, quota in (("", 11), ("default", 11), ("prod", 22)):
        account = await ask.account(deadline=5.0, gateway=gateway)
        assert account is not None
        assert account.quota == quota
        assert ask.known_account(gateway) == account
        assert ask.account_group(gateway) == account.group
    await ask.close()


async def test_a_removed_gateway_offers_nothing() -> None:
    ask = Two().inventory
    assert await ask.models(deadline=5.0, gateway="old") is None
    assert await ask.groups(deadline=5.0, gateway="old") is None
    assert await ask.account(deadline=5.0, gateway="old") is None
    assert await ask.prices(deadline=5.0, gateway="old") == {}
    assert (ask.known_account("old"), ask.account_group("old")) == (None, None)
    assert not await ask.name_in_use("svc", deadline=5.0, gateway="old")


async def test_names_are_unique_at_a_gateway_and_found_at_all() -> None:
    two = Two()
    two.there.add_key(name="svc")
    assert not await two.inventory.name_in_use("svc", deadline=5.0)
    assert await two.inventory.name_in_use("svc", deadline=5.0, gateway="prod")
    assert [key.id > BLOCK for key in await two.inventory.named({"svc"}, deadline=5.0)] == [True]
    await two.inventory.close()


async def test_one_that_is_away_does_not_hide_the_other() -> None:
    two = Two()
    two.here.add_key(name="svc")
    two.there.arm("refused", times=None)
    assert [key.name for key in await two.inventory.keys(deadline=60.0) or ()] == ["svc"]
    assert [key.name for key in await two.inventory.newest(deadline=60.0) or ()] == ["svc"]
    two.here.arm("refused", times=None)
    two.inventory.changed()
    two.here.advance(10_000)
    assert await two.inventory.keys(deadline=60.0) is None
    await two.inventory.close()
