"""No command shows a piece of the database's password, however DATABASE_URL is written or wrong."""

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.__main__ import main
from bot.cli import server
from bot.cli.commands import parser
from bot.db import engine
from keydesk_sandbox import seed
from keydesk_sandbox.world import World, serving

pytestmark = pytest.mark.usefixtures("log_as_before", "folder")

# Each piece begins with the same letters, so that any of them is seen.
PIECE = "Zq7"
PASSWORDS = (
    "Zq7aa@Zq7bb/Zq7cc#Zq7dd",
    "Zq7a?Zq7b=Zq7c&Zq7d",
    "Zq7a:Zq7b@Zq7c",
    "50%Zq7",
    "Zq7[Zq7]",
    "Zq7plain",
    "@Zq7/",
)
FORMS = (
    "postgresql://user:{raw}@127.0.0.1:1/db",
    "postgresql://user:{encoded}@127.0.0.1:1/db",
    "postgres://user:{encoded}@127.0.0.1:1/db?sslmode=bogus",
    "postgresql://user:{encoded}@127.0.0.1:notaport/db",
    "postgresql://user:{encoded}@127.0.0.1:99999/db",
    "postgresql://user:{encoded}@[::1/db",
    "postgresql://user@127.0.0.1:1/db?password={encoded}",
    "postgresql:///db?host=127.0.0.1&port=1&user=u&password={encoded}",
    "postgresql://user:x@127.0.0.1:1/db?pass={encoded}",
    "postgresql+psycopg://user:{encoded}@127.0.0.1:1/db",
    "mysql://user:{raw}@127.0.0.1:1/db",
    '"postgresql://user:{encoded}@127.0.0.1:1/db',
    "postgresql://user:{encoded}@127.0.0.1:1/db'",
    "postgresql:/user:{raw}@127.0.0.1:1/db",
    "user:{raw}@127.0.0.1:1/db",
    "{raw}",
)
COMMANDS = {
    "serve": ("serve",),
    "work": ("work",),
    "migrate": ("migrate",),
    "backup": ("backup", "copy.sqlite"),
    "restore": ("restore", "copy.sqlite"),
    "adopt-account": ("adopt-account",),
    "check": ("check",),
    "policy explain": ("policy", "explain", "key.disable", "--as", seed.ENGINEER, "--key", "production"),
    "policy replay": ("policy", "replay", "policy.toml"),
    "policy what-can": ("policy", "what-can", "engineer"),
    "policy lint": ("policy", "lint"),
    "policy test": ("policy", "test", "cases.toml"),
    "review start": ("review", "start"),
    "review status": ("review", "status"),
    "review export": ("review", "export", "1"),
    "review verify": ("review", "verify", "copy.sqlite", "--record"),
    "audit export": ("audit", "export"),
    "audit verify": ("audit", "verify"),
}


URLS = sorted(
    {
        form.format(raw=password, encoded=quote(password, safe=""))
        for form in FORMS
        for password in (PASSWORDS if "{raw}" in form else (PASSWORDS[0], "Zq7plain"))
    }
)


@pytest.fixture
async def ready(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Everything but the database is there."""
    folder.joinpath("copy.sqlite").write_bytes(b"")
    folder.joinpath("cases.toml").write_text("")
    async with serving(world.gateway.app, date_header=False) as gateway_url:
        for name, value in world.environment(gateway_url=gateway_url, port=3000, database_url="").items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.thorough
@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("command", COMMANDS)
async def test_no_piece_of_the_password_is_shown(
    command: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    # None of these servers will ever be there.
    monkeypatch.setattr(engine, "SERVER_SECONDS", 0.0)
    monkeypatch.setattr(server, "SERVER_SECONDS", 0.0)
    # `check` asks Slack and the gateway as well, each time.
    for url in URLS[::4] if command == "check" else URLS:
        monkeypatch.setenv("DATABASE_URL", url)
        code = await asyncio.to_thread(main, list(COMMANDS[command]))
        out, err = capfd.readouterr()
        told = f"{out}\n{err}\n{caplog.text}"
        assert PIECE not in told, (url, told[-2000:])
        assert "Traceback" not in told, (url, told[-2000:])
        if command not in {"check", "policy lint", "policy test", "policy explain", "policy what-can"}:
            assert code == (1 if "did not answer" in told else 2), (url, told[-500:])
        caplog.clear()


def test_every_command_is_in_the_table() -> None:
    named = {" ".join(path) for path in _commands(parser())}
    assert named - set(COMMANDS) == {"sandbox"}  # it has a database of its own


def _commands(found: argparse.ArgumentParser) -> Iterator[tuple[str, ...]]:
    below = [action for action in found._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield ()
    for action in below:
        for name, one in action.choices.items():
            yield from ((name, *rest) for rest in _commands(one))
