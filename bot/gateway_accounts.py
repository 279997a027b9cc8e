"""What there is once for each gateway: its client, its account, the list of its keys, what it can do, its dollars.

The gateway of the settings comes first; the others are those of the policy file as it was at the start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.dollars import Dollars
from bot.gateway.errors import GatewayUnavailable
from bot.gateway.gateways import Gateways
from bot.gateway.limiter import CallLimiter
from bot.gateway.numbers import DEFAULT, KeyNumbers, first_of, gateway_of
from bot.keys import gateway_blocks
from bot.keys.account import START_SECONDS, AccountBinding, Accounts
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.list_pass import ListPass
from bot.known_capabilities import EveryCapabilities, KnownCapabilities
from bot.languages import tr
from bot.permissions.gateways import GatewayTerms
from bot.proxies import Proxies
from bot.settings import Settings

# A gateway that was away at the start is asked again so many seconds later how it counts dollars.
UNITS_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class GatewayPlace:
    """Where a gateway is and how it is asked."""

    name: str
    base_url: str
    access_token: SecretStr
    user_id: str | None
    units_per_usd: int


def places(settings: Settings, terms: Sequence[GatewayTerms], secret: Callable[[str], SecretStr]) -> list[GatewayPlace]:
    """That of the settings, then those of the policy file. `secret`: by the name of its setting.

    Raises ConfigurationError where one is missing.
    """
    first = GatewayPlace(
        name=DEFAULT,
        base_url=settings.cometapi_base_url,
        access_token=settings.cometapi_access_token,
        user_id=settings.cometapi_user_id,
        units_per_usd=settings.keydesk_units_per_usd,
    )
    more = [
        GatewayPlace(
            name=one.name,
            base_url=one.base_url,
            access_token=secret(one.access_token),
            user_id=one.user_id,
            units_per_usd=one.units_per_usd or settings.keydesk_units_per_usd,
        )
        for one in terms
    ]
    return [first, *more]


@dataclass(frozen=True, kw_only=True)
class Wires:
    """What the connections to all gateways share. `observe`: as Wire's, and the gateway's name."""

    transport: httpx.AsyncBaseTransport | None
    proxies: Proxies
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    observe: Callable[[str, str, float, str], None]
    timeout: float = 30.0


def clients(found: Sequence[GatewayPlace], wires: Wires) -> dict[str, GatewayClient]:
    """A client for each gateway; those at one address share its limits."""
    limiters: dict[str, CallLimiter] = {}
    made = {}
    for place in found:
        limiter = limiters.get(place.base_url) or CallLimiter(clock=wires.clock, sleep=wires.sleep)
        limiters[place.base_url] = limiter
        numbers = KeyNumbers(name=place.name)
        made[place.name] = connect(
            base_url=place.base_url,
            access_token=place.access_token,
            user_id=place.user_id,
            transport=wires.transport,
            proxy=wires.proxies.of_url(place.base_url),
            clock=wires.clock,
            sleep=wires.sleep,
            timeout=wires.timeout,
            limiter=limiter,
            observe=_observer(numbers, wires.observe),
            numbers=numbers,
        )
    return made


def _observer(
    numbers: KeyNumbers, observe: Callable[[str, str, float, str], None]
) -> Callable[[str, str, float], None]:
    return lambda doing, result, seconds: observe(doing, result, seconds, gateway_of(first_of(numbers.block)))


class DollarUnits:
    """The units that a gateway counts for a dollar: as it tells, else as configured. `problem`: they differ."""

    def __init__(self, client: GatewayClient, units: int, *, setting: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._setting = setting
        self._clock = clock
        self.units = units
        self.problem: str = ""
        # When the gateway is asked again; None = it need not be.
        self._ask_at: float | None = None

    async def adopt(self) -> bool:
        """Take the gateway's number where it tells another. Before anything shows an amount."""
        told, ours = await self._told(), self.units
        if told is None or told == ours:
            return False
        self.problem = tr(
            "The gateway counts {told} units for a dollar, {setting} says {ours}: "
            "Keydesk goes by the gateway; correct the setting.",
            told=f"{told:,}",
            setting=self._setting,
            ours=f"{ours:,}",
        )
        self.units = told
        return True

    async def check(self) -> None:
        """Ask again where the gateway was away when Keydesk started: since then amounts go by the setting."""
        if self._ask_at is None or self._clock() < self._ask_at:
            return
        ours, told = self.units, await self._told()
        if told is not None and told != ours:
            self.problem = tr(
                "The gateway counts {told} units for a dollar, {setting} says {ours}. The gateway did not "
                "answer when Keydesk started, so Keydesk goes by the setting: correct it, or start Keydesk again.",
                told=f"{told:,}",
                setting=self._setting,
                ours=f"{ours:,}",
            )

    async def _told(self) -> int | None:
        self._ask_at = None
        try:
            return (await self._client.get_status(deadline=START_SECONDS)).quota_per_unit
        except GatewayUnavailable:
            self._ask_at = self._clock() + UNITS_AGAIN_SECONDS
        except GatewayError:
            pass  # CometAPI does not document the call
        return None


class GatewayAccounts:
    """All gateways, each with what there is of it. `start` before the first call."""

    def __init__(
        self, found: Sequence[GatewayPlace], wires: Wires, *, database: Database, writer: InventoryWriter
    ) -> None:
        self._database = database
        made = clients(found, wires)
        self.gateways = Gateways(made)
        pairs = [(place, made[place.name]) for place in found]
        self.accounts = Accounts(
            [
                AccountBinding(database=database, reader=client, address=place.base_url, clock=wires.clock)
                for place, client in pairs
            ]
        )
        self.list_passes = [
            ListPass(reader=client, database=database, writer=writer, listed=self.accounts.listed, clock=wires.clock)
            for client in made.values()
        ]
        self.capabilities = EveryCapabilities(
            {name: KnownCapabilities(database=database, reader=client) for name, client in made.items()}
        )
        self.addresses = {place.name: place.base_url for place in found}
        self.told_units = {
            place.name: DollarUnits(client, place.units_per_usd, setting=_setting(place.name), clock=wires.clock)
            for place, client in pairs
        }

    async def number(self) -> None:
        """Give each gateway the block of its keys' numbers."""
        self.gateways.number(await self._database.run(gateway_blocks.take, list(self.addresses)))

    async def adopt_units(self) -> bool:
        """Count dollars as the gateways do, where they tell. Whether one tells another number than is configured."""
        return any(await asyncio.gather(*(units.adopt() for units in self.told_units.values())))

    async def dollars(self) -> Dollars:
        """How many units make a dollar, of gateways that were taken away too. After `adopt_units`."""
        known = await self._database.run(gateway_blocks.remember_units, self.units)
        usual = self.units[DEFAULT]
        return Dollars(usual=usual, others={block: units for block, units in known.items() if units != usual})

    async def check_units(self) -> None:
        """Ask those again that were away at the start."""
        await asyncio.gather(*(units.check() for units in self.told_units.values()))

    @property
    def problems(self) -> Iterator[str]:
        """What is wrong with the accounts and their dollars."""
        yield from self.accounts.problems
        yield from (units.problem for units in self.told_units.values() if units.problem)

    @property
    def units(self) -> Mapping[str, int]:
        """Units for a dollar, by gateway."""
        return {name: told.units for name, told in self.told_units.items()}


def _setting(name: str) -> str:
    return "KEYDESK_UNITS_PER_USD" if name == DEFAULT else f"gateways.{name}.units_per_usd"
