"""Connections that send nothing, or too slowly, keep nobody from an answer."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.cli.http_protocol import GRACE_SECONDS, LimitedProtocol, Waiting, limited, raise_descriptor_limit

HALF = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


async def slow(_request: Request) -> Response:
    await asyncio.sleep(0.6)
    return PlainTextResponse("late")


@contextlib.asynccontextmanager
async def serving(protocol: type[LimitedProtocol]) -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/echo", echo, methods=["POST"]), Route("/slow", slow)])
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", log_config=None, lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.001)
        yield listener.getsockname()[1]
        server.should_exit = True
        await running


async def ended(reader: asyncio.StreamReader) -> bool:
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 60) == b""
    return True


@pytest.mark.parametrize("sent", [b"", b"POST /ec", b"POST /echo HTTP/1.1\r\nHost: x\r\nX-A", HALF])
async def test_a_request_that_does_not_arrive_in_time_is_closed(sent: bytes) -> None:
    async with serving(limited(seconds=0.2)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert await ended(reader)
        writer.close()


async def test_bytes_that_trickle_do_not_prolong_the_time() -> None:
    async with serving(limited(seconds=0.3)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        begun = asyncio.get_running_loop().time()

        async def trickle() -> None:
            with contextlib.suppress(ConnectionError):
                for byte in b"POST /echo HTTP/1.1\r\nX-Long: " + b"a" * 10_000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.02)

        task = asyncio.create_task(trickle())
        assert await ended(reader)
        assert asyncio.get_running_loop().time() - begun < 3
        task.cancel()
        writer.close()


async def test_an_answer_may_take_longer_than_a_request() -> None:
    async with serving(limited(seconds=0.2)) as port, httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/slow")).text == "late"
        # And the connection that was kept takes another one.
        assert (await client.post(f"http://127.0.0.1:{port}/echo", content=b"again")).text == "again"


async def test_two_thousand_idle_and_trickling_connections_keep_nobody_from_an_answer() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    raise_descriptor_limit()
    idle: list[socket.socket] = []
    try:
        async with serving(limited()) as port, httpx.AsyncClient(timeout=60) as client:
            for number in range(2_000):
                connection = socket.create_connection(("127.0.0.1", port), timeout=60)
                idle.append(connection)
                if number % 2:
                    connection.sendall(HALF)
                if number % 20 == 0:
                    await asyncio.sleep(0)
            # The loop's time leaves out what the machine took away.
            loop, taken = asyncio.get_running_loop(), list[float]()
            for number in range(20):
                begun = loop.time()
                answer = await client.post(f"http://127.0.0.1:{port}/echo", content=str(number).encode())
                taken.append(loop.time() - begun)
                assert answer.text == str(number)
                with contextlib.suppress(OSError):
                    idle[-1 - number].sendall(b"more")
            assert max(taken) < 1
            while idle:
                idle.pop().close()
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_descriptor_limit_is_only_ever_raised() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        raise_descriptor_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(4096, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Clock:
    """A loop's clock that is moved by hand, and connections that only know whether they were closed."""

    now = 100.0

    def time(self) -> float:
        return self.now

    def call_later(self, *_arguments: object) -> None:
        """Nothing sweeps by itself."""


class Standing:
    closed = False

    @property
    def transport(self) -> "Standing":
        return self

    def abort(self) -> None:
        self.closed = True


def test_a_request_that_is_already_here_is_not_closed_for_those_who_come_in_the_same_moment() -> None:
    clock: Any = Clock()
    waiting = Waiting(most=3, most_at_all=50)
    stands: list[Any] = [Standing() for _ in range(40)]
    for one in stands:
        waiting.add(one, clock)
    assert not any(one.closed for one in stands)
    # What has not sent its request by then makes room, the oldest first.
    clock.now += GRACE_SECONDS
    late: Any = Standing()
    waiting.add(late, clock)
    assert [one.closed for one in stands] == [True] * 38 + [False] * 2
    assert not late.closed
    # More than the process can hold are not held, however new they are.
    crowd: list[Any] = [Standing() for _ in range(60)]
    for one in crowd:
        waiting.add(one, clock)
    assert len(waiting.since) == 50
    assert not any(one.closed for one in crowd[10:])
