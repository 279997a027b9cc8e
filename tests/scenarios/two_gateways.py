"""A house with two gateways: `default`, and `prod`, which the policy file names."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.settings import NamedSecret
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import FakeGateway, Record
from keydesk_sandbox.world import World
from tests.scenarios.desk import Desk, refusal, running, text_of, view_text

ADA, CHANNEL = seed.ENGINEER, seed.KEYS_CHANNEL

PROD_TOKEN = "fakePatOfTheSecondGateway01234567"
GATEWAYS = '\n[gateways.prod]\nbase_url = "http://127.0.0.2:1"\naccess_token = "GATEWAY_TOKEN_PROD"\nuser_id = 7\n'


class ByHost(httpx.AsyncBaseTransport):
    def __init__(self, default: FakeGateway, prod: FakeGateway) -> None:
        self._of = {"127.0.0.1": default.transport(), "127.0.0.2": prod.transport()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._of[request.url.host].handle_async_request(request)


@dataclass
class House:
    """A world with two gateways, in which Keydesk is started and stopped. `prod` asks without a token of the first."""

    folder: Path
    database_url: str
    world: World = field(init=False)
    prod: FakeGateway = field(init=False)

    def __post_init__(self) -> None:
        monotonic = asyncio.get_running_loop().time
        self.world = World(folder=self.folder, one_clock=True, monotonic=monotonic)
        seed.fill_gateway(self.world.gateway)
        self.prod = FakeGateway(
            # Another seed: with the same one the keys of both would have the same values.
            access_token=PROD_TOKEN,
            profile="upstream-g1",
            clock=self.world.gateway.clock,
            user_id=7,
            seed=2,
        )
        self.write()

    def write(self, gateways: str = GATEWAYS, rules: str = "") -> None:
        self.world.policy_path.write_text(rules + seed.POLICY + gateways, encoding="utf-8")

    def running(self, token: str = PROD_TOKEN) -> contextlib.AbstractAsyncContextManager[Desk]:
        return running(
            self.world,
            database_url=self.database_url,
            gateway=ByHost(self.world.gateway, self.prod),
            named_secret=lambda name: NamedSecret(name, SecretStr(token)),
        )


def named(gateway: FakeGateway) -> list[Record]:
    return list(gateway.keys())


async def asked(desk: Desk, gateway: str, name: str, **more: str) -> str:
    """Ask for a key at a gateway; the answer's text, or why it was refused."""
    answer = await desk.ask(
        ADA, **{"gateway": gateway, "name": name, "remain_quota": "100k", "expired_time": "30d"} | more
    )
    told = refusal(answer) or view_text(desk.slack.top_view(ADA))
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
    return told


def told(desk: Desk) -> str:
    """What Ada sees in the channel, with what only she sees."""
    return " ".join(text_of(one) for one in desk.slack.messages(CHANNEL, ADA))


@contextlib.asynccontextmanager
async def built(folder: Path, database_url: str) -> AsyncIterator[House]:
    """The house, and what is left of it taken away again."""
    made = House(folder, database_url)
    yield made
    await made.world.slack.close()


@pytest.fixture
async def house(tmp_path: Path, thorough_database_url: str) -> AsyncIterator[House]:
    """Two gateways, on SQLite and, in `make thorough`, on PostgreSQL."""
    async with built(tmp_path, thorough_database_url) as made:
        yield made


@pytest.fixture
async def sqlite_house(tmp_path: Path, sqlite_url: str) -> AsyncIterator[House]:
    """Two gateways, for what no row decides."""
    async with built(tmp_path, sqlite_url) as made:
        yield made
