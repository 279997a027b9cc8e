"""`serve` and `work`: build the application, bring the database up to date, run until told to stop."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from bot import logs
from bot.app import Application, prepare_database
from bot.cli.http_protocol import limited, raise_descriptor_limit
from bot.cli.metrics_server import MetricsServer
from bot.cli.stop_deadline import StopDeadline
from bot.db.engine import SERVER_SECONDS
from bot.errors import CannotStart, ConfigurationError
from bot.resources import ResourceOptions
from bot.settings import SecretFiles, Settings, proxies

logger = logging.getLogger(__name__)

# Slack waits 3 s for an answer; what is still being answered then is lost anyway.
GRACEFUL_SECONDS = 4


class _Server(uvicorn.Server):
    """Stops in order at Ctrl-C and SIGTERM, and returns.

    uvicorn raises the signal again after a clean stop, so that being told to stop would look like a crash.
    """

    def __init__(self, config: uvicorn.Config, *, metrics: MetricsServer, deadline: StopDeadline) -> None:
        super().__init__(config)
        self._metrics = metrics
        self._deadline = deadline

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._deadline.begin()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Objects made so far live as long as the process, so the garbage collector need not visit them again.
        gc.freeze()
        gc.enable()
        if self.started:
            await self._metrics.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._metrics.stop()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(
    settings: Settings, *, work: bool, strays: Sequence[str] = (), secret_files: SecretFiles | None = None
) -> int:
    """Answer Slack over HTTP or Socket Mode, and serve the pages on PORT. `strays`: what may be misspelled settings."""
    if not work:
        _needs_postgresql(settings, "`serve --no-worker` leaves the work to `keydesk work`, which")
    _begin_log(settings, strays)
    raise_descriptor_limit()
    application = Application(settings, **_options(secret_files))
    prepare_database(application.resources.database)
    _needs_port(settings)
    config = uvicorn.Config(
        application.asgi(work=work),
        host=settings.keydesk_host,
        port=settings.port,
        loop="uvloop",
        http=limited(),
        ws="none",
        log_config=None,
        access_log=False,
        # Nothing of ours looks at who is in front of a proxy.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    # uvicorn logs a failed start as a trace; the reason is printed below in one line.
    logging.getLogger("uvicorn.error").addFilter(lambda _record: application.failure is None)
    deadline = StopDeadline()
    server = _Server(config, metrics=_metrics_of(application), deadline=deadline)
    # uvicorn raises SystemExit when the start failed; the reason is raised below.
    with contextlib.suppress(SystemExit):
        server.run()
    deadline.met()
    if application.failure is not None:
        raise application.failure
    return 0 if server.started else 1


def work(settings: Settings, *, strays: Sequence[str] = (), secret_files: SecretFiles | None = None) -> int:
    """Only the durable work: runs, timers, posts."""
    _needs_postgresql(settings, "`work` beside `serve`")
    _begin_log(settings, strays)
    application = Application(settings, **_options(secret_files))
    prepare_database(application.resources.database)
    deadline = StopDeadline()
    asyncio.run(_work(application, deadline))
    deadline.met()
    return 0


def _options(secret_files: SecretFiles | None) -> ResourceOptions:
    options = ResourceOptions(proxies=proxies(), patience=SERVER_SECONDS)
    if secret_files is not None:
        options["secret_files"] = secret_files
    return options


def _metrics_of(application: Application) -> MetricsServer:
    app = Starlette(routes=application.resources.health.detailed_routes())
    settings = application.resources.settings
    return MetricsServer(app, host=settings.keydesk_metrics_host, port=settings.keydesk_metrics_port)


def _needs_port(settings: Settings) -> None:
    """Raise when nobody can listen there. uvicorn would say so too, in a line of its own among those of the log."""
    family = socket.AF_INET6 if ":" in settings.keydesk_host else socket.AF_INET
    try:
        socket.create_server((settings.keydesk_host, settings.port), family=family).close()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        problem = f"PORT {settings.port} cannot be used ({why}): stop what listens there, or set another PORT."
        raise ConfigurationError([problem]) from None


def _needs_postgresql(settings: Settings, what: str) -> None:
    if settings.database_url.startswith("sqlite"):
        raise ConfigurationError([f"{what} needs PostgreSQL: SQLite is for one process. Use `serve` alone."])


def _begin_log(settings: Settings, strays: Sequence[str]) -> None:
    logs.configure(secrets=settings.secrets())
    for sentence in strays:
        logger.warning(sentence)


async def _work(application: Application, deadline: StopDeadline) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        deadline.begin()
        stopped.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    try:
        await application.start(listen=False)
    except (CannotStart, ConfigurationError):
        await application.give_up()
        raise
    logger.info("working")
    metrics = _metrics_of(application)
    await metrics.start()
    await stopped.wait()
    await metrics.stop()
    await application.stop()
