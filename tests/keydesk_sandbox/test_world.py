"""The servers of the sandbox: what is still open when they end."""

import asyncio
import gc
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from keydesk_sandbox.world import KEEP_ALIVE_SECONDS, serving


async def open_connections(number: int) -> list[tuple[Any, ...]]:
    async with serving(Starlette(routes=[Route("/", lambda _request: PlainTextResponse("ok"))])) as address:
        port = int(address.rpartition(":")[2])
        return [await asyncio.open_connection("127.0.0.1", port) for _ in range(number)]


async def test_a_connection_that_comes_last_is_closed_as_well() -> None:
    for reader, writer in await open_connections(5):
        assert await reader.read() == b""
        writer.close()
    gc.collect()  # a socket that was left open would complain here, and fail the test


async def test_an_answer_that_never_ends_is_cut_after_a_second() -> None:
    async def never(_request: Request) -> None:
        await asyncio.Event().wait()

    async with serving(Starlette(routes=[Route("/", never)])) as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await asyncio.sleep(0.05)
    assert b"200" not in await reader.read()
    writer.close()


def test_an_idle_connection_lives_longer_at_the_server_than_at_the_clients() -> None:
    assert KEEP_ALIVE_SECONDS > 15
