"""Hours in minutes: a mixed load on two replicas of which one dies and one freezes; and one process for a long time.

MINUTES (make soak MINUTES=60) and DELIVERIES say how much.
"""

import asyncio
import itertools
import json
import os
import random
import re
import signal
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest

from benchmarks import payloads
from bot.approvals.models import FINAL, Status
from keydesk_sandbox.fake_slack.deliveries import encode
from tests.crash.house import House, Process

MINUTES = float(os.environ.get("MINUTES", "60"))  # noqa: TID251  # tests have no Settings
DELIVERIES = int(os.environ.get("DELIVERIES", "20000"))  # noqa: TID251  # the same
pytestmark = [pytest.mark.soak, pytest.mark.filterwarnings("default")]
SMALL, BIG = "100k", "2M"
_DELIVERIES = re.compile(r'^keydesk_deliveries_total\{kind="(\w+)",[^}]*\} (\S+)$', re.MULTILINE)


@dataclass
class Load:
    """A balancer with many people behind it: sends to processes that are in `to`, and to another one when one fails."""

    house: House
    to: list[Process]
    seconds: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    events: int = 0
    failed: int = 0
    wrong: int = 0
    _numbers: Any = field(default_factory=itertools.count)
    _repeated: list[dict[str, Any]] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    async def run(self, number: int, *, connections: int = 12) -> None:
        """Send `number` deliveries."""
        left = iter(range(number))
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
        async with httpx.AsyncClient(trust_env=False, timeout=4, limits=limits) as client:
            await asyncio.gather(*(self._person(client, left) for _ in range(connections)))

    async def _person(self, client: httpx.AsyncClient, left: Any) -> None:
        for _ in left:
            kind, payload, name = self._next()
            if await self._deliver(client, kind, payload) and name:
                self.asked.add(name)

    def _next(self) -> tuple[str, dict[str, Any], str]:
        chance, number = self._random.random(), next(self._numbers)
        if chance < 0.03:
            name = f"soak-{number}"
            payload = _submission(name, SMALL, number)
            self._repeated.append(payload)
            return "interactive", payload, name
        if chance < 0.06 and self._repeated:
            return "interactive", self._random.choice(self._repeated[-50:]), ""
        if chance < 0.065:
            return "interactive", _submission(f"big-{number}", BIG, number), ""
        if chance < 0.15:
            event = {"type": "user_change", "user": {"id": "U0ADA", "team_id": payloads.TEAM, "name": "ada"}}
            event_id = f"Ev{number}"
            return (
                "events_api",
                {"type": "event_callback", "event_id": event_id, "team_id": payloads.TEAM, "event": event},
                "",
            )
        words = self._random.choice(("help", "", "why key.create", "requests", "nonsense"))
        return "slash_commands", _command(words, number), ""

    async def _deliver(self, client: httpx.AsyncClient, kind: str, payload: dict[str, Any]) -> bool:
        raw, content_type = encode(kind, payload)
        headers = {"Content-Type": content_type, **self.house.slack.deliveries._signed(raw)}
        for _ in range(20):
            process = self._random.choice(self.to)
            begun = time.perf_counter()
            try:
                url = f"http://127.0.0.1:{process.port}/slack/events"
                response = await client.post(url, content=raw, headers=headers)
            except httpx.HTTPError:
                self.failed += 1
                await asyncio.sleep(0.05)
                continue
            self.seconds.append(time.perf_counter() - begun)
            self.events += kind == "events_api"
            if kind == "interactive":
                self.written.append(self.seconds[-1])
            self.wrong += response.status_code != 200
            return response.status_code == 200
        raise AssertionError("nobody answers")

    def p99(self) -> float:
        """Seconds."""
        return statistics.quantiles(self.seconds, n=100)[98]

    def latencies(self) -> str:
        """Of all, and of those with a row to write."""
        parts = []
        for name, found in (("all", self.seconds), ("written", self.written)):
            cuts = statistics.quantiles(found, n=1000)
            parts.append(
                f"{name}: p50 {cuts[499] * 1000:.0f}, p99 {cuts[989] * 1000:.0f}, p99.9 {cuts[998] * 1000:.0f} ms"
            )
        return "; ".join(parts)


def _submission(name: str, quota: str, number: int) -> dict[str, Any]:
    request = payloads.submission(number, port=1).split(b"\r\n\r\n", 1)[1].decode()
    payload: dict[str, Any] = json.loads(dict(httpx.QueryParams(request))["payload"])
    values = payload["view"]["state"]["values"]
    values["name"]["value"]["value"], values["remain_quota"]["value"]["value"] = name, quota
    return payload


def _command(text: str, number: int) -> dict[str, Any]:
    request = payloads.command(text, port=1, number=number).split(b"\r\n\r\n", 1)[1].decode()
    return dict(httpx.QueryParams(request))


async def _all_done(house: House, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        rows = await house.requests()
        left = [row for row in rows if row.status not in FINAL and row.status is not Status.PENDING]
        if not left:
            return
        assert time.monotonic() < end, f"{len(left)} left: {left[:3]}"
        await asyncio.sleep(0.5)


@pytest.mark.postgres
async def test_a_mixed_load_on_two_replicas_with_one_killed_and_one_frozen(pg_house: House) -> None:
    house = pg_house
    first, second = await house.start(), await house.start()
    load = Load(house, [first, second])
    third = DELIVERIES // 3
    begun = time.monotonic()
    await asyncio.gather(load.run(third), _soon(first, signal.SIGKILL, load))
    load.to.append(await house.start())
    await asyncio.gather(load.run(third), _soon(second, signal.SIGSTOP, load))
    await asyncio.sleep(3)
    second.kill(signal.SIGCONT)
    load.to.append(second)
    await load.run(DELIVERIES - 2 * third)
    took = time.monotonic() - begun
    await _all_done(house, seconds=300)
    rows = await house.requests()
    done = [row for row in rows if row.status is Status.SUCCEEDED]
    names = [name for name in house.names() if name.startswith("soak-")]
    print(  # noqa: T201  # the figures for docs/resilience.md
        f"\n{len(load.seconds)} deliveries in {took:.0f} s, {load.failed} sent again, {load.wrong} wrong; requests "
        f"{len(rows)}, done {len(done)}, keys {len(names)}; ack {load.latencies()}; record {house.verdict()}"
    )
    assert load.wrong == 0
    assert len(names) == len(set(names)) == len(done)
    assert load.asked <= set(names)
    assert {row.status for row in rows} <= {Status.SUCCEEDED, Status.PENDING}
    assert house.verdict().problems == ()
    posted = house.posted()
    assert {post: count for post, count in posted.items() if count > 1} == {}
    assert load.p99() < 1.0


async def _soon(process: Process, what: signal.Signals, load: Load) -> None:
    await asyncio.sleep(2)
    process.kill(what)
    await asyncio.sleep(0.5)
    # The balancer's health check.
    load.to.remove(process)


async def test_one_process_for_a_long_time(house: House) -> None:
    process = await house.start()
    load = Load(house, [process])
    watched = psutil.Process(process.pid)
    samples: list[tuple[float, int, int]] = []
    end = time.monotonic() + MINUTES * 60
    while time.monotonic() < end:
        await load.run(500)
        await _all_done(house, seconds=120)
        samples.append((watched.memory_info().rss / 2**20, watched.num_fds(), watched.num_threads()))
    metrics = (await process.get("/metrics")).text
    counted: Counter[str] = Counter()
    for kind, number in _DELIVERIES.findall(metrics):
        counted[kind] += int(float(number))
    warm = samples[len(samples) // 3 :]
    memory = " → ".join(f"{samples[len(samples) * part // 6 - (part == 6)][0]:.0f}" for part in range(7))
    print(  # noqa: T201  # the figures for docs/resilience.md
        f"\n{len(load.seconds)} deliveries, {MINUTES:g} min; MiB by sixths {memory}; "
        f"files {warm[0][1]} → {warm[-1][1]}; threads {warm[0][2]} → {warm[-1][2]}; "
        f"ack p99 {load.p99() * 1000:.0f} ms; counted {counted.total()}"
    )
    assert counted.total() - counted["event"] == len(load.seconds) - load.events
    # The sandbox's Slack tells the bot of its own messages too.
    assert counted["event"] >= load.events
    assert load.wrong == load.failed == 0
    assert warm[-1][0] < warm[0][0] * 1.2 + 10
    assert warm[-1][1] <= warm[0][1] + 10
    assert warm[-1][2] <= warm[0][2] + 4
    names = [name for name in house.names() if name.startswith("soak-")]
    assert len(names) == len(set(names)) == len(load.asked)
    assert house.verdict().problems == ()
    assert await process.end() == 0
    assert "Traceback" not in process.said()
