"""The fake gateway as an ASGI application, for uvicorn on loopback. Knows no endpoint.

Run it with `date_header=False, server_header=False`: date and server are the fake's own. A cut or a hang needs the
connection itself, which ASGI hides; under uvicorn it is reached through the `send` that uvicorn hands over. Under a
server that hides it (httpx.ASGITransport) a cut raises `ConnectionCutError`: use `FakeGateway.transport()` there.
"""

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .clock import Clock
from .faults import HttpDelivery
from .wire import HttpCall, HttpReply

_LONGEST_HANG = 600.0
Exchange = Callable[[HttpCall], HttpDelivery]


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
        body = await _whole_body(receive)
        if body is None:
            return
        delivery = self._exchange(call_of(scope, body))
        if delivery.delay:
            await self._clock.sleep(delivery.delay)
        if delivery.reply is not None:
            await _send(delivery.reply, send, cut=delivery.ending == "cut")
        if delivery.ending != "complete":
            await _break_off(delivery, scope.get("fake_gateway.connection"), receive)


async def _break_off(delivery: HttpDelivery, connection: asyncio.Transport | None, receive: Receive) -> None:
    """Cut the connection, or leave it open without a word until the client goes."""
    if connection is None:
        raise ConnectionCutError(f"the fake gateway wanted a connection to {delivery.ending}, and has none")
    if delivery.reply is not None:
        connection.close()  # lets the bytes of half an answer out first
    elif delivery.ending != "hang":
        connection.abort()
    async with asyncio.timeout(_LONGEST_HANG):
        while (await receive())["type"] != "http.disconnect":
            pass


async def _whole_body(receive: Receive) -> bytes | None:
    """None when the client went away before the end."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def call_of(scope: Scope, body: bytes) -> HttpCall:
    """The call that an ASGI scope describes."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    client = scope.get("client") or ("127.0.0.1", 0)
    return HttpCall(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        client_ip=client[0],
        host=headers.get("host", ""),
    )


def header_lines(reply: HttpReply) -> list[tuple[str, str]]:
    """All headers of an answer, length included."""
    lines = [("Content-Type", reply.content_type)] if reply.body and reply.content_type else []
    return [*lines, *reply.headers, ("Content-Length", str(len(reply.body)))]


async def _send(reply: HttpReply, send: Send, *, cut: bool) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in header_lines(reply)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = reply.body[: len(reply.body) // 2] if cut else reply.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})


def asgi_app(exchange: Exchange, clock: Clock) -> Starlette:
    """The application: one route that takes every path and every method."""
    return _Application(routes=[Route("/{path:path}", endpoint=_Endpoint(exchange, clock))])
