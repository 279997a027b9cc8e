"""A gateway per test, and a client that talks to it as the owner of the PAT."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from keydesk_sandbox.fake_gateway import FakeGateway

from .talk import BASE_URL, PAT, Talk


@pytest.fixture
async def talk() -> AsyncIterator[Callable[..., Talk]]:
    """talk(profile=…, switch=value, …) → a Talk with its own gateway."""
    clients: list[httpx.AsyncClient] = []

    def start(profile: str = "cometapi", **switches: Any) -> Talk:
        gateway = FakeGateway(access_token=PAT, profile=profile)
        for name, value in switches.items():
            gateway.switch(name, value)
        client = httpx.AsyncClient(transport=gateway.transport(), base_url=BASE_URL)
        clients.append(client)
        return Talk(gateway=gateway, client=client)

    yield start
    for client in clients:
        await client.aclose()
