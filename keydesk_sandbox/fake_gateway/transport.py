"""The fake gateway under `httpx.AsyncClient` without a socket. The one file here that imports an HTTP library.

Cuts and hangs look as they do on a real connection. A clock that stands still is moved, not waited for.
"""

from collections.abc import AsyncIterator, Callable

import httpx

from .clock import Clock
from .faults import HttpDelivery
from .server import header_lines
from .wire import HttpCall, HttpReply

_FOR_EVER = 600.0  # a client without a time-out; nobody waits longer than this for a hung answer


class InProcessTransport(httpx.AsyncBaseTransport):
    """Hands every request to the fake, whatever its host; the request log shows the host."""

    def __init__(self, *, exchange: Callable[[HttpCall], HttpDelivery], clock: Clock, client_ip: str) -> None:
        self._exchange = exchange
        self._clock = clock
        self._client_ip = client_ip

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        delivery = self._exchange(await self._call_of(request))
        patience = request.extensions.get("timeout", {}).get("read")
        patience = _FOR_EVER if patience is None else patience
        if delivery.ending == "hang" or delivery.delay > patience:
            await self._clock.sleep(patience)
            raise httpx.ReadTimeout("the fake gateway did not answer in time", request=request)
        if delivery.ending == "refused":
            raise httpx.ConnectError("All connection attempts failed", request=request)
        if delivery.delay:
            await self._clock.sleep(delivery.delay)
        if delivery.reply is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        stream = _Body(delivery.reply, cut=delivery.ending == "cut")
        return httpx.Response(delivery.reply.status, headers=header_lines(delivery.reply), stream=stream)

    async def _call_of(self, request: httpx.Request) -> HttpCall:
        return HttpCall(
            method=request.method,
            path=request.url.path,
            query=request.url.query.decode("ascii"),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.aread(),
            client_ip=self._client_ip,
            host=request.url.netloc.decode("ascii"),
        )


class _Body(httpx.AsyncByteStream):
    def __init__(self, reply: HttpReply, *, cut: bool) -> None:
        self._body = reply.body
        self._cut = cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if not self._cut:
            yield self._body
            return
        yield self._body[: len(self._body) // 2]
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
