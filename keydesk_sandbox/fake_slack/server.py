"""Serves an ASGI app on a free loopback port inside the running loop. Knows no Slack; binds nowhere else (G23).

Starts and stops within a few milliseconds, so that a test can have its own: connections still open are cut.
"""

import asyncio
import socket
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
# Longer than any client of ours keeps an idle connection (15 s): else one is closed just when it is used again.
KEEP_ALIVE_SECONDS = 60


class LoopbackServer:
    """`async with LoopbackServer(app) as server: server.url`. Port 0 is any free one."""

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        self._config = uvicorn.Config(
            app,
            host=LOOPBACK,
            port=port,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="websockets-sansio",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._server = uvicorn.Server(self._config)
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port, bound at once, so that the URL is known before the app is complete. Raises OSError when taken."""
        return int(self._bound().getsockname()[1])

    def _bound(self) -> socket.socket:
        if self._socket is None:
            # Named as TCP, or asyncio leaves Nagle's delay on and each answer to a POST takes 40 ms.
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((LOOPBACK, self._config.port))
        return self._socket

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Takes connections from now on."""
        bound = self._bound()
        self._config.load()
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup(sockets=[bound])

    async def stop(self) -> None:
        """Cuts every connection and frees the port. Twice is harmless."""
        for server in getattr(self._server, "servers", []):
            server.close()
        # A connection that was accepted last is made in the next two turns of the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for connection in list(self._server.server_state.connections):
            transport = connection.transport
            if transport is not None:
                transport.abort()
        for task in list(self._server.server_state.tasks):
            task.cancel()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
