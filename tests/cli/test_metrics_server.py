import asyncio
import logging
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.cli.metrics_server import MetricsServer


async def _page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("numbers")


APP = Starlette(routes=[Route("/metrics", _page)])


async def test_it_serves_until_it_is_stopped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = MetricsServer(APP, host="127.0.0.1", port=port)
    await server.start()
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(200):
            try:
                answer = await http.get(f"http://127.0.0.1:{port}/metrics")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.01)
    assert answer.text == "numbers"
    await server.stop()


async def test_a_port_that_is_taken_is_said_and_nothing_else_happens(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.WARNING):
        server = MetricsServer(APP, host="127.0.0.1", port=taken.getsockname()[1])
        await server.start()
        await server.stop()
    assert "KEYDESK_METRICS_PORT" in caplog.text


async def test_a_collector_that_does_not_read_its_answer_keeps_nobody_from_stopping() -> None:
    asked = asyncio.Event()

    async def page(_request: object) -> PlainTextResponse:
        asked.set()
        return PlainTextResponse("n" * 50_000_000)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = MetricsServer(Starlette(routes=[Route("/metrics", page)]), host="127.0.0.1", port=port)
    await server.start()
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n")
    await asked.wait()
    async with asyncio.timeout(60):
        await server.stop()
    writer.transport.abort()
