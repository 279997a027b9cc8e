"""Whatever comes in at the door: an answer below 500, and no exception that nobody caught.

Real payloads of every kind are recorded first, then spoilt: parts are cut out, swapped, blown up, signed or not.
"""

import asyncio
import copy
import json
import logging
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from bot.sandbox import seed
from bot.sandbox.fake_slack.deliveries import encode
from tests.scenarios.desk import Desk, open_desk

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 1e308, "", " ", "\x00", "\ud800", "ünï😀", "a" * 5000, "<@U0ADA>", "1" * 400,
    "key.create", "*", "../..", "{}", "'; DROP TABLE requests; --", [], {}, [[]], {"": {}}, ["x"] * 300,
)  # fmt: skip
TYPES = ("application/x-www-form-urlencoded", "application/json", "text/plain", "", "multipart/form-data; boundary=x")


class Spoiler:
    """Makes one wrong payload out of right ones; the same seed, the same payloads."""

    def __init__(self, payloads: list[tuple[str, dict[str, Any]]], *, seed_number: int) -> None:
        self._payloads = payloads
        self._random = random.Random(seed_number)

    def body(self) -> tuple[bytes, str]:
        """Raw bytes and a content type."""
        kind, payload = self._random.choice(self._payloads)
        spoilt = copy.deepcopy(payload)
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 3, 8))):
            spoilt = self._spoil(spoilt)
        try:
            raw, content_type = encode(kind, spoilt)
        except (TypeError, ValueError, AttributeError, UnicodeError):
            raw, content_type = b"payload=" + quote_plus(json.dumps(spoilt)).encode(), TYPES[0]
        if self._random.random() < 0.1:
            raw = self._cut(raw)
        if self._random.random() < 0.05:
            content_type = self._random.choice(TYPES)
        return raw, content_type

    def _spoil(self, value: Any) -> Any:
        rng = self._random
        if isinstance(value, dict) and value and rng.random() < 0.9:
            name = rng.choice(list(value))
            chance = rng.random()
            if chance < 0.15:
                del value[name]
            elif chance < 0.25:
                other = rng.choice(list(value))
                value[name], value[other] = value[other], value[name]
            elif chance < 0.3:
                value[str(rng.choice(NASTY))[:50]] = value[name]
            else:
                value[name] = self._spoil(value[name])
            return value
        if isinstance(value, list) and value and rng.random() < 0.8:
            index = rng.randrange(len(value))
            value[index] = self._spoil(value[index])
            return value
        return copy.deepcopy(rng.choice(NASTY))

    def _cut(self, raw: bytes) -> bytes:
        rng = self._random
        at = rng.randrange(len(raw) + 1)
        return rng.choice((raw[:at], raw[at:], raw[:at] + bytes(rng.randbytes(8)) + raw[at:], b"", raw * 2))

    def headers(self, signed: dict[str, str], content_type: str) -> dict[str, str]:
        """Mostly as they must be."""
        rng, headers = self._random, {"Content-Type": content_type, **signed}
        if rng.random() < 0.1:
            name = rng.choice(("X-Slack-Signature", "X-Slack-Request-Timestamp"))
            headers[name] = rng.choice(("", "v0=", "x", "-1", "1e9", "９９", "v0=" + "0" * 64, "0" * 500)).encode()  # type: ignore[assignment]  # not ASCII
        return headers


class Uncaught(logging.Handler):
    """What was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.endswith("sdk.bolt"):
            return  # Bolt's own word for a field of a wrong type, which we answer with 400
        self.records.append(f"{record.name}: {record.getMessage()} {record.exc_info and record.exc_info[1]!r}"[:600])


async def record(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    """One payload of each kind, as Slack sends them."""
    await desk.ask(ADA, name="big", remain_quota="2M", reason="to test")
    card = await desk.eventually(lambda: desk.card(1))
    for action in ("take", "approve_with_changes", "deny", "approve"):
        await desk.slack.click(MIRA, card, action)
    await desk.settled(1)
    key = desk.key("big").id
    for text in (
        "",
        "help",
        "new",
        f"edit {key}",
        f"quota {key} +5",
        f"disable {key}",
        f"rotate {key}",
        "list",
        "requests",
        "why key.create",
    ):
        await desk.slack.command(ADA, CHANNEL, f"/apikey {text}")
        await asyncio.sleep(0.05)
    await desk.slack.shortcut(ADA, "new_key")
    await desk.slack.shortcut(ADA, "disable_leaked_key", CHANNEL, card.ts)
    await desk.slack.open_home(ADA)
    await desk.slack.changes.set_group("S0MANAGERS", [MIRA])
    await desk.slack.changes.change_person(ADA, title="Lead")
    return [(delivery.kind, delivery.payload) for delivery in desk.slack.sent]


async def throw(desk: Desk, number: int, *, seed_number: int) -> Counter[int]:
    """`number` spoilt payloads, eight at a time; returns the statuses."""
    payloads = await record(desk)
    spoiler = Spoiler(payloads, seed_number=seed_number)
    statuses: Counter[int] = Counter()
    deliveries = desk.slack.deliveries
    url = desk.slack.bot_url or ""
    transport = deliveries._transport

    async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=30) as client:

        async def one() -> None:
            raw, content_type = spoiler.body()
            headers = spoiler.headers(deliveries._signed(raw), content_type)
            response = await client.post(url, content=raw, headers=headers)
            statuses[response.status_code] += 1

        for _ in range(number // 8):
            await asyncio.gather(*(one() for _ in range(8)))
    await desk.slack.settle()
    return statuses


async def fuzz(folder: Path, sqlite_url: str, number: int, *, seed_number: int) -> Counter[int]:
    """Throw, and judge what the log says."""
    uncaught = Uncaught()
    logging.getLogger("bot").addHandler(uncaught)
    try:
        async with open_desk(folder, database_url=sqlite_url) as desk:
            desk.slack.limits.enforced = False
            statuses = await throw(desk, number, seed_number=seed_number)
            await asyncio.sleep(0.2)
    finally:
        logging.getLogger("bot").removeHandler(uncaught)
    assert max(statuses) < 500, statuses
    assert uncaught.records == [], Counter(uncaught.records).most_common(5)
    return statuses


@pytest.mark.timeout(120)
async def test_payloads_that_are_wrong_in_many_ways(tmp_path: Path, sqlite_url: str) -> None:
    statuses = await fuzz(tmp_path, sqlite_url, 4000, seed_number=6)
    assert set(statuses) <= {200, 400, 401, 413}
    assert min(statuses[200], statuses[400], statuses[401]) > 50, statuses


@pytest.mark.soak
async def test_two_hundred_thousand_wrong_payloads(tmp_path: Path, sqlite_url: str) -> None:
    number = int(os.environ.get("FUZZ", "200000"))  # noqa: TID251  # tests have no Settings
    begun = time.monotonic()
    statuses = await fuzz(tmp_path, sqlite_url, number, seed_number=int(begun))
    print(f"\n{number} payloads in {time.monotonic() - begun:.0f} s: {dict(statuses)}")  # noqa: T201  # the figure
