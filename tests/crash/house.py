"""A Keydesk of real processes between the sandbox's Slack and gateway, to be killed, frozen and started again.

Both fakes are in the test's own process, so a test sees every key and every message. `House.desk` has the hands and
eyes of the scenarios' Desk (it reads the rows through a connection of its own).
"""

import asyncio
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import FINAL, ApprovalRequest
from bot.audit import Verification, verify_database
from bot.db.engine import open_database
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.errors import ClientRefusal
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.views import View
from keydesk_sandbox.world import World, serving
from tests.crash.policy import POLICY
from tests.scenarios.desk import Desk, text_of
from tests.tools.ports import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
PATIENCE = 120.0
FORM_TRIES, FORM_SECONDS = 12, 10.0
CHANNEL = seed.KEYS_CHANNEL
WATCHER = "watcher"
# What a person reads then (`permissions/`).
SLACK_WAS_SLOW = "If Slack is slow just now"


class Process:
    """One Keydesk process. `ended` holds its exit code, negative for a signal."""

    def __init__(self, pid: int, *, port: int, metrics_port: int, output: Path) -> None:
        self.pid = pid
        self.port = port
        self.metrics_port = metrics_port
        self.output = output
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        return not self.ended.done()

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        if not self.alive:
            return False
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False

    def kill(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)

    async def end(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = PATIENCE) -> int:
        """Send a signal and wait for the exit code."""
        self.kill(number)
        return await asyncio.wait_for(asyncio.shield(self.ended), seconds)

    def said(self) -> str:
        """Everything it wrote."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    async def get(self, path: str) -> httpx.Response:
        """One of its pages."""
        async with httpx.AsyncClient(trust_env=False) as client:
            port = self.metrics_port if path in {"/readyz", "/metrics"} else self.port
            return await client.get(f"http://127.0.0.1:{port}{path}", timeout=30)


class Nursery:
    """One test's connection to the process that forks ours (victim.py)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._children: dict[int, Process] = {}
        self._early: dict[int, int] = {}
        self._listener = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        async for line in reader:
            said = json.loads(line)
            if "started" in said:
                self._started.put_nowait(said["started"])
            elif (child := self._children.get(said["ended"])) is not None:
                if not child.ended.done():
                    child.ended.set_result(said["code"])
            else:
                self._early[said["ended"]] = said["code"]

    async def fork(self, order: dict[str, Any], *, port: int) -> Process:
        async with self._turn:
            self._writer.write(json.dumps(order).encode() + b"\n")
            await self._writer.drain()
            pid = await asyncio.wait_for(self._started.get(), START_SECONDS)
        metrics_port = int(order["environment"]["KEYDESK_METRICS_PORT"])
        child = Process(pid, port=port, metrics_port=metrics_port, output=Path(order["output"]))
        self._children[pid] = child
        if pid in self._early:
            child.ended.set_result(self._early.pop(pid))
        return child

    async def close(self) -> None:
        """End everything: the children end with the connection."""
        self._writer.write_eof()
        await self._listener
        self._writer.close()
        await self._writer.wait_closed()


@contextlib.contextmanager
def victims() -> Iterator[Path]:
    """The warm process, for many tests one after the other; yields the socket where it takes orders."""
    with tempfile.TemporaryDirectory(prefix="keydesk-") as folder:  # short, since a socket's path is limited
        path = Path(folder) / "nursery"
        words = (sys.executable, "-m", "tests.crash.victim", str(path))
        with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE) as process:
            yield path
            assert process.stdin is not None
            process.stdin.close()


@contextlib.asynccontextmanager
async def nursery(path: Path) -> AsyncIterator[Nursery]:
    """A connection to the warm process, once it listens."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
            break
        except (FileNotFoundError, ConnectionRefusedError):
            assert time.monotonic() < end, "the process to fork from did not start"
            await asyncio.sleep(0.02)
    opened = Nursery(reader, writer)
    try:
        yield opened
    finally:
        await opened.close()


def _as_watcher(database_url: str) -> str:
    """The same database; PostgreSQL knows these connections by their name, so that a test need not cut its own."""
    url = sa.make_url(database_url)
    if url.get_backend_name() == "postgresql":
        url = url.update_query_dict({"application_name": WATCHER})
    return url.render_as_string(hide_password=False)


class House:
    """One world and its Keydesk processes. `quick`: see victim.hurry."""

    def __init__(self, *, world: World, gateway_url: str, folder: Path, database_url: str, nursery: Nursery) -> None:
        self.world = world
        self.slack = world.slack
        self.gateway = world.gateway
        self.database_url = database_url
        self.database = open_database(_as_watcher(database_url), exclusive=False)
        self.desk = Desk(world)
        app: Any = SimpleNamespace(database=self.database)
        self.desk.app = app
        self.desk.moves_time = False
        self.desk.patience = PATIENCE
        self.processes: list[Process] = []
        self._gateway_url = gateway_url
        self._folder = folder
        self._nursery = nursery

    async def start(
        self,
        *arguments: str,
        quick: bool = True,
        gateway_timeout: float | None = None,
        port: int | None = None,
        points: dict[str, Any] | None = None,
        version: str = "",
        wait: bool = True,
        **more: str,
    ) -> Process:
        """`keydesk serve`, or what `arguments` say; returns once it is ready. Slack sends to the latest one.

        `gateway_timeout`: of a call, where the quick one is too short. `more`: settings that differ.
        """
        port = port or free_port()
        settings = self.world.environment(gateway_url=self._gateway_url, port=port, database_url=self.database_url)
        # One person does in seconds what takes others a day, and no person's share is what is tested.
        settings |= {"KEYDESK_COMMANDS_PER_MINUTE": "1000000", "KEYDESK_OPEN_REQUESTS": "1000000"}
        settings["KEYDESK_METRICS_PORT"] = str(free_port())
        order = {
            "arguments": list(arguments or ["serve"]),
            "environment": settings | more,
            "folder": str(self._folder),
            "output": str(self._folder / f"output-{len(self.processes)}.txt"),
            "quick": quick,
            "gateway_timeout": gateway_timeout,
            "points": points,
            "version": version,
        }
        process = await self._nursery.fork(order, port=port)
        self.processes.append(process)
        if wait:
            await self.ready(process)
            self.slack.bot_url = f"http://127.0.0.1:{port}/slack/events"
        return process

    async def ready(self, process: Process, *, seconds: float = START_SECONDS) -> None:
        """Until it says so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert process.alive, f"it ended with {process.ended.result()}: {process.said()[-2000:]}"
            with contextlib.suppress(httpx.HTTPError):
                if (await process.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.02)
        raise AssertionError(f"not ready: {process.said()[-2000:]}")

    async def says(self, path: str, fragment: str, *, seconds: float = PATIENCE) -> str:
        """What the page of the latest process says, once it holds `fragment`."""
        end = time.monotonic() + seconds
        while fragment not in (text := (await self.processes[-1].get(path)).text):
            assert time.monotonic() < end, f"{path} never says {fragment!r}: {text}"
            await asyncio.sleep(0.05)
        return text

    async def persist(self, step: Callable[[], Awaitable[AppAnswer]], *, seconds: float = PATIENCE) -> AppAnswer | None:
        """What a person does when Slack says "that did not work": the same again. None: it was done meanwhile."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = await step()
            except (ClientRefusal, LookupError):
                return None
            if answer.ok:
                return answer
            assert time.monotonic() < end, f"never answered: {answer}"
            await asyncio.sleep(0.05)

    async def command(self, user: str, channel: str, text: str, *, seconds: float = PATIENCE) -> None:
        """A slash command; again while a busy machine brings Slack's answer about this person too late."""
        end = time.monotonic() + seconds
        while SLACK_WAS_SLOW in str((await self.slack.command(user, channel, text)).body):
            assert time.monotonic() < end, "Slack never says who this is"
            await asyncio.sleep(0.2)

    async def form(self, user: str, channel: str, text: str, callback_id: str) -> View:
        """The form that a command opens; again while a busy machine is too late for Slack's three seconds."""
        for _ in range(FORM_TRIES):
            await self.command(user, channel, text)
            with contextlib.suppress(AssertionError):
                view: View = await self.desk.eventually(
                    lambda: next(one for one in self.slack.open_views(user) if one.body["callback_id"] == callback_id),
                    seconds=FORM_SECONDS,
                )
                return view
        raise AssertionError(f"{text} never opens its form")

    async def click(self, user: str, message: SlackMessage, action: str, *, until: Callable[[], object]) -> None:
        """A click that makes `until` true; again while a busy machine brings Slack's answer about this person too late."""
        while not until():
            before = self._times_slow(user)
            await self.slack.click(user, message, action)
            await self.desk.eventually(functools.partial(self._answered, user, until, before))

    def _answered(self, user: str, until: Callable[[], object], before: int) -> bool:
        return bool(until()) or self._times_slow(user) > before

    def _times_slow(self, user: str) -> int:
        seen = [one for channel in self.slack.workspace.channels for one in self.slack.messages(channel, user)]
        return sum(one.ephemeral_to == user and SLACK_WAS_SLOW in text_of(one) for one in seen)

    async def settled(self, number: int = 1, *, seconds: float = PATIENCE) -> ApprovalRequest:
        """The row of a request once nothing moves it any more; also before it is there."""
        end = time.monotonic() + seconds
        row = None
        while row is None or row.status not in FINAL:
            assert time.monotonic() < end, f"request {number} stays {row.status if row else 'unheard of'}"
            await asyncio.sleep(0.03)
            row = await self.database.read(store.find, number)
        return row

    async def requests(self) -> list[ApprovalRequest]:
        """All of them, newest first."""
        return await self.database.read(store.recent, limit=100_000)

    def names(self) -> list[str]:
        """What the keys at the gateway are called, newest first."""
        keys = self.gateway.keys()
        return [key.name for key in keys]

    def posted(self) -> dict[str, int]:
        """How many messages there are of each post, by the id that they carry."""
        found: dict[str, int] = {}
        for channel in self.slack.workspace.channels:
            for message in self.slack.messages(channel):
                payload = (message.metadata or {}).get("event_payload", {})
                if "id" in payload:
                    found[payload["id"]] = found.get(payload["id"], 0) + 1
        return found

    def _times_posted(self, name: str) -> int:
        return self.posted().get(name, 0)

    async def shown(self, number: int = 1) -> None:
        """Until the confirmation and the word to the requester are there; nothing stands twice."""
        for what in ("confirmation", "dm"):
            await self.desk.eventually(functools.partial(self._times_posted, f"req:{number}:{what}"))
        assert set(self.posted().values()) == {1}, self.posted()

    def verdict(self) -> Verification:
        """Whether the record is whole."""
        return verify_database(self.database)

    async def close(self) -> None:
        for process in self.processes:
            process.kill(signal.SIGKILL)
        for process in self.processes:
            await asyncio.wait_for(asyncio.shield(process.ended), PATIENCE)
        self.database.close()


@contextlib.asynccontextmanager
async def open_house(
    folder: Path,
    *,
    database_url: str,
    nursery: Nursery,
    policy: str = POLICY,
    reconnects: bool = False,
    **world_options: Any,
) -> AsyncIterator[House]:
    """The world and no process yet; ends every process that a test leaves.

    `reconnects`: the gateway closes each connection after its answer, so that every call makes one.
    """
    world = World(folder=folder, **world_options)
    world.policy_path.write_text(policy, encoding="utf-8")
    seed.fill_gateway(world.gateway)
    world.slack.limits.enforced = False
    async with (
        serving(world.slack.app) as slack_url,
        serving(
            world.gateway.app, date_header=False, headers=[("Connection", "close")] if reconnects else []
        ) as gateway_url,
    ):
        world.slack.base_url = slack_url
        house = House(world=world, gateway_url=gateway_url, folder=folder, database_url=database_url, nursery=nursery)
        try:
            yield house
        finally:
            await house.close()
            await world.slack.close()
