"""The last look at a write's lock, over real connections: it comes in the step in which the bytes leave."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import pytest
import uvloop
from pydantic import SecretStr

from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.models import Key, KeyId
from bot.gateway.wire import fenced
from tests.gateway.answers import ROW, Sleeper
from tests.gateway.kit import PAT


class Lost(Exception):
    """What a fence raises."""


RECORD = Key.model_validate({**ROW, "hint": "wXyZ", "masked": False})
OK_BODY = b'{"success":true,"message":"","data":null}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(OK_BODY), OK_BODY)


class ByteGateway(asyncio.Protocol):
    """A gateway at the level of bytes: what arrived on all connections, and a yes to each whole request."""

    received = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        if b'"name"' in data or data.startswith(b"DELETE"):
            self.transport.write(OK)


@contextlib.asynccontextmanager
async def over_tcp() -> AsyncIterator[tuple[GatewayClient, ByteGateway]]:
    """A client with real connections, and the gateway behind them."""
    gateway = ByteGateway()
    server = await asyncio.get_running_loop().create_server(lambda: gateway, "127.0.0.1", 0)
    client = client_at(server.sockets[0])
    try:
        yield client, gateway
    finally:
        await client.aclose()
        server.close()


def client_at(listener: Any) -> GatewayClient:
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return connect(base_url=base_url, access_token=SecretStr(PAT), sleep=Sleeper().sleep)


class HeldUntil:
    """A fence that lets so many looks pass, and raises from then on."""

    def __init__(self, looks: int) -> None:
        self.looks, self.asked = looks, 0

    def __call__(self) -> None:
        self.asked += 1
        if self.asked > self.looks:
            raise Lost


@pytest.mark.parametrize("write", [lambda c: c.update_key(RECORD), lambda c: c.delete_key(KeyId(5))])
async def test_a_write_whose_lock_runs_out_while_its_connection_is_made_is_not_sent(
    write: Callable[[GatewayClient], Awaitable[object]],
) -> None:
    """The lock was held when the call began; then the process was frozen, and another one took over."""
    fence = HeldUntil(1)
    async with over_tcp() as (client, gateway):
        with fenced(fence), pytest.raises(Lost):
            await write(client)
        assert (fence.asked, gateway.received) == (2, b"")
        await write(client)
        assert gateway.received.startswith((b"PUT", b"DELETE"))


async def test_a_write_whose_lock_runs_out_after_its_headers_never_becomes_whole() -> None:
    fence = HeldUntil(2)
    async with over_tcp() as (client, gateway):
        with fenced(fence), pytest.raises(Lost):
            await client.update_key(RECORD)
        await client.delete_key(KeyId(5))  # a connection of its own: that one was closed
        assert fence.asked == 3
        assert b'"name"' not in gateway.received


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_nothing_else_of_the_process_runs_between_the_last_look_at_the_lock_and_the_bytes(
    run: Callable[..., None],
) -> None:
    """What the loop does next after each look finds the bytes at the gateway already."""
    arrived, gateway = list[bytes](), list[socket.socket]()

    async def one_write() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            looks = count()

            def check() -> None:
                if next(looks):  # not at the first one: there is no connection yet
                    loop.call_soon(take)

            def take() -> None:
                if not gateway:
                    gateway.append(listener.accept()[0])
                gateway[0].setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    arrived.append(gateway[0].recv(65_536))
                if len(arrived) == 2:
                    gateway[0].send(OK)

            client = client_at(listener)
            with fenced(check):
                await client.update_key(RECORD)
            await client.aclose()
            gateway[0].close()

    run(one_write())
    headers, body = arrived
    assert headers.startswith(b"PUT /api/token/")
    assert b'"name"' in body
