"""What the gateway is asked for, and how fast many keys are disabled under its default limits (180 calls in 180 s)."""

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.app import Application, prepare_database
from bot.db import named_values
from bot.gateway.client import GatewayClient, connect
from bot.gateway.limiter import duration_text
from bot.gateway.models import KeyId
from bot.gateway.writes import KeyChanges, change_quota, update
from bot.incident import store
from bot.incident.models import BatchForecast, BatchRevocation, forecast_name
from bot.settings import load
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.world import World, serving

PROFILE = "upstream-g2"
PATIENCE = 60.0
BUMPS = 200
# 13 paid calls a second beside answers of 50 ms; a call takes a pre-charge and gives the rest back.
CALLS_PER_REQUEST, PRE_CHARGE, COST = 0.65, 18_937, 375


class _Journal:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    async def recall(self, name: str) -> object | None:
        return self._kept.get(name)

    async def record(self, name: str, value: object) -> None:
        self._kept[name] = value


def _client(fake: FakeGateway) -> GatewayClient:
    return connect(
        base_url="http://gateway.test",
        access_token=SecretStr(fake.access_token),
        user_id="1" if fake.switches.user_header else None,
        transport=fake.transport(),
        clock=fake.clock,
        sleep=fake.clock.sleep,
    )


def exactness() -> tuple[int, float]:
    """(units off after 200 bumps and 200 renames of a key in use, writes for each of them)."""
    return asyncio.run(_exactness())


async def _exactness() -> tuple[int, float]:
    fake = FakeGateway(access_token="a" * 28, profile="cometapi")
    key = fake.add_key(name="busy", remain_quota=5_000_000)
    client, rng, under_way = _client(fake), random.Random(4), 0

    def traffic(_call: object) -> None:
        nonlocal under_way
        for _ in range(2):
            if rng.random() < CALLS_PER_REQUEST / 2:
                fake.charge(key.id, PRE_CHARGE)
                under_way += 1
            if under_way and rng.random() < CALLS_PER_REQUEST / 2:
                fake.charge(key.id, COST - PRE_CHARGE)
                under_way -= 1

    fake.charge(key.id, COST)
    fake.on("request", traffic, times=None)
    for number in range(BUMPS):
        await change_quota(client, KeyId(key.id), 1_000, _Journal())
        await update(client, KeyId(key.id), KeyChanges(name=f"busy {number}"), _Journal())
    row = fake.key(key.id)
    writes = sum(seen.method == "PUT" for seen in fake.requests)
    return row.remain_quota + row.used_quota - 5_000_000 - BUMPS * 1_000, writes / (2 * BUMPS)


def reveals(number: int = 12) -> tuple[int, int]:
    """(new keys whose owners saw their value at once, refusals)."""
    return asyncio.run(_reveals(number))


async def _reveals(number: int) -> tuple[int, int]:
    fake = FakeGateway(access_token="a" * 28, profile=PROFILE)
    client = _client(fake)
    ids = [KeyId(fake.add_key(name=f"new {each}").id) for each in range(number)]
    values = await asyncio.gather(*(client.reveal_key(key_id, deadline=20.0) for key_id in ids))
    return len({value.get_secret_value() for value in values}), sum(seen.status == 429 for seen in fake.requests)


def incident(number: int, *, seconds: float = PATIENCE) -> dict[str, Any]:
    """One batch under the default limits, for so many seconds at most: how far it came, what it asked, what it says."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_incident(Path(folder), number, seconds))


async def _incident(folder: Path, number: int, seconds: float) -> dict[str, Any]:
    world = World(folder=folder, profile=PROFILE)
    async with contextlib.AsyncExitStack() as stack:
        world.slack.base_url = await stack.enter_async_context(serving(world.slack.app))
        environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000)
        application = Application(load(environment, env_file=None), gateway_transport=world.gateway.transport())
        database = application.resources.database
        prepare_database(database)
        url = await stack.enter_async_context(serving(application.asgi()))
        world.slack.bot_url = url + "/slack/events"
        stack.push_async_callback(world.slack.close)
        services = application.services
        assert services is not None
        await _until(lambda: services.alerts.index.complete, PATIENCE)
        records = [world.gateway.add_key(name=f"svc-{each}", unlimited_quota=True) for each in range(number)]
        calls, begun = len(world.gateway.requests), time.perf_counter()
        batch_id = await database.run(
            services.incident.begin,
            delivery_id="bench",
            keys={record.id: record.name for record in records},
            requester_id=seed.SECURITY,
            requester_team=seed.TEAM,
            what="a benchmark",
            reason="a benchmark",
            channel_id="",
            rule="bench",
        )
        all_disabled = await _until(lambda: _disabled(world, number) == number, seconds)
        disabled_after = time.perf_counter() - begun
        proved_after = 0.0
        while all_disabled and time.perf_counter() - begun < seconds:
            proved = (await database.read(store.proved, batch_id))[BatchRevocation.REFUSED]
            if proved == number:
                proved_after = time.perf_counter() - begun
                break
            await asyncio.sleep(0.05)
        forecast: BatchForecast | None = await database.read(named_values.get, forecast_name(batch_id))
        asked = [seen for seen in world.gateway.requests[calls:] if seen.path.startswith("/api/")]
        return {
            "disabled": _disabled(world, number),
            "seconds": disabled_after,
            "proved after": proved_after,
            "calls": len(asked),
            "refusals": sum(seen.status == 429 for seen in asked),
            "card": "" if forecast is None else f"{duration_text(forecast['seconds'])} more",
        }


def _disabled(world: World, number: int) -> int:
    return sum(key.status == 2 for key in world.gateway.keys()[:number])


async def _until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > end:
            return False
        await asyncio.sleep(0.02)
    return True
