"""The whole bot in this process, between the sandbox's Slack (HTTP on loopback) and its gateway (in process)."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.app import Application, prepare_database
from bot.services import Services
from bot.settings import load
from keydesk_sandbox.world import World, serving

PATIENCE = 60.0


@contextlib.asynccontextmanager
async def running(folder: Path, *, profile: str, policy: str | None = None) -> AsyncIterator[tuple[World, Services]]:
    """Start everything with an account that has no key, hand it over once its keys are known, stop everything."""
    world = World(folder=folder, profile=profile)
    if policy is not None:
        world.policy_path.write_text(policy, encoding="utf-8")
    async with contextlib.AsyncExitStack() as stack:
        world.slack.base_url = await stack.enter_async_context(serving(world.slack.app))
        environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000)
        application = Application(load(environment, env_file=None), gateway_transport=world.gateway.transport())
        prepare_database(application.resources.database)
        url = await stack.enter_async_context(serving(application.asgi()))
        world.slack.bot_url = url + "/slack/events"
        stack.push_async_callback(world.slack.close)
        services = application.services
        assert services is not None
        await until(lambda: services.alerts.index.complete)
        yield world, services


async def until(true: Callable[[], Any], seconds: float = PATIENCE) -> bool:
    """Wait until `true()` is true; whether it was in time. What is not there yet is not true."""
    end = time.perf_counter() + seconds
    while True:
        with contextlib.suppress(LookupError, AttributeError):
            found = true()
            if isinstance(found, Awaitable):
                found = await found
            if found:
                return True
        if time.perf_counter() > end:
            return False
        await asyncio.sleep(0.02)
