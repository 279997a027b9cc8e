"""Kills under noise: an alert's card behind hundreds of queued messages, and an order while lookers-on spend the reads.

The whole bot runs in this process between the sandbox's Slack, with its paces, and the sandbox's gateway, with the
limit of 180 calls in 180 seconds for the second figure.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from bot.app import Application, prepare_database
from bot.approvals.cards.notifications import STORY
from bot.errors import GatewayError
from bot.gateway.models import KeyId
from bot.settings import load
from keydesk_sandbox import alerts, seed
from keydesk_sandbox.world import World, serving
from tests.narrow import present

QUEUED, FLOOD_PER_SECOND = 500, 50
READS_PER_SECOND, WARM_SECONDS = 110, 3.0
PATIENCE = 200.0


def measure() -> Iterator[tuple[str, float]]:
    """Seconds, each as soon as it is known."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"alert in → card behind {QUEUED} messages and a flood (s)"
        yield name, asyncio.run(_card(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        name = f"order → refused under {READS_PER_SECOND} reads/s, 180/180 s (s)"
        yield name, asyncio.run(_order(Path(folder)))


@contextlib.asynccontextmanager
async def _bot(folder: Path) -> AsyncIterator[tuple[World, Application, httpx.AsyncClient, int]]:
    world = World(folder=folder)
    key_id = world.gateway.add_key(name="leaked", unlimited_quota=True).id
    async with contextlib.AsyncExitStack() as stack:
        world.slack.base_url = await stack.enter_async_context(serving(world.slack.app))
        environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000)
        application = Application(load(environment, env_file=None), gateway_transport=world.gateway.transport())
        prepare_database(application.resources.database)
        url = await stack.enter_async_context(serving(application.asgi()))
        world.slack.bot_url = url + "/slack/events"
        stack.push_async_callback(world.slack.close)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        await _until(lambda: len(present(application.services).alerts.index) == 1)
        yield world, application, client, key_id


async def _card(folder: Path) -> float:
    async with _bot(folder) as (world, application, client, key_id):
        await application.resources.database.run(_queue, application)
        flood = asyncio.create_task(_flood(world))
        await asyncio.sleep(2.0)
        begun = time.perf_counter()
        card = await _alert(world, client, key_id)
        taken = time.perf_counter() - begun
        assert card is not None
        flood.cancel()
        return taken


def _queue(c: sa.Connection, application: Application) -> None:
    for number in range(QUEUED):
        present(application.services).outbox.want(
            c,
            id=f"noise:{number}",
            kind=STORY,
            subject="0",
            target=seed.SECURITY_CHANNEL,
            body={"text": f"Message {number}"},
        )


async def _flood(world: World) -> None:
    """One person's commands, as fast as they come."""
    while True:
        sent = asyncio.create_task(world.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, "/apikey requests"))
        await asyncio.wait({sent, asyncio.create_task(asyncio.sleep(1 / FLOOD_PER_SECOND))})


async def _order(folder: Path) -> float:
    async with _bot(folder) as (world, application, client, key_id):
        card = await _alert(world, client, key_id)
        await _until(lambda: "Quota left" in str(_cards(world)[0].blocks))
        world.gateway.switch("ip_limit", (180, 180.0))
        lookers = asyncio.create_task(_read(application, key_id))
        await asyncio.sleep(WARM_SECONDS)
        begun = time.perf_counter()
        await world.slack.click(seed.SECURITY, card, "disable")
        await _until(lambda: "dead, refused" in _cards(world)[0].text)
        lookers.cancel()
        return time.perf_counter() - begun


async def _read(application: Application, key_id: int) -> None:
    """What many people who look at keys ask for."""
    running: set[asyncio.Task[None]] = set()

    async def once() -> None:
        with contextlib.suppress(GatewayError):
            await application.resources.client.get_key(KeyId(key_id), deadline=2.0)

    while True:
        task = asyncio.create_task(once())
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(1 / READS_PER_SECOND)


async def _alert(world: World, client: httpx.AsyncClient, key_id: int) -> Any:
    value = world.gateway.key_value(key_id)
    body = alerts.body_of(alerts.GENERIC, number=1, text=f"sk-{value.removeprefix('sk-')}")
    sent = alerts.signed(alerts.GENERIC, body, secret=world.alert_secrets[alerts.GENERIC], now=time.time())
    await client.post(sent.path, headers=dict(sent.headers), content=sent.body)
    return (await _until(lambda: _cards(world)))[0]


def _cards(world: World) -> list[Any]:
    return [m for m in world.slack.messages(seed.SECURITY_CHANNEL) if "Alert 1 " in str(m.blocks)]


async def _until(true: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.005)
    return found
