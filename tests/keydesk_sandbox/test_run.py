"""`keydesk sandbox` as a whole: when its clock is moved, what waits comes due, and the bot goes on answering."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from keydesk_sandbox import seed
from tests.tools.sandbox import sandbox

PATIENCE = 40.0


class Page:
    """What the page's buttons do, over its API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def state(self) -> dict[str, Any]:
        answer = await self._http.get("/sandbox/api/state", params={"as": seed.ENGINEER})
        state: dict[str, Any] = answer.json()
        return state

    async def do(self, name: str, **body: Any) -> None:
        answer = await self._http.post(f"/sandbox/api/{name}", json={"as": seed.ENGINEER, **body})
        assert answer.json()["ok"], answer.text

    async def until(self, found: Callable[[dict[str, Any]], Any]) -> Any:
        """What `found` finds in the page's state."""
        end = time.monotonic() + PATIENCE
        while not (what := found(await self.state())):
            assert time.monotonic() < end, json.dumps(await self.state(), indent=1)
            await asyncio.sleep(0.05)
        return what

    async def shows(self, text: str) -> None:
        await self.until(lambda state: text in json.dumps(state, ensure_ascii=False))


@pytest.mark.thorough
async def test_a_request_is_reminded_of_and_lapses_when_the_clock_is_moved() -> None:
    async with sandbox() as address, httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as http:
        page = Page(http)
        await page.do("say", channel=seed.KEYS_CHANNEL, text="/apikey new")
        view = await page.until(lambda state: state["views"] and state["views"][0])
        for block_id, value in (("name", "big"), ("remain_quota", "$50")):
            await page.do("input", view_id=view["id"], block_id=block_id, action_id="value", value=value)
        await page.do("submit", view_id=view["id"])
        await page.shows("waiting (#1)")
        await page.do("gateway/clock", seconds=4 * 3600 + 60)
        await page.shows("still waits for a decision (reminder 1)")
        await page.do("gateway/clock", seconds=3 * 86_400)
        await page.shows("Nobody decided in time, so the request expired.")
        # Days later by everybody's clock: what Slack signs is still believed.
        await page.do("say", channel=seed.KEYS_CHANNEL, text="/apikey requests")
        await page.shows("Your requests: 1")


@pytest.mark.thorough
async def test_months_pass_day_by_day_and_a_key_that_nobody_uses_is_asked_about() -> None:
    async with sandbox() as address, httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as http:
        page = Page(http)
        for _ in range(3):
            await page.do("gateway/clock", seconds=31 * 86_400)
        await page.shows("Is it still needed?")
        await page.do("gateway/clock", seconds=15 * 86_400)
        await page.shows("nobody said that it is needed, and it is disabled now")


@pytest.mark.thorough
async def test_with_two_gateways_each_makes_keys_of_its_own() -> None:
    async with (
        sandbox("--gateways", "2") as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as http,
    ):
        page = Page(http)
        await page.do("say", channel=seed.KEYS_CHANNEL, text="/apikey list")
        await page.shows("checkout")
        await page.do("say", channel=seed.KEYS_CHANNEL, text="/apikey new shop 100k 30d on prod because the shop opens")
        view = await page.until(
            lambda state: state["views"] and "prod" in json.dumps(state["views"][0]) and state["views"][0]
        )
        await page.do("submit", view_id=view["id"])
        await page.shows("prod/103")
