"""The fake gateway as an ASGI application, for uvicorn on loopback. Knows no endpoint.

Run it with `date_header=False, server_header=False`: date and server are the fake's own. A cut or a hang needs the
connection itself, which ASGI hides; under uvicorn it is reached through the `send` that uvicorn hands over. Under a
server that hides it (httpx.ASGITransport) a cut raises `ConnectionCutError`: use `FakeGateway.transport()` there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .clock import Clock
from .faults import Delivery
from .wire import Call, Reply

Exchange = Callable[[Call], Delivery]


class ConnectionCutError(ConnectionError):
    """The connection was cut on purpose, and the server gives no way to cut it for real."""


class _Application(Starlette):
    """Starlette wraps `send`; the endpoint needs the server's own one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["fake_gateway.connection"] = getattr(getattr(send, "__self__", None), "transport", None)
        await super().__call__(scope, receive, send)


class _Endpoint:
    """Every path: read the request, ask the gateway, send what it delivers."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b"".join([chunk async for chunk in _chunks(receive)])
        delivery = self._exchange(call_of(scope, body))
        if delivery.delay:
            await self._clock.sleep(delivery.delay)
        connection = scope.get("fake_gateway.connection")
        if delivery.reply is not None:
            await _send(delivery.reply, send, cut=delivery.ending == "cut")
        if delivery.ending == "hang":
            await _gone(receive)
        elif delivery.ending == "cut":
            if connection is None:
                raise ConnectionCutError("the fake gateway cut the connection")
            # `close` lets the bytes of half an answer out first; `abort` would drop them.
            connection.close() if delivery.reply is not None else connection.abort()
            await _gone(receive)


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        yield message.get("body", b"")


async def _gone(receive: Receive) -> None:
    """Until the client, or the server that shuts down, ends the connection."""
    with contextlib.suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass


def call_of(scope: Scope, body: bytes) -> Call:
    """The call that an ASGI scope describes."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    client = scope.get("client") or ("127.0.0.1", 0)
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        client_ip=client[0],
        host=headers.get("host", ""),
    )


def header_lines(reply: Reply) -> list[tuple[str, str]]:
    """All headers of an answer, length included."""
    lines = [("Content-Type", reply.content_type)] if reply.body and reply.content_type else []
    return [*lines, *reply.headers, ("Content-Length", str(len(reply.body)))]


async def _send(reply: Reply, send: Send, *, cut: bool) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in header_lines(reply)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = reply.body[: len(reply.body) // 2] if cut else reply.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})


def asgi_app(exchange: Exchange, clock: Clock) -> Starlette:
    """The application: one route that takes every path and every method."""
    return _Application(routes=[Route("/{path:path}", endpoint=_Endpoint(exchange, clock))])
