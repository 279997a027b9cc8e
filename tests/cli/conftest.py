"""A Slack on loopback and a gateway in process, with good settings for both."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bot.settings import PartialSettings, Settings, read
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.server import LoopbackServer
from keydesk_sandbox.world import World, serving

GATEWAY = "https://gateway.test"
Settle = Callable[..., PartialSettings]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """Puts the loggers back that a command has changed for its process."""
    loggers = [logging.getLogger(name) for name in ("", *logging.Logger.manager.loggerDict)]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and an environment without our settings."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    return tmp_path


@pytest.fixture
async def world(folder: Path) -> AsyncIterator[World]:
    world = World(folder=folder, signing_secret="0123456789abcdef" * 2)
    seed.fill_gateway(world.gateway)
    async with LoopbackServer(world.slack.app) as server:
        world.slack.base_url = server.url
        yield world
    await world.slack.close()


@pytest.fixture
def settle(world: World, sqlite_url: str) -> Settle:
    """Settings of that world with some changed; None takes one away."""
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    if database.exists():
        database.chmod(0o600)  # as `serve` makes it

    def settled(**changes: str | None) -> PartialSettings:
        environment = world.environment(gateway_url=GATEWAY, port=3000, database_url=sqlite_url) | changes
        return read({name: value for name, value in environment.items() if value is not None}, env_file=None)

    return settled


@pytest.fixture
async def live(world: World, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """An environment whose Slack and gateway are on loopback."""
    async with serving(world.gateway.app, date_header=False) as gateway_url:
        for name, value in world.environment(gateway_url=gateway_url, port=3000, database_url=sqlite_url).items():
            monkeypatch.setenv(name, value)
        yield


@pytest.fixture
def policy(folder: Path) -> Path:
    """The sandbox's policy as policy.toml."""
    path = folder / "policy.toml"
    path.write_text(seed.POLICY)
    return path
