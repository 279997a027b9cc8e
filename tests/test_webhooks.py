"""Every line of the record arrives, in order and signed, however the other side behaves."""

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from bot import audit
from bot.audit import Fact
from bot.db import leases, named_values
from bot.db.engine import Database
from bot.errors import ConfigurationError
from bot.settings import load
from bot.webhooks import GIVE_UP_SECONDS, LEASE, PLACE, WebhookSender
from keydesk_sandbox.world import World
from tests.narrow import present

PAGE = Path(__file__).parents[1] / "docs" / "webhooks.md"
OLD, NEW = ("whsec_" + letter * 43 + "=" for letter in "ab")


class Receiver(httpx.AsyncBaseTransport):
    """Another system: answers what it is told, keeps what it got."""

    def __init__(self) -> None:
        self.got: list[httpx.Request] = []
        self.answers: list[int | Exception] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, headers={"location": "http://127.0.0.1:1/"} if answer == 307 else {})

    def lines(self) -> list[int]:
        return [json.loads(request.content)["data"]["seq"] for request in self.got]


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.haste = 1

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds * self.haste
        await asyncio.sleep(0.002)


def sender(database: Database, receiver: Receiver, clock: Clock, **options: Any) -> WebhookSender:
    secrets = [SecretStr(secret) for secret in options.pop("secrets", (OLD,))]
    return WebhookSender(
        database=database,
        url="http://localhost/events",
        secrets=lambda: secrets,
        holder=options.pop("holder", "one"),
        clock=clock,
        sleep=clock.sleep,
        transport=receiver,
        **options,
    )


async def happen(database: Database, number: int = 1) -> None:
    for _ in range(number):
        await database.run(
            audit.append, fact=Fact.APPLIED, at=1_800_000_000.0, key_id=7, details={"operation": "key.create"}
        )


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110  # any condition
            await asyncio.sleep(0.005)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def clock() -> Clock:
    return Clock()


Sending = Callable[..., Awaitable[WebhookSender]]


@pytest.fixture
async def sending(database: Database, receiver: Receiver, clock: Clock) -> AsyncIterator[Sending]:
    begun: list[WebhookSender] = []

    async def begin(**options: Any) -> WebhookSender:
        begun.append(sender(database, receiver, clock, **options))
        await begun[-1].start()
        return begun[-1]

    yield begin
    for one in begun:
        await one.stop()


async def test_what_happens_from_now_on_is_sent_in_order(
    database: Database, receiver: Receiver, sending: Sending
) -> None:
    await happen(database, 2)
    await sending()
    await happen(database, 120)
    await until(lambda: len(receiver.got) == 120)
    assert receiver.lines() == list(range(3, 123))
    event = json.loads(receiver.got[0].content)
    assert event["type"] == "keydesk.applied"
    assert event["timestamp"] == event["data"]["at"]
    assert event["data"]["details"] == {"operation": "key.create"}


async def test_both_secrets_sign_while_one_replaces_the_other(
    database: Database, receiver: Receiver, sending: Sending, clock: Clock
) -> None:
    clock.now = time.time()
    await sending(secrets=(NEW, OLD))
    await happen(database)
    await until(lambda: receiver.got)
    request = receiver.got[0]
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(request.content, dict(request.headers))["data"]["seq"] == 1
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "c" * 43 + "=").verify(request.content, dict(request.headers))


@pytest.mark.parametrize("answer", [500, 404, 307, 410, httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
async def test_what_is_not_taken_is_sent_again_and_holds_up_the_rest(
    database: Database, receiver: Receiver, sending: Sending, answer: int | Exception
) -> None:
    receiver.answers = [answer] * 3
    await sending()
    await happen(database, 2)
    await until(lambda: len(receiver.got) == 5)
    assert receiver.lines() == [1, 1, 1, 1, 2]
    assert len({request.headers["webhook-id"] for request in receiver.got}) == 2


async def test_it_is_said_while_it_is_not_taken(database: Database, receiver: Receiver, sending: Sending) -> None:
    receiver.answers = [503] * 2
    results: list[str] = []
    one = await sending(observe=results.append)
    await happen(database)
    await until(lambda: one.problem)
    assert one.problem == "the webhook of KEYDESK_WEBHOOK_URL answers 503; events wait"
    await until(lambda: one.problem is None)
    assert results == ["refused", "refused", "ok"]


@pytest.mark.thorough
async def test_a_line_that_is_never_taken_is_left_out_after_a_day(
    database: Database, receiver: Receiver, sending: Sending, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [400] * 400
    clock.haste = 30
    await sending()
    await happen(database, 2)
    begun = clock.now
    await until(lambda: 2 in receiver.lines())
    assert clock.now - begun >= GIVE_UP_SECONDS
    assert "line 1 of the record" in caplog.text
    # Every ten minutes at the least: about 150 times.
    assert 100 < receiver.lines().count(1) < 200


async def test_what_came_meanwhile_is_sent_at_the_next_start(
    database: Database, receiver: Receiver, clock: Clock
) -> None:
    first = sender(database, receiver, clock)
    await first.start()
    await happen(database)
    await until(lambda: receiver.got)
    await until_kept(database, 1)
    await first.stop()
    await happen(database, 2)
    clock.now += 120.0
    second = sender(database, receiver, clock, holder="two")
    await second.start()
    await until(lambda: len(receiver.got) == 3)
    await second.stop()
    assert receiver.lines() == [1, 2, 3]


async def until_kept(database: Database, seq: int) -> None:
    async with asyncio.timeout(60):
        while (present(await database.read(named_values.get, PLACE)))["seq"] < seq:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_one_process_at_a_time_sends(database: Database, receiver: Receiver, sending: Sending) -> None:
    await database.run(leases.acquire, LEASE, "other", seconds=1e9, now=1_800_000_000.0)
    await sending()
    await happen(database)
    await asyncio.sleep(0.1)
    assert receiver.got == []
    await database.run(leases.release, LEASE, "other")
    await until(lambda: receiver.got)


async def test_a_record_that_was_restored_goes_on_from_its_own_end(
    database: Database, receiver: Receiver, sending: Sending
) -> None:
    await database.run(named_values.put, PLACE, {"seq": 90})
    await sending()
    await happen(database)
    await until(lambda: receiver.got)
    assert receiver.lines() == [1]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"KEYDESK_WEBHOOK_URL": "http://example.com/x", "KEYDESK_WEBHOOK_SECRET": OLD}, "must be https"),
        ({"KEYDESK_WEBHOOK_URL": "example.com", "KEYDESK_WEBHOOK_SECRET": OLD}, "is not a URL"),
        ({"KEYDESK_WEBHOOK_URL": "https://example.com/x"}, "KEYDESK_WEBHOOK_SECRET: is missing"),
        ({"KEYDESK_WEBHOOK_URL": "https://example.com/x", "KEYDESK_WEBHOOK_SECRET": "short"}, "whsec_"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    world = World(folder=tmp_path)
    environment = world.environment(gateway_url="http://127.0.0.1:1", port=3000)
    with pytest.raises(ConfigurationError) as error:
        load(environment | changes, env_file=None)
    assert told in str(error.value.problems)
    assert changes.get("KEYDESK_WEBHOOK_SECRET", "none") not in str(error.value.problems)


def test_two_secrets_are_two(tmp_path: Path) -> None:
    environment = World(folder=tmp_path).environment(gateway_url="http://127.0.0.1:1", port=3000)
    given = {"KEYDESK_WEBHOOK_URL": "https://example.com/x", "KEYDESK_WEBHOOK_SECRET": f"{NEW} {OLD}"}
    settings = load(environment | given, env_file=None)
    assert [secret.get_secret_value() for secret in settings.webhook_secrets()] == [NEW, OLD]
    # Each for itself, too: a log line may hold one of them.
    assert {NEW, OLD} <= set(settings.secrets())


async def test_the_consumer_of_the_page_understands_it(database: Database, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "consumer.py").write_text(code, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"KEYDESK_WEBHOOK_SECRET": OLD, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "consumer.py",
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    one = WebhookSender(
        database=database,
        url=f"http://127.0.0.1:{port}/",
        secrets=lambda: [SecretStr(OLD)],
        holder="one",
        clock=time.time,
        sleep=lambda _seconds: asyncio.sleep(0.05),
    )
    try:
        await one.start()
        # It may not listen yet: a first try that fails would wait for its turn.
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        await happen(database, 2)
        assert process.stdout is not None
        async with asyncio.timeout(30):
            said = [await process.stdout.readline() for _ in range(2)]
        assert said == [b"1 keydesk.applied\n", b"2 keydesk.applied\n"]
    finally:
        await one.stop()
        process.terminate()
        await process.wait()


async def test_a_defect_does_not_end_the_sending(
    database: Database, receiver: Receiver, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_, failed = WebhookSender._round, list[bool]()

    async def fails_once(self: WebhookSender) -> bool:
        if not failed:
            failed.append(True)
            raise ValueError("a defect")
        return await round_(self)

    monkeypatch.setattr(WebhookSender, "_round", fails_once)
    await sending()
    await happen(database)
    await until(lambda: len(receiver.got) == 1)
