"""The sandbox's world: a Slack, a gateway, a PagerDuty, and the settings with which the real bot meets them.

Used by tests too.

The bot is not patched: it speaks HTTP and websockets to both, with secrets made up at each start.
"""

import asyncio
import contextlib
import copy
import functools
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from bot.manifest import read_manifest
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Clock, FakeGateway
from keydesk_sandbox.fake_pagerduty import FakePagerDuty
from keydesk_sandbox.fake_slack.slack import FakeSlack

LOOPBACK = "127.0.0.1"
GRACE_SECONDS = 1.0
# Longer than any client of ours keeps an idle connection (15 s): else one is closed just when it is used again.
# A client that keeps a connection open does not keep a server from ending.
GRACEFUL_SECONDS = 8
KEEP_ALIVE_SECONDS = 60
# Source of alerts → the setting that holds its shared secret (docs/alerts.md).
ALERT_SETTINGS = {
    "generic": "KEYDESK_ALERT_SECRET_GENERIC",
    "github": "KEYDESK_ALERT_SECRET_GITHUB",
    "gitlab": "KEYDESK_ALERT_TOKEN_GITLAB",
    "gitguardian": "KEYDESK_ALERT_SECRET_GITGUARDIAN",
    "alertmanager": "KEYDESK_ALERT_TOKEN_ALERTMANAGER",
}


class Server(uvicorn.Server):
    """A server on this machine that leaves signals to whoever started it, and ends at once when told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told_to_end = asyncio.Event()

    def end(self) -> None:
        """Serve no more."""
        self.should_exit = True
        self._told_to_end.set()

    async def main_loop(self) -> None:
        """Uvicorn's own looks ten times a second whether it should end; this one is told."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 10  # one second, which is what its Date header needs
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._told_to_end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn's own, without its fixed waits: answers that are on their way get a second."""
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await self._answered()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    async def _answered(self) -> None:
        told: set[Any] = set()
        while self.server_state.connections or self.server_state.tasks:
            # Again and again: one that was accepted last shows only now.
            for connection in self.server_state.connections - told:
                connection.shutdown()
                told.add(connection)
            await asyncio.sleep(0.005)
        for server in self.servers:
            await server.wait_closed()

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Nothing: one place handles Ctrl-C for all servers."""
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, host: str = LOOPBACK, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """Serve `app`; yields its address on this machine. Port 0 = any free one. Raises OSError when the port is taken."""
    # Named as TCP, or asyncio does not see that it may turn off Nagle's delay (40 ms for each small answer).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    options = {"timeout_keep_alive": KEEP_ALIVE_SECONDS, "timeout_graceful_shutdown": GRACEFUL_SECONDS, **options}
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, **options)
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                await task
                raise OSError("the server did not start")
            await asyncio.sleep(0.005)
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.end()
        await task
        listener.close()


_manifest = functools.cache(read_manifest)


def _access_token() -> str:
    return secrets.token_urlsafe(24).replace("_", "A").replace("-", "B")


@dataclass(kw_only=True)
class World:
    """Slack and gateway with their secrets. `environment` is what the bot is told, in the words of .env.example."""

    folder: Path
    socket_mode: bool = False
    profile: str = "cometapi"
    # Slack's clock is the gateway's, so that both are moved together.
    one_clock: bool = False
    # 2: another account beside the first, which the policy calls `prod`.
    gateways: int = 1
    # What makes these clocks run.
    monotonic: Callable[[], float] = time.monotonic
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    bot_token: str = field(default_factory=lambda: f"xoxb-sandbox-{secrets.token_hex(12)}")
    app_token: str = field(default_factory=lambda: f"xapp-sandbox-{secrets.token_hex(12)}")
    alert_secrets: dict[str, str] = field(
        default_factory=lambda: {source: secrets.token_hex(16) for source in ALERT_SETTINGS}
    )
    pagerduty_token: str = field(default_factory=lambda: f"u+{secrets.token_hex(9)}")
    access_token: str = field(default_factory=_access_token)
    second_token: str = field(default_factory=_access_token)

    def __post_init__(self) -> None:
        manifest = copy.deepcopy(_manifest())
        manifest["settings"]["socket_mode_enabled"] = self.socket_mode
        self.gateway = FakeGateway(
            access_token=self.access_token,
            profile=self.profile,
            clock=Clock(ticking=True, monotonic=self.monotonic),
        )
        self.second = FakeGateway(
            access_token=self.second_token,
            profile=self.profile,
            clock=self.gateway.clock,
            user_id=2,
            # Else its keys would have the values of the first.
            seed=2,
        )
        clock = self.gateway.clock if self.one_clock else time.time
        self.slack = FakeSlack(
            manifest=manifest,
            signing_secret=self.signing_secret,
            bot_token=self.bot_token,
            app_token=self.app_token,
            workspace=seed.workspace(),
            base_url=f"http://{LOOPBACK}:1",
            bot_user_id=seed.BOT_USER,
            clock=clock,
            real_time=clock,
        )
        self.pagerduty = FakePagerDuty(token=self.pagerduty_token, clock=clock)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.policy_path = self.folder / "policy.toml"
        self.policy_path.write_text(seed.POLICY, encoding="utf-8")

    def environment(self, *, gateway_url: str, port: int, database_url: str | None = None) -> dict[str, str]:
        """The bot's settings. `slack.base_url` must be known by now."""
        settings = {
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "COMETAPI_ACCESS_TOKEN": self.access_token,
            "COMETAPI_BASE_URL": gateway_url,
            "DATABASE_URL": database_url or f"sqlite:///{self.folder / 'keydesk.sqlite'}",
            "KEYDESK_POLICY": str(self.policy_path),
            "KEYDESK_CHANNEL": seed.KEYS_CHANNEL,
            "KEYDESK_SECURITY_CHANNEL": seed.SECURITY_CHANNEL,
            "KEYDESK_HOST": LOOPBACK,
            "PORT": str(port),
            **{ALERT_SETTINGS[source]: secret for source, secret in self.alert_secrets.items()},
        }
        if self.pagerduty.base_url:
            settings["KEYDESK_PAGERDUTY_TOKEN"] = self.pagerduty_token
            settings["KEYDESK_PAGERDUTY_URL"] = self.pagerduty.base_url
        if self.gateway.switches.user_header:
            settings["COMETAPI_USER_ID"] = "1"
        return settings | ({"SLACK_APP_TOKEN": self.app_token} if self.socket_mode else {})
