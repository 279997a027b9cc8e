"""A client whose gateway gives exactly the replies a test writes down."""

import random
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import httpx
from httpx import ReadError
from pydantic import SecretStr

from bot.gateway.connection import connect
from tests.gateway.kit import BASE, PAT

ROW = {
    "id": 5, "user_id": 42, "key": "aB3d" + "x" * 40 + "wXyZ", "status": 1, "name": "ci", "created_time": 1,
    "accessed_time": 1, "expired_time": -1, "remain_quota": 5, "used_quota": 0, "unlimited_quota": False,
    "model_limits_enabled": False, "model_limits": "", "allow_ips": None, "group": "", "cross_group_retry": False,
}  # fmt: skip


class Sleeper:
    """A clock and the sleep that moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Raw(httpx.AsyncByteStream):
    def __init__(self, *chunks: bytes, error: ReadError | None = None) -> None:
        self.chunks, self.error, self.taken = chunks, error, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.taken += 1
            yield chunk
        if self.error:
            raise self.error


def answering(*replies: Any, clock: Sleeper | None = None, **more: Any) -> tuple[Any, ...]:
    """A client whose gateway gives these replies in turn, the last one for ever; and the requests it saw."""
    seen, turn, clock = [], count(), clock or Sleeper()

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        reply = replies[min(next(turn), len(replies) - 1)]
        if isinstance(reply, Exception):
            raise reply
        answer: httpx.Response = reply() if callable(reply) else reply
        return answer

    client = connect(
        base_url=more.pop("base_url", BASE), access_token=SecretStr(PAT), transport=httpx.MockTransport(handler),
        clock=clock, sleep=clock.sleep, rng=random.Random(1), **more,
    )  # fmt: skip
    return client, seen


def yes(data: Any = None, **more: Any) -> Callable[..., Any]:
    return lambda: httpx.Response(200, json={"success": True, "message": "", "data": data}, **more)


def no(message: str, status: int = 200, **more: Any) -> Callable[..., Any]:
    return lambda: httpx.Response(status, json={"success": False, "message": message, **more})


def html(status: int) -> Callable[..., Any]:
    return lambda: httpx.Response(status, html="<html>sorry</html>")
