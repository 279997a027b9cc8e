"""The pages for operators on a port of their own: /metrics and the details of /readyz. Loopback unless told otherwise.

Without it the bot still works: a port that another process has is said in the log and nothing else happens.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field

import uvicorn
from starlette.types import ASGIApp

logger = logging.getLogger(__name__)

# A collector that does not read its answer must not keep the process from ending.
GRACEFUL_SECONDS = 1


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are the public server's


@dataclass(eq=False)
class MetricsServer:
    """Start and stop it on the running loop."""

    app: ASGIApp
    _: KW_ONLY
    host: str
    port: int
    _server: _Server | None = field(default=None, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    async def start(self) -> None:
        """Begin to serve; a port or an address that cannot be used is logged."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            listener = socket.create_server((self.host, self.port), family=family)
        except OSError as error:
            logger.warning(
                "/metrics and the details of /readyz are not served: %s port %d cannot be used (%s); "
                "set KEYDESK_METRICS_PORT",
                self.host,
                self.port,
                error.strerror,
            )
            return
        config = uvicorn.Config(
            self.app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )
        self._server = _Server(config)
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets=[listener]))

    async def stop(self) -> None:
        """End it. Harmless when it never began."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)
