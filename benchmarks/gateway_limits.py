"""What the gateway is asked for, and how fast many keys are disabled under its default limits (180 calls in 180 s)."""

import asyncio
import math
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.whole_bot import running, until
from bot.db import named_values
from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.limiter import CallLimiter, Limit, WindowSize, duration_text
from bot.gateway.models import KeyId
from bot.gateway.writes import KeyChanges, WriteStatus, change_quota, update
from bot.incident import store
from bot.incident.models import BatchForecast, BatchRevocation, forecast_name
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.world import World

PROFILE = "upstream-g2"
BUMPS = 200
# Paid calls beside the changes; each takes a pre-charge and gives the rest back a while later.
CALLS_A_SECOND, PRE_CHARGE, COST = 13.0, 18_937, 375


class _Journal:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    async def recall(self, name: str) -> object | None:
        return self._kept.get(name)

    async def record(self, name: str, value: object) -> None:
        self._kept[name] = value


def _client(fake: FakeGateway, limiter: CallLimiter | None = None) -> GatewayClient:
    return connect(
        base_url="http://gateway.test",
        access_token=SecretStr(fake.access_token),
        user_id="1" if fake.switches.user_header else None,
        transport=fake.transport(),
        clock=fake.clock,
        sleep=fake.clock.sleep,
        limiter=limiter,
    )


def _without_limits(fake: FakeGateway) -> CallLimiter:
    """For rows that are not about limits, whose clock stands still."""
    sizes = {limit: WindowSize(most=10**9, seconds=1.0, shares={}) for limit in Limit}
    return CallLimiter(clock=fake.clock, sleep=fake.clock.sleep, sizes=sizes)


def exactness(round_trip: float) -> tuple[int, int, float, float]:
    """200 bumps and 200 renames of a key in use: (units off, not done, rounds for each, rounds that luck alone needs).

    A write fits when nothing was charged or refunded for one round trip, whoever writes: what is charged then comes by
    chance, so no client needs fewer rounds than `exp(events in a round trip)` on average.
    """
    off, undone, rounds = asyncio.run(_exactness(round_trip))
    return off, undone, rounds, math.exp(2 * CALLS_A_SECOND * round_trip)


async def _exactness(round_trip: float) -> tuple[int, int, float]:
    fake = FakeGateway(access_token="a" * 28, profile="cometapi")
    key = fake.add_key(name="busy", remain_quota=5_000_000)
    client, rng, under_way = _client(fake, _without_limits(fake)), random.Random(4), 0

    def happened() -> int:
        """How often something that happens `CALLS_A_SECOND` times a second does in one round trip."""
        number, left = -1, round_trip
        while left > 0:
            number, left = number + 1, left - rng.expovariate(CALLS_A_SECOND)
        return max(0, number)

    def traffic(_call: object) -> None:
        nonlocal under_way
        for _ in range(happened()):
            fake.charge(key.id, PRE_CHARGE)
            under_way += 1
        for _ in range(min(under_way, happened())):
            fake.charge(key.id, COST - PRE_CHARGE)
            under_way -= 1

    fake.charge(key.id, COST)
    fake.on("request", traffic, times=None)
    results = []
    for number in range(BUMPS):
        results.append(await change_quota(client, KeyId(key.id), 1_000, _Journal()))
        results.append(await update(client, KeyId(key.id), KeyChanges(name=f"busy {number}"), _Journal()))
    row = fake.key(key.id)
    writes = sum(seen.method == "PUT" for seen in fake.requests)
    undone = sum(result.status is not WriteStatus.DONE for result in results)
    return row.remain_quota + row.used_quota - 5_000_000 - BUMPS * 1_000, undone, writes / (2 * BUMPS)


def reveals(number: int = 12) -> tuple[int, int]:
    """(new keys whose owners saw their value at once, refusals)."""
    return asyncio.run(_reveals(number))


async def _reveals(number: int) -> tuple[int, int]:
    fake = FakeGateway(access_token="a" * 28, profile=PROFILE)
    client = _client(fake)
    ids = [KeyId(fake.add_key(name=f"new {each}").id) for each in range(number)]
    values = await asyncio.gather(*(client.reveal_key(key_id, deadline=20.0) for key_id in ids))
    return len({value.get_secret_value() for value in values}), sum(seen.status == 429 for seen in fake.requests)


def incident(number: int, *, seconds: float = 60.0) -> dict[str, Any]:
    """One batch under the default limits, for so many seconds at most: how far it came, what it asked, what it says."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_incident(Path(folder), number, seconds))


async def _incident(folder: Path, number: int, seconds: float) -> dict[str, Any]:
    async with running(folder, profile=PROFILE) as (world, services):
        database = services.database
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
        forecast: BatchForecast | None = None

        async def proved() -> bool:
            nonlocal forecast
            # What the card said first is what people wait by.
            forecast = forecast or await database.read(named_values.get, forecast_name(batch_id))
            return (await database.read(store.proved, batch_id))[BatchRevocation.REFUSED] == number

        async def disabled() -> bool:
            return await proved() or _disabled(world, number) == number

        all_disabled = await until(disabled, seconds)
        disabled_after = time.perf_counter() - begun
        all_proved = all_disabled and await until(proved, seconds - disabled_after)
        asked = [seen for seen in world.gateway.requests[calls:] if seen.path.startswith("/api/")]
        return {
            "disabled": _disabled(world, number),
            "seconds": disabled_after,
            "proved after": time.perf_counter() - begun if all_proved else 0.0,
            "calls": len(asked),
            "refusals": sum(seen.status == 429 for seen in asked),
            "card": "" if forecast is None else f"{duration_text(forecast['seconds'])} more",
        }


def _disabled(world: World, number: int) -> int:
    return sum(key.status == 2 for key in world.gateway.keys()[:number])
