"""The same fake on a real socket: what a client sees of a fault there is what it sees in process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from keydesk_sandbox.fake_gateway import Clock, FakeGateway

from .talk import PAT


@pytest.fixture
async def served() -> AsyncIterator[tuple[FakeGateway, httpx.AsyncClient]]:
    gateway = FakeGateway(access_token=PAT, clock=Clock(ticking=True))
    config = uvicorn.Config(gateway.app, port=0, log_level="critical", date_header=False, server_header=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    for _ in range(5000):
        if server.started:
            break
        await asyncio.sleep(0.001)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": PAT}, timeout=60, trust_env=False
    ) as client:
        yield gateway, client
    server.should_exit = True
    await task


async def test_requests_faults_and_their_effects_are_the_same_on_a_real_socket(served: tuple[Any, ...]) -> None:
    gateway, client = served
    seen = []
    for kind in ("none", "lost_reply", "lost_request", "refused", "cut_body", "hang", "late", "truncated_gzip", "html"):
        if kind != "none":
            gateway.arm(kind, delay=60 if kind == "late" else 0)
        before = len(gateway.keys())
        try:
            patience = 0.2 if kind == "hang" else 60
            result = str((await client.post("/api/token/", json={"name": kind}, timeout=patience)).status_code)
        except httpx.HTTPError as error:
            result = type(error).__name__
        seen.append((kind, result, len(gateway.keys()) - before))
    # A connection that is reset shows as a read error or as a server that hung up: both mean "no answer".
    broken = {"ReadError": "cut", "RemoteProtocolError": "cut"}
    assert [(kind, broken.get(result, result), landed) for kind, result, landed in seen] == [
        ("none", "200", 1),
        ("lost_reply", "cut", 1),
        ("lost_request", "cut", 0),
        ("refused", "cut", 0),
        ("cut_body", "cut", 1),
        ("hang", "ReadTimeout", 1),
        ("late", "cut", 0),
        ("truncated_gzip", "200", 1),
        ("html", "200", 1),
    ]


async def test_a_real_server_sends_one_date_and_the_length_and_waits_when_told_to(served: tuple[Any, ...]) -> None:
    gateway, client = served
    gateway.arm("slow", delay=0.02)
    began = gateway.clock.now()
    response = await client.get("/api/token/")
    assert gateway.clock.now() - began >= 0.02
    assert len(response.headers.get_list("date")) == 1
    assert "content-length" in response.headers
    assert gateway.requests[-1].client_ip == "127.0.0.1"
