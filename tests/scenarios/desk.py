"""A whole Keydesk for one test: the real bot, the sandbox's Slack and gateway, and people who type and click.

Everything goes over the real wire on loopback, except the gateway, whose transport is in process so that a test can
lose an answer on purpose. `eventually` waits for what the bot does after its answer; no test sleeps a fixed time. What
waits for a time (a pace, a retry, a reminder) is not waited for: all clocks are one, and `eventually` moves it.
"""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from bot.app import Application
from bot.approvals import store
from bot.approvals.models import FINAL, ApprovalRequest
from bot.audit import read as read_audit
from bot.db import sqlite
from bot.durable import engine
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.services import Services
from bot.settings import NamedSecret, load, named_secret
from bot.slack.blocks import Message
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.views import View
from keydesk_sandbox.world import World, serving
from tests.narrow import present

PATIENCE = 40.0
# What has not come after so long waits for a time, so the clocks are moved. Half a second keeps the order of what
# comes due, and 80 of them are as long as anybody waited before.
STILL_SECONDS, STEP_SECONDS = 0.03, 0.5


class Desk:
    """What a test holds."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app: Services
        self.ahead = 0.0
        # The loop's time, which leaves out what the machine took away: a trigger id dies after three seconds of it.
        self._monotonic = asyncio.get_running_loop().time
        self._began = time.time() - self._monotonic()
        # Whether `eventually` may move the clocks: not those of other processes.
        self.moves_time = True
        self.patience = PATIENCE
        self._time_passed = asyncio.Event()
        self._sleepers = 0
        self.slack = world.slack
        self.gateway = world.gateway
        self.pagerduty = world.pagerduty

    def clock(self) -> float:
        """The bot's clock: the loop's time, and what a test let pass."""
        return self._began + self._monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        """The bot's sleep, on the bot's clock."""
        end = self.clock() + seconds
        self._sleepers += 1
        try:
            while (rest := end - self.clock()) > 0:
                # Not wait_for, which loses a cancellation that comes just then (before Python 3.12).
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(rest):
                        await self._time_passed.wait()
        finally:
            self._sleepers -= 1

    async def pass_time(self, seconds: float) -> None:
        """Everything's clock goes ahead, and what waits comes due."""
        self.ahead += seconds
        self.gateway.advance(seconds)
        self._time_passed.set()
        self._time_passed = asyncio.Event()
        await self.app.engine.skip(seconds)

    async def eventually(self, what: Callable[[], Any], *, seconds: float | None = None) -> Any:
        """The first true value of `what()`; fails when there is none in time."""

        async def found() -> Any:
            try:
                return what()
            except (LookupError, AttributeError, StopIteration, AssertionError):
                return None

        return await self.until(found, seconds=seconds, otherwise=f"never came: {what}")

    async def until(self, what: Callable[[], Awaitable[Any]], *, otherwise: str, seconds: float | None = None) -> Any:
        """The same for what has to be asked, such as a row."""
        now = self._monotonic()
        end, step = now + (self.patience if seconds is None else seconds), now + STILL_SECONDS
        while not (found := await what()):
            now = self._monotonic()
            assert now < end, f"{otherwise}. {self._last_words()}"
            if now >= step and self.moves_time and self._nothing_but_time_is_waited_for():
                await self.pass_time(STEP_SECONDS)
                step = self._monotonic() + STILL_SECONDS
            await asyncio.sleep(0.005)
        return found

    def _last_words(self) -> str:
        """What was said last, for whoever reads why a test failed."""
        sent = [f"{one.kind}: {one.answer}" for one in self.slack.sent[-3:]]
        messages = [m for channel in self.slack.workspace.channels for m in self.slack.messages(channel)]
        last = sorted(messages, key=lambda m: m.ts)[-5:]
        said = [f"{m.channel}, for {m.ephemeral_to or 'all'}: {text_of(m)[:200]}" for m in last]
        return f"Sent last: {sent}. Said last: {said}"

    def _nothing_but_time_is_waited_for(self) -> bool:
        """Time that passes over work at hand would look like a process that was frozen."""
        return self._sleepers > 0 or not (self.app.engine._runs.running or self.app.responder.busy)

    def _field(self, user: str, block_id: str) -> dict[str, Any] | None:
        return self.slack.top_view(user).block(block_id)

    async def fill(self, user: str, view: View, **fields: Any) -> None:
        """Type into the modal on top, field by field; a select that is drawn only then is waited for."""
        for block_id, value in fields.items():
            await self.eventually(functools.partial(self._field, user, block_id))
            current = self.slack.top_view(user)
            if present(current.block(block_id))["element"]["type"] in {"external_select", "multi_external_select"}:
                wanted = [value] if isinstance(value, str) else value
                for one in wanted:
                    await self.slack.options(user, current, block_id, one)
            await self.slack.type_in(user, current, block_id, value)

    async def ask(self, user: str = seed.ENGINEER, *, channel: str = seed.KEYS_CHANNEL, **fields: Any) -> AppAnswer:
        """`/apikey new`, fill, submit; returns the answer to the submission."""
        await self.slack.command(user, channel, "/apikey new")
        await self.fill(user, self.slack.top_view(user), **fields)
        return await self.slack.submit(user, self.slack.top_view(user))

    async def edit(self, user: str, key_id: int, **fields: Any) -> AppAnswer:
        """`/apikey edit KEY`, wait for the form, fill, submit; returns the answer to the submission."""
        await self.open_edit(user, key_id)
        await self.fill(user, self.slack.top_view(user), **fields)
        return await self.slack.submit(user, self.slack.top_view(user))

    async def open_edit(self, user: str, key_id: int) -> View:
        """`/apikey edit KEY`, until the form is there."""
        await self.slack.command(user, seed.KEYS_CHANNEL, f"/apikey edit {key_id}")
        await self.eventually(lambda: self.slack.top_view(user).body["callback_id"] == "key.update")
        return self.slack.top_view(user)

    async def own(self, user: str, record: Record) -> Record:
        """Write `user` down as the owner of a key that was made elsewhere."""
        line = OwnedKey(
            key_id=record.id,
            name=record.name,
            owner_id=user,
            owner_team=seed.TEAM,
            request_id=None,
            created_at=self.clock(),
        )
        await self.app.database.run(owners.own, line)
        return record

    async def settled(self, number: int = 1) -> ApprovalRequest:
        """The row of a request, which may come only with time, once nothing moves it any more."""

        async def final() -> ApprovalRequest | None:
            row = await self.app.database.read(store.find, number)
            return row if row is not None and row.status in FINAL else None

        row: ApprovalRequest = await self.until(final, otherwise=f"request {number} does not end")
        return row

    async def audit(self, fact: str = "") -> list[dict[str, Any]]:
        """Lines of the record, oldest first, once every request that was stored has its own."""

        async def all_announced() -> bool:
            return not await self.app.database.read(store.unannounced, most=1)

        await self.until(all_announced, otherwise="a request is not announced")
        lines = await self.app.database.read(read_audit, limit=500)
        return [line for line in reversed(lines) if fact in {"", line["fact"]}]

    def messages(self, channel: str = seed.KEYS_CHANNEL) -> list[SlackMessage]:
        """What the bot said in a channel, ephemeral messages left out."""
        return [
            m
            for m in self.slack.messages(channel)
            if m.author and m.author.user_id == seed.BOT_USER and not m.ephemeral_to
        ]

    def card(self, number: int | None = 1) -> SlackMessage:
        """The card of a request. None: the first there is, for numbers with gaps (PostgreSQL)."""
        mark = "" if number is None else f"#{number}"
        return next(m for m in self.messages() if not m.thread_ts and mark in text_of(m) and "asks" in text_of(m))

    def said(self, fragment: str, channel: str = seed.KEYS_CHANNEL) -> list[SlackMessage]:
        """Messages of the bot that hold a text."""
        return [m for m in self.messages(channel) if fragment in text_of(m)]

    def dm(self, user: str, fragment: str = "") -> list[SlackMessage]:
        """The bot's direct messages to somebody."""
        return [m for m in self.slack.dm(user) if fragment in text_of(m)]

    def key(self, name: str) -> Record:
        """The gateway's one record with this name."""
        records = self.gateway.keys()
        found = [record for record in records if record.name == name]
        assert len(found) == 1, f"{len(found)} keys are called {name}"
        return found[0]

    async def request(self, number: int = 1) -> ApprovalRequest:
        """The row."""
        return await self.app.database.read(store.get, number)


def refusal(answer: AppAnswer) -> str:
    """Why a form that was sent was refused: under its fields, or at its top; "" when it was taken."""
    body = answer.body or {}
    blocks = body.get("view", {}).get("blocks", [])
    top = [text for block in blocks if block.get("block_id") == "problem" for text in _texts([block])]
    return " ".join([*body.get("errors", {}).values(), *top])


def text_of(message: SlackMessage | Message) -> str:
    """All text of a message, blocks included."""
    return " ".join([message.text, *_texts(message.blocks)])


def buttons_of(message: SlackMessage) -> list[str]:
    """Action ids of a message's buttons; of a menu also the words of its options."""
    elements = [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]
    words = [option["value"].partition(":")[0] for e in elements for option in e.get("options", [])]
    return [e["action_id"] for e in elements] + words


def view_text(view: View) -> str:
    """All text of a modal."""
    return " ".join(_texts(view.body["blocks"]))


def _texts(item: Any) -> list[str]:
    if isinstance(item, dict):
        own = [item["text"]] if isinstance(item.get("text"), str) else []
        return own + [text for value in item.values() for text in _texts(value)]
    if isinstance(item, list):
        return [text for value in item for text in _texts(value)]
    return []


@contextlib.asynccontextmanager
async def open_desk(
    folder: Path,
    *,
    database_url: str,
    socket_mode: bool = False,
    profile: str = "cometapi",
    policy: str | None = None,
    prepare: Callable[[World], None] = lambda _world: None,
    **more: str,
) -> AsyncIterator[Desk]:
    """Start everything, hand it over, stop everything. `more`: settings that differ from the sandbox's.

    `prepare` changes the world before the bot meets it.
    """
    monotonic = asyncio.get_running_loop().time
    world = World(folder=folder, socket_mode=socket_mode, profile=profile, one_clock=True, monotonic=monotonic)
    if policy is not None:
        world.policy_path.write_text(policy, encoding="utf-8")
    seed.fill_gateway(world.gateway)
    prepare(world)
    async with running(world, database_url=database_url, settings=more) as desk:
        try:
            if socket_mode:
                await desk.eventually(lambda: world.slack.hub.links)
            yield desk
        finally:
            await world.slack.close()


@contextlib.asynccontextmanager
async def running(
    world: World,
    *,
    database_url: str,
    gateway: httpx.AsyncBaseTransport | None = None,
    named_secret: Callable[[str], NamedSecret] = named_secret,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Desk]:
    """The bot at work in a world, which outlives it and may be run in again. `gateway`: instead of the world's."""
    async with contextlib.AsyncExitStack() as stack:
        # The machine does not lose its power, and nobody waits for the end of a thread that has nothing to do.
        stack.enter_context(mock.patch.object(sqlite, "SYNCHRONOUS", "OFF"))
        stack.enter_context(mock.patch.object(engine, "LISTENER_SECONDS", 0.01))
        world.slack.base_url = await stack.enter_async_context(serving(world.slack.app))
        if world.pagerduty.schedules:
            world.pagerduty.base_url = await stack.enter_async_context(serving(world.pagerduty.app))
        environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000, database_url=database_url)
        desk = Desk(world)
        application = Application(
            load({**environment, **(settings or {})}, env_file=None),
            gateway_transport=gateway or world.gateway.transport(),
            named_secret=named_secret,
            clock=desk.clock,
            sleep=desk.sleep,
        )
        bot_url = await stack.enter_async_context(serving(application.asgi()))
        # Before the bot's server ends, or a connection to it would be closed after the loop.
        stack.push_async_callback(world.slack.deliveries.hang_up)
        world.slack.bot_url = bot_url + "/slack/events"
        assert application.services is not None
        desk.app = application.services
        yield desk
