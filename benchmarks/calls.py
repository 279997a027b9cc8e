"""How many calls each operation costs the gateway: the whole bot, as a person uses it, form and proof included."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.whole_bot import running, until
from bot.approvals import store
from bot.approvals.models import FINAL
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.services import Services
from keydesk_sandbox import seed
from keydesk_sandbox.world import World

ADA = seed.ENGINEER
POLICY = """
[roles]
engineer = ["S0ENGINEERS"]

[[rules]]
name  = "everything that is one's own, at once"
who   = ["engineer"]
do    = ["*"]
allow = true
"""
# Long enough for a record that was read before to be read again, and for what comes after an answer.
STILL = 0.4
# What was changed by Keydesk a moment ago is read once more before it is written: not what these rows are about.
APART = 5.5
LIMITS = {"key.create": 5, "key.disable": 4, "key.disable by name": 4, "key.show": 1}


def measure(profile: str) -> dict[str, tuple[int, int]]:
    """What was done → (calls of the management side, which is limited; uses of the key itself)."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), profile))


async def _measure(folder: Path, profile: str) -> dict[str, tuple[int, int]]:
    async with running(folder, profile=profile, policy=POLICY) as (world, services):
        person = _Person(world, services)
        made = world.gateway.add_key(name="bench", remain_quota=500_000)
        line = OwnedKey(key_id=made.id, name="bench", owner_id=ADA, owner_team=seed.TEAM, request_id=None, created_at=0)
        await services.database.run(owners.own, line)
        await services.client.named("").newest_keys()
        return {what: await person.counted(do) for what, do in person.steps(made.id).items()}


class _Person:
    """Somebody who does one thing after the other."""

    def __init__(self, world: World, services: Services) -> None:
        self._world, self._services, self._requests = world, services, 0

    def steps(self, key_id: int) -> dict[str, Callable[[], Awaitable[None]]]:
        """Everything, in an order in which each finds the key as it needs it."""

        def form(word: str, operation: str, key: str | int = key_id, **fields: Any) -> Callable[[], Awaitable[None]]:
            return lambda: self._form(f"{word} {key}", operation, **fields)

        return {
            "key.create": form("new", "key.create", key="", name="made", remain_quota="1000"),
            "key.list": lambda: self._command("list"),
            "key.show": lambda: self._window(f"show {key_id}", "key.show"),
            "key.reveal": lambda: self._reveal(key_id),
            "key.update": form("edit", "key.update", name="bench-2"),
            "key.quota": form("quota", "key.quota", delta="+1000"),
            "key.disable": form("disable", "key.disable"),
            "key.enable": form("enable", "key.enable"),
            "key.disable by name": form("disable", "key.disable", key="bench-2"),
            "key.enable again": form("enable", "key.enable"),
            "key.end": form("end", "key.end"),
            "key.rotate": form("rotate", "key.rotate", key="made"),
            "key.delete": form("delete", "key.delete", confirm="bench-2"),
            "request.list": lambda: self._command("requests"),
            "policy.explain": lambda: self._command("why new"),
            "audit.read": lambda: self._command("audit"),
            "usage.read": lambda: self._command("usage"),
            "Home": self._home,
        }

    async def counted(self, do: Callable[[], Awaitable[None]]) -> tuple[int, int]:
        """Do it, wait until nothing follows it any more, count."""
        await asyncio.sleep(APART)
        before = await self._still()
        await do()
        after = await self._still()
        paths = [seen.path for seen in self._world.gateway.requests[before:after]]
        limited = sum(path.startswith("/api/") for path in paths)
        return limited, len(paths) - limited

    async def _still(self) -> int:
        count = -1
        while count != len(self._world.gateway.requests):
            count = len(self._world.gateway.requests)
            await asyncio.sleep(STILL)
        return count

    async def _command(self, text: str) -> None:
        answer = await self._world.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {text}")
        if not answer.ok:
            raise RuntimeError(f"/apikey {text}: {answer}")

    async def _home(self) -> None:
        await self._world.slack.open_home(ADA)
        await until(lambda: self._world.slack.home(ADA))

    async def _window(self, text: str, name: str) -> None:
        slack = self._world.slack
        for view in reversed(slack.open_views(ADA)):
            await slack.close_view(ADA, view)
        await self._command(text)
        if not await until(lambda: slack.top_view(ADA).body["callback_id"] == name):
            raise RuntimeError(f"/apikey {text} opened no {name}")

    async def _form(self, text: str, operation: str, **fields: Any) -> None:
        slack = self._world.slack
        await self._window(text, operation)
        for block, value in fields.items():
            await slack.type_in(ADA, slack.top_view(ADA), block, value)
        answer = await slack.submit(ADA, slack.top_view(ADA))
        if not answer.ok:
            raise RuntimeError(f"/apikey {text}: {answer}")
        self._requests += 1
        number = self._requests

        async def settled() -> bool:
            row = await self._services.database.read(store.find, number)
            return row is not None and row.status in FINAL

        if not await until(settled):
            raise RuntimeError(f"request {number} ({text}) did not end")

    async def _reveal(self, key_id: int) -> None:
        slack = self._world.slack
        await self._window(f"show {key_id}", "key.show")
        await slack.click(ADA, slack.top_view(ADA), "key.reveal", value=str(key_id))
        await until(lambda: "sk-" in str(slack.top_view(ADA).body))
