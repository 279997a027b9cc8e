"""The pages for operators on a port of their own: /metrics and the details of /readyz. Loopback unless told otherwise.

Without it the bot still works: a port that another process has is said in the log and nothing else happens.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

logger = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are the public server's


class MetricsServer:
    """Start and stop it on the running loop."""

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve; a port or an address that cannot be used is logged."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listener = socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            logger.warning(
                "/metrics and the details of /readyz are not served: %s port %d cannot be used (%s); "
                "set KEYDESK_METRICS_PORT",
                self._host,
                self._port,
                error.strerror,
            )
            return
        config = uvicorn.Config(
            self._app, lifespan="off", log_config=None, access_log=False, server_header=False, ws="none"
        )
        self._server = _Server(config)
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets=[listener]))

    async def stop(self) -> None:
        """End it. Harmless when it never began."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)
