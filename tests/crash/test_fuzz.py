"""Whatever comes in at our doors: an answer below 500, no exception that nobody caught, and no memory without bound.

Real payloads of every kind are recorded first, then spoilt (spoiling.py) and sent over a few raw connections to one
real process: an HTTP library would take longer than the bot. FUZZ says how many the long one sends.
"""

import asyncio
import contextlib
import io
import json
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from bot import logs
from keydesk_sandbox import seed
from tests.crash.house import House, Process
from tests.crash.spoiling import Spoiler

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
LINES = 24
# Nobody measures here: it is the time after which an answer would never come.
PATIENCE = 60.0
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_COMMANDS = ("", "help", "new", "list", "requests", "why key.create", "show KEY", "edit KEY", "quota KEY +5",
             "disable KEY", "rotate KEY", "disable KEY production", "audit")  # fmt: skip


async def record(house: House) -> list[tuple[str, dict[str, Any]]]:
    """One payload of each kind, as Slack sends them."""
    desk, slack = house.desk, house.slack
    await desk.ask(ADA, name="big", remain_quota="2M", model_limits="gpt-4o-mini", reason="to test")
    card = await desk.eventually(lambda: desk.card(1))
    for action in ("take", "approve_with_changes", "deny", "approve"):
        await slack.click(MIRA, card, action)
    await house.settled(1)
    key = desk.key("big").id
    for text in _COMMANDS:
        await slack.command(ADA, CHANNEL, f"/apikey {text.replace('KEY', str(key))}")
        await asyncio.sleep(0.05)
    await slack.shortcut(ADA, "new_key")
    await slack.close_view(ADA, slack.top_view(ADA))
    await slack.shortcut(ADA, "disable_leaked_key", CHANNEL, card.ts)
    await slack.open_home(ADA)
    await slack.say(ADA, CHANNEL, f"oops {house.gateway.key_value(key)}")
    await slack.changes.set_group("S0MANAGERS", [MIRA])
    await slack.changes.change_person(ADA, title="Lead")
    return [(delivery.kind, delivery.payload) for delivery in slack.sent]


@dataclass
class Thrower:
    """Sends what the spoiler makes, over some connections at once."""

    process: Process
    spoiler: Spoiler
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0

    async def throw(self, number: int) -> None:
        """`number` requests."""
        left = iter(range(number))
        async with asyncio.TaskGroup() as group:
            for _ in range(LINES):
                group.create_task(self._line(left))

    async def _line(self, left: Any) -> None:
        writer = None
        try:
            for _ in left:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.process.port)
                request = self.spoiler.request()
                begun = time.monotonic()
                writer.write(request)
                async with asyncio.timeout(PATIENCE):
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = _LENGTH.search(head)
                    await reader.readexactly(int(length[1]) if length else 0)
                self.slowest = max(self.slowest, time.monotonic() - begun)
                status = int(head[9:12])
                assert status < 500, f"{status} after {request[:2000]!r}"
                self.statuses[status] += 1
                if b"\r\nconnection: close" in head.lower():
                    await _closed(writer)
                    writer = None
        finally:
            if writer is not None:
                await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def uncaught(process: Process) -> Counter[str]:
    with process.output.open(errors="replace") as lines:
        return uncaught_in(lines)


def uncaught_in(lines: Iterable[str]) -> Counter[str]:
    """Errors with their trace, others' errors, and lines that are no log lines. Errors of ours without a trace are told
    states: a channel that Slack does not know.
    """
    found: Counter[str] = Counter()
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            found[line[:300]] += 1
            continue
        name, trace = said["logger"], said.get("exception", "")
        # Bolt's own word for a field of a wrong type, which we answer with 400.
        expected = name.endswith("sdk.bolt") or (name.startswith("bot.") and not trace)
        if said["level"] in {"error", "critical"} and not expected:
            found[f"{name}: {said['message'][:200]} {trace[-400:]}"] += 1
    return found


async def fuzz(house: House, number: int, *, seed_number: int) -> Thrower:
    """Throw, judge what was said, and ask something proper. Prints the figures."""
    process = await house.start(quick=False)
    payloads = await record(house)
    records = house.gateway.keys()
    whole, other = (house.gateway.key_value(record.id) for record in records[:2])
    texts = ["nothing", whole, f"{other[:7]}**********{other[-4:]}", "sk-" + "Zz9" * 16]
    world = house.world
    spoiler = Spoiler(
        payloads,
        signing_secret=world.signing_secret,
        secrets=world.alert_secrets,
        texts=texts,
        trigger=lambda: house.slack.triggers.issue(ADA),
        seed_number=seed_number,
    )
    thrower = Thrower(process, spoiler)
    watched = psutil.Process(process.pid)
    begun, third = time.monotonic(), number // 3
    memory = [watched.memory_info().rss / 2**20]
    for part in (third, number - third):
        await thrower.throw(part)
        memory.append(watched.memory_info().rss / 2**20)
    took = time.monotonic() - begun
    print(  # noqa: T201  # the figures for docs/resilience.md
        f"\n{number} payloads in {took:.0f} s: {dict(sorted(thrower.statuses.items()))}; slowest {thrower.slowest:.1f} s; "
        f"MiB {' → '.join(f'{part:.0f}' for part in memory)}; files {watched.num_fds()}"
    )
    assert sum(thrower.statuses.values()) == number
    answer = await house.slack.command(ADA, CHANNEL, "/apikey help")
    assert "/apikey new" in str(answer.body)
    assert (await process.get("/readyz")).status_code == 200
    assert await process.end() == 0
    assert uncaught(process).most_common(5) == []
    assert memory[2] < memory[1] * 1.2 + 40
    assert house.verdict().problems == ()
    return thrower


def test_a_trace_of_ours_in_the_log_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a line as the log writes it."""
    stream = io.StringIO()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    logs.configure(stream=stream, human=False)
    logger = logging.getLogger("bot.slack.router")
    logger.error("a told state")
    try:
        int("nobody caught this")
    except ValueError:
        logger.exception("it went wrong")
    logging.getLogger("asyncio").error("a task ended badly")
    found = uncaught_in([*stream.getvalue().splitlines(), "Traceback of somebody"])
    assert len(found) == 3
    assert "nobody caught this" in " ".join(found)
    assert "told state" not in " ".join(found)


@pytest.mark.thorough
@pytest.mark.timeout(600)
async def test_payloads_that_are_wrong_in_many_ways(house: House) -> None:
    thrower = await fuzz(house, 4000, seed_number=6)
    assert set(thrower.statuses) <= {200, 202, 400, 401, 403, 404, 405, 413}
    assert min(thrower.statuses[status] for status in (200, 202, 400, 401)) > 50, thrower.statuses


@pytest.mark.soak
async def test_two_hundred_thousand_wrong_payloads(house: House) -> None:
    number = int(os.environ.get("FUZZ", "200000"))  # noqa: TID251  # tests have no Settings
    await fuzz(house, number, seed_number=int(time.time()))
