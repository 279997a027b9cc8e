"""What the gateway tests share: a client on the fake gateway, a journal in memory, a driver that calls again."""

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import SecretStr

from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.limiter import CallLimiter, Limit, WindowSize
from bot.gateway.models import Key, KeySettings
from bot.gateway.writes import WriteResult
from keydesk_sandbox.fake_gateway import FakeGateway, Record

PAT = "fakePatForTests0123456789+/ABCDE"
BASE = "https://gateway.test"
PROFILES = ("cometapi", "upstream-g1", "upstream-g2", "upstream-g3")


class Crash(BaseException):
    """The process dies here. Not an Exception: nothing may catch it."""


class MemoryJournal:
    """A journal that keeps JSON text, and can die before or after its nth record."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.crash_at: dict[int, str] = {}
        self.records = 0

    async def recall(self, name: str) -> Any | None:
        return json.loads(self.kept[name]) if name in self.kept else None

    async def record(self, name: str, value: Any) -> None:
        when = self.crash_at.pop(self.records, None)
        self.records += 1
        if when == "before":
            raise Crash
        self.kept[name] = json.dumps(value)
        if when == "after":
            raise Crash


def fake_gateway(profile: str = "cometapi", **switches: Any) -> FakeGateway:
    fake = FakeGateway(access_token=PAT, profile=profile, seed=7, user_id=42)
    for name, value in ({"ip_limit": None, "search_limit": None} | switches).items():
        fake.switch(name, value)
    return fake


def unlimited(fake: FakeGateway) -> CallLimiter:
    """For tests that call more often than any window takes."""
    sizes = {limit: WindowSize(most=10**9, seconds=1.0, shares={}) for limit in Limit}
    return CallLimiter(clock=fake.clock, sleep=fake.clock.sleep, sizes=sizes)


def client_of(fake: FakeGateway, **more: Any) -> GatewayClient:
    more.setdefault("limiter", unlimited(fake))
    return connect(
        base_url=BASE,
        access_token=SecretStr(PAT),
        user_id="42" if fake.switches.user_header else None,
        transport=fake.transport(),
        clock=fake.clock,
        sleep=fake.clock.sleep,
        rng=random.Random(3),
        **more,
    )


def wanted(name: str = "ci runner", **more: Any) -> KeySettings:
    values: dict[str, Any] = {"name": name, "remain_quota": 100_000} | more
    return KeySettings.of(**values)


def sent(fake: FakeGateway, method: str | None = None) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in fake.requests if method in (None, seen.method)]


async def to_the_end(
    fake: FakeGateway, write: Callable[[], Awaitable[WriteResult]], *, rounds: int = 60
) -> WriteResult:
    """Calls again as the result asks, and after every crash, with the clock moved on."""
    for _ in range(rounds):
        try:
            result = await write()
        except Crash:
            fake.advance(1)
            continue
        if result.again_after is None:
            return result
        fake.advance(result.again_after)
    raise AssertionError(f"not settled after {rounds} rounds: {result!r}")


def same_record(row: Record, key: Key) -> bool:
    """Whether a key as the client knows it is the row as the gateway has it."""
    return all(
        (getattr(row, name) or "") == (getattr(key, name) or "")
        for name in (*KeySettings.model_fields, "id", "status", "used_quota")
    )
