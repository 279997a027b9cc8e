"""A small HTTP proxy on loopback: forwards requests with an absolute address, and notes which hosts it was asked for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class LocalProxy:
    """`address`: what HTTP_PROXY says. `asked`: host and port of each request, in order. `heads`: the requests' heads."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self.tasks.add(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._forward(reader, writer)
        await _end(writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        method, target, version = head.split("\r\n", 1)[0].split(" ")
        parts = urlsplit(target)
        self.asked.append(parts.netloc)
        there, out = await asyncio.open_connection(parts.hostname, parts.port or 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [line for line in head.split("\r\n")[1:-2] if not line.lower().startswith(("proxy-", "connection: k"))]
        # One request per connection, unless it becomes a websocket.
        closing = [] if any(line.lower().startswith("upgrade:") for line in lines) else ["Connection: close"]
        out.write("\r\n".join([f"{method} {path} {version}", *lines, *closing, "", ""]).encode("latin-1"))
        ways = [asyncio.ensure_future(_pipe(reader, out)), asyncio.ensure_future(_pipe(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            await ways[1]
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await _end(out)


async def _pipe(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            to.write(data)
            await to.drain()


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def local_proxy() -> AsyncIterator[LocalProxy]:
    """A proxy for one test."""
    proxy = LocalProxy()
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in proxy.tasks:
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
