"""What there is once for each gateway: places, limiters by address, dollars, numbers."""

from collections.abc import Iterator, Mapping

import httpx
import pytest
from pydantic import SecretStr

from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import know_names
from bot.gateway_accounts import UNITS_AGAIN_SECONDS, GatewayAccounts, GatewayPlace, Wires, places
from bot.keys.inventory_writer import InventoryWriter
from bot.languages import english
from bot.permissions.gateways import GatewayTerms
from bot.proxies import Proxies
from bot.settings import load
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.world import World
from tests.gateway.kit import PAT, fake_gateway
from tests.narrow import present


@pytest.fixture(autouse=True)
def _names() -> Iterator[None]:
    yield
    know_names({})


class ByHost(httpx.AsyncBaseTransport):
    """Each host is a gateway of its own."""

    def __init__(self, hosts: Mapping[str, FakeGateway]) -> None:
        self._hosts = {host: fake.transport() for host, fake in hosts.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._hosts[request.url.host].handle_async_request(request)


def place(name: str, host: str, units: int = 500_000) -> GatewayPlace:
    return GatewayPlace(
        name=name, base_url=f"https://{host}", access_token=SecretStr(PAT), user_id=None, units_per_usd=units
    )


class Several:
    def __init__(self, database: Database, *found: GatewayPlace) -> None:
        self.fakes = {httpx.URL(one.base_url).host: fake_gateway("upstream-g1") for one in found}
        self.now = 1_000.0
        self.calls: list[tuple[str, str]] = []
        clock = next(iter(self.fakes.values())).clock
        wires = Wires(
            transport=ByHost(self.fakes),
            proxies=Proxies(),
            clock=lambda: self.now,
            sleep=clock.sleep,
            observe=lambda doing, _result, _seconds, gateway: self.calls.append((gateway, doing)),
        )
        writer = InventoryWriter(database=database, clock=lambda: self.now)
        self.accounts = GatewayAccounts(found, wires, database=database, writer=writer)


def test_the_gateway_of_the_settings_comes_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(folder=tmp_path_factory.mktemp("world"))
    settings = load(world.environment(gateway_url="https://gateway.test", port=3000), env_file=None)
    more = GatewayTerms(name="prod", base_url="https://b", access_token="TOKEN_B", user_id="7", units_per_usd=9)
    rest = GatewayTerms(name="lab", base_url="https://c", access_token="TOKEN_C")
    first, prod, lab = places(settings, [more, rest], lambda name: SecretStr(f"value of {name}"))
    assert (first.name, first.base_url) == ("default", "https://gateway.test")
    assert (prod.access_token.get_secret_value(), prod.user_id, prod.units_per_usd) == ("value of TOKEN_B", "7", 9)
    # What is not said is as in the settings.
    assert lab.units_per_usd == settings.keydesk_units_per_usd


async def test_accounts_at_one_address_share_its_limits(sqlite_database: Database) -> None:
    found = place("default", "one"), place("second", "one"), place("prod", "two")
    first, second, prod = Several(sqlite_database, *found).accounts.gateways.each
    assert first.limiter is second.limiter
    assert first.limiter is not prod.limiter


async def test_each_has_its_numbers_and_is_told_apart(sqlite_database: Database) -> None:
    several = Several(sqlite_database, place("default", "one"), place("prod", "two"))
    await several.accounts.number()
    assert [client.numbers.block for client in several.accounts.gateways.each] == [0, 1]
    for client in several.accounts.gateways.each:
        await client.get_status()
    assert [gateway for gateway, _ in several.calls] == ["default", "prod"]


async def test_each_counts_dollars_as_it_tells(sqlite_database: Database) -> None:
    several = Several(sqlite_database, place("default", "one"), place("prod", "two", 7))
    several.fakes["one"].switch("units_per_usd", 500_000)
    several.fakes["two"].switch("units_per_usd", 1_000_000)
    await several.accounts.number()
    assert await several.accounts.adopt_units()
    assert several.accounts.units == {"default": 500_000, "prod": 1_000_000}
    assert await several.accounts.dollars() == Dollars(usual=500_000, others={1: 1_000_000})
    [problem] = map(english, several.accounts.problems)
    assert problem.startswith("The gateway counts 1,000,000 units for a dollar, gateways.prod.units_per_usd says 7:")


async def test_one_that_was_away_is_asked_again_later(sqlite_database: Database) -> None:
    several = Several(sqlite_database, place("default", "one", 7))
    fake = several.fakes["one"]
    fake.switch("units_per_usd", 500_000)
    fake.arm("refused", times=None)
    assert not await several.accounts.adopt_units()
    fake.disarm()
    await several.accounts.check_units()
    assert list(several.accounts.problems) == []
    several.now += UNITS_AGAIN_SECONDS
    await several.accounts.check_units()
    assert "The gateway did not answer when Keydesk started" in english(present(next(several.accounts.problems, None)))
    # What is in force does not change under amounts that were shown.
    assert several.accounts.units == {"default": 7}
