"""`keydesk sandbox`: four servers on this machine and the real bot between them, until Ctrl-C."""

import asyncio
import contextlib
import importlib.util
import logging
import math
import signal
import tempfile
import webbrowser
from pathlib import Path

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount

from bot import logs
from bot.app import Application, prepare_database
from bot.errors import BotError, ConfigurationError
from bot.keys import gateway_blocks
from bot.services import Services
from bot.settings import NamedSecret, load
from keydesk_sandbox import past, seed
from keydesk_sandbox.alert_panel import AlertPanel
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.on_call_panel import OnCallPanel
from keydesk_sandbox.panel import panel_routes
from keydesk_sandbox.review_panel import ReviewPanel
from keydesk_sandbox.world import World, serving

logger = logging.getLogger(__name__)

# A clock that is moved goes a day at a time, for so many days; over more it goes in longer steps.
DAY, MOST_STEPS = 86_400.0, 60


def run(*, host: str, port: int, open_browser: bool, socket_mode: bool, profile: str, gateways: int = 1) -> int:
    """Play until Ctrl-C. `host`: address of the page; the gateway and the bot are on loopback whatever it is.

    `gateways`: 2 = with a second account, which the policy calls `prod`.

    Raises ConfigurationError when the port is taken, the profile is none or a package is missing.
    """
    if socket_mode and importlib.util.find_spec("websockets") is None:
        raise ConfigurationError(["--socket-mode needs one more package: pip install 'keydesk[sandbox]'"])
    with tempfile.TemporaryDirectory(prefix="keydesk-sandbox-") as folder, contextlib.suppress(KeyboardInterrupt):
        try:
            world = World(
                folder=Path(folder), socket_mode=socket_mode, profile=profile, gateways=gateways, one_clock=True
            )
        except (ValueError, KeyError) as error:
            raise ConfigurationError([f"--profile {profile}: {error}"]) from None
        logs.configure(
            secrets=[
                world.bot_token,
                world.app_token,
                world.signing_secret,
                world.access_token,
                world.second_token,
            ],
            level="WARNING",
        )
        asyncio.run(_play(world, host=host, port=port, open_browser=open_browser))
    return 0


def _accounts(world: World) -> dict[str, FakeGateway]:
    """Name → gateway, with the keys that were there before; the first is that of the settings."""
    seed.fill_gateway(world.gateway)
    past.spend(world.gateway)
    seed.fill_second_gateway(world.second)
    return dict([("first", world.gateway), ("prod", world.second)][: world.gateways])


async def _play(world: World, *, host: str, port: int, open_browser: bool) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    accounts = _accounts(world)
    alerts = AlertPanel(
        gateways=accounts,
        secrets=world.alert_secrets,
        bot_url=lambda: (world.slack.bot_url or "").removesuffix("/slack/events"),
        say=lambda text: world.slack.post_as_app(seed.GENERAL_CHANNEL, text, name="Deploy"),
        now=world.gateway.clock,
    )
    application: Application | None = None

    async def advance(seconds: float) -> None:
        """Time passes for everybody and for what waits, a day at a time; each day all keys are listed."""
        services = application.services if application is not None else None
        steps = max(1, min(MOST_STEPS, math.ceil(seconds / DAY)))
        for _ in range(steps):
            world.gateway.advance(seconds / steps)
            if services is not None and services.health.ready:
                await services.engine.skip(seconds / steps)
                await _look(services)

    panel = panel_routes(gateways=accounts, first_person=seed.ENGINEER, advance=advance)
    reviews = ReviewPanel(lambda: application.services if application is not None else None)

    async def look() -> None:
        if application is not None and application.services is not None:
            await application.services.directory.schedules.look_now()

    on_call = OnCallPanel(world.pagerduty, look)
    page = Starlette(
        routes=[*panel, *alerts.routes(), *reviews.routes(), *on_call.routes(), Mount("/", app=world.slack.app)]
    )
    async with contextlib.AsyncExitStack() as stack:
        try:
            address = await stack.enter_async_context(serving(page, host=host, port=port))
        except OSError as error:
            raise ConfigurationError(
                [f"Port {port} cannot be used ({error.strerror}); say another one with --port."]
            ) from None
        gateway_url = await stack.enter_async_context(serving(world.gateway.app, date_header=False))
        world.slack.base_url = address
        world.pagerduty.base_url = await stack.enter_async_context(serving(world.pagerduty.app))
        second_url = ""
        if world.gateways > 1:
            second_url = await stack.enter_async_context(serving(world.second.app, date_header=False))
        application = _application(world, gateway_url, second_url)
        world.slack.bot_url = await stack.enter_async_context(serving(application.asgi())) + "/slack/events"
        stack.push_async_callback(world.slack.close)
        print(
            f"\n  Keydesk sandbox   {address}\n  policy            {world.policy_path}\n\n  Ctrl-C ends it.\n",
            flush=True,
        )  # what the command is for
        if open_browser:
            webbrowser.open(address)
        await stopped.wait()


def _application(world: World, gateway_url: str, second_url: str) -> Application:
    """The bot, with the policy and the keys that were there before it. `second_url`: "" = there is one gateway."""
    policy = seed.with_on_call(seed.POLICY)
    if second_url:
        policy = seed.with_second_gateway(policy, url=second_url)
    world.policy_path.write_text(policy, encoding="utf-8")
    application = Application(
        load(world.environment(gateway_url=gateway_url, port=3000), env_file=None),
        clock=world.gateway.clock,
        named_secret=lambda name: NamedSecret(name, SecretStr(world.second_token)),
    )
    database = application.resources.database
    prepare_database(database)
    database.run_here(seed.own_keys, world.gateway)
    database.run_here(past.remember, world.gateway)
    if second_url:
        blocks = database.run_here(gateway_blocks.take, ["default", "prod"])
        database.run_here(seed.own_keys, world.second, blocks["prod"])
    return application


async def _look(services: Services) -> None:
    """What happens every few minutes: a clock that is moved leaves no time for it."""

    async def ours() -> bool:
        return True

    # What the gateway refuses now is looked at on the next day.
    with contextlib.suppress(BotError):
        for one in services.resources.accounts.list_passes:
            await one.run(known=(), turn=ours)
    await services.care.schedule.run()
    await services.review.schedule.run()
