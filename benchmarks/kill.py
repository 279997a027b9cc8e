"""From an alert to a dead key, the whole bot in this process between the sandbox's Slack and gateway.

Slack is real HTTP on loopback; the gateway answers in process, so what is left is our own time. Only three cards are
posted, since more would wait for Slack's pace of one message a second.
"""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from bot.alerts import store
from bot.app import Application, prepare_database
from bot.approvals import store as requests_store
from bot.settings import load
from keydesk_sandbox import alerts, seed
from keydesk_sandbox.world import World, serving
from tests.narrow import present

ROUNDS = 3
PATIENCE = 20.0


def measure() -> dict[str, float]:
    """Milliseconds, medians of a few rounds; the last is a number of calls."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, float]:
    world = World(folder=folder)
    records = [world.gateway.add_key(name=f"bench-{number}", unlimited_quota=True) for number in range(ROUNDS)]
    async with contextlib.AsyncExitStack() as stack:
        world.slack.base_url = await stack.enter_async_context(serving(world.slack.app))
        environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000)
        application = Application(load(environment, env_file=None), gateway_transport=world.gateway.transport())
        prepare_database(application.resources.database)
        url = await stack.enter_async_context(serving(application.asgi()))
        world.slack.bot_url = url + "/slack/events"
        stack.push_async_callback(world.slack.close)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        await _until(lambda: len(present(application.services).alerts.index) == ROUNDS)
        taken: dict[str, list[float]] = {"posted": [], "verified": [], "dead": [], "calls": []}
        for number, record in enumerate(records):
            await _round(world, application, client, number, record.id, taken)
    return {
        "alert in → card in Slack (ms)": statistics.median(taken["posted"]) * 1e3,
        "click → record verified (ms)": statistics.median(taken["verified"]) * 1e3,
        "click → key refused (ms)": statistics.median(taken["dead"]) * 1e3,
        "click → verified, gateway calls": statistics.median(taken["calls"]),
    }


async def _round(
    world: World, application: Application, client: httpx.AsyncClient, number: int, key_id: int, taken: dict[str, Any]
) -> None:
    value = world.gateway.key_value(key_id)
    body = alerts.body_of(alerts.GENERIC, number=number, text=f"sk-{value.removeprefix('sk-')}")
    secret = world.alert_secrets[alerts.GENERIC]
    sent = alerts.signed(alerts.GENERIC, body, secret=secret, now=time.time())
    begun = time.perf_counter()
    answer = await client.post(sent.path, headers=dict(sent.headers), content=sent.body)
    alert_id = answer.json()["id"]

    def card() -> Any:
        messages = world.slack.messages(seed.SECURITY_CHANNEL)
        return next((m for m in messages if f"Alert {alert_id} " in str(m.blocks)), None)

    await _until(card)
    taken["posted"].append(time.perf_counter() - begun)
    await _until(lambda: "disable" in str(card().blocks) and "Quota left" in str(card().blocks))
    before, clicked = len(world.gateway.requests), time.time()
    await world.slack.click(seed.SECURITY, card(), "disable")
    alert = await application.resources.database.read(store.get, alert_id)
    request_id = alert.actions[key_id].request_id

    # Seldom and beside the writers: who looks each millisecond, and in the way, measures himself.
    while True:
        settled = await application.resources.database.read(requests_store.get, request_id)
        check = settled.progress.revocation
        if check is not None and check.refused_at is not None:
            break
        if time.time() > clicked + PATIENCE:
            raise TimeoutError
        await asyncio.sleep(0.05)
    taken["verified"].append((settled.settled_at or 0.0) - clicked)
    taken["dead"].append(check.refused_at - clicked)
    calls = [(seen.method, seen.path) for seen in world.gateway.requests[before:]]
    read_back = next(index for index, call in enumerate(calls) if call[0] == "PUT") + 2
    taken["calls"].append(float(read_back))


async def _until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.001)
