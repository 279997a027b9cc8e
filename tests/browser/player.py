"""Somebody who plays the sandbox in a browser: who they are, where they look, what they click, and pictures of it.

What need not be seen goes by the page's own API, which is faster. Knows no test.
"""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.tools.browser import ADVICE, FLAGS, find_chromium
from tests.tools.sandbox import sandbox

PATIENCE = 60_000
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
# What stands above and below what is looked at: the names of rooms, the composer.
AROUND = 300
# Only what lies between the edges of the picture is seen: a window shows all it holds, a message all of itself.
_HEIGHT = """element => {
  const body = element.querySelector(".dialog-body");
  return body ? element.offsetHeight - body.clientHeight + body.scrollHeight : element.scrollHeight;
}"""

_WHOLE = ".dialog { max-height: none !important; }"


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window."""
    program = find_chromium()
    assert program, ADVICE
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def playing(browser: Browser, shots: Path) -> AsyncIterator["Player"]:
    """A sandbox of its own in a page without its gateway panel. What goes wrong in the page fails at the end."""
    expect.set_options(timeout=PATIENCE)
    async with sandbox() as address:
        width, height = SIZES["desktop"]
        page = await (
            await browser.new_context(viewport={"width": width, "height": height}, bypass_csp=True)
        ).new_page()
        page.set_default_timeout(PATIENCE)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        await page.goto(address)
        await page.get_by_test_id("person-switcher").wait_for()
        await page.evaluate("localStorage.setItem('keydesk.sandbox.hint', 'off')")
        await page.evaluate("localStorage.setItem('keydesk.sandbox.panel', 'closed')")
        await page.reload()
        try:
            yield Player(page=page, address=address, shots=shots)
        except BaseException:
            await page.screenshot(path=shots / "failed.png")
            raise
        await page.context.close()
        assert wrong == []


@dataclass
class Player:
    page: Page
    address: str
    shots: Path
    person: str = "U0ADA"
    taken: list[str] = field(default_factory=list)

    # ---- who and where ----
    async def see(self, person: str, place: str) -> None:
        """Look at a channel, `home` or `dm` (what the app says) as that person."""
        self.person = person
        target = place if place != "dm" else await self._dm(person)
        await self.page.evaluate("where => { location.hash = where; }", f"#{person}/{target}")
        test_id = "home-view" if place == "home" else "channel-view"
        await expect(self.page.get_by_test_id(test_id)).to_be_visible()
        if place != "home":
            await expect(self.page.locator(f"[data-testid=channel-view][data-channel={target}]")).to_be_visible()

    async def _dm(self, person: str) -> str:
        channels = (await self.state(person))["channels"]
        return str(next(one["id"] for one in channels if one["kind"] == "dm"))

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """The last message that says so, with its thread."""
        return self.page.locator("[data-testid=message]:not(.reply)").filter(has_text=text).last

    def window(self, text: str | re.Pattern[str] = "") -> Locator:
        return self.page.get_by_role("dialog").filter(has_text=text).last

    async def click(self, within: Locator, name: str | re.Pattern[str]) -> None:
        await within.get_by_role("button", name=name).first.click()

    async def more(self, message: Locator, name: str) -> None:
        """A choice of the message's menu."""
        await message.get_by_role("button", name="More actions").first.click()
        await self.page.get_by_role("menuitem", name=name).click()

    # ---- by the API ----
    async def state(self, person: str) -> dict[str, Any]:
        answer = await self.page.request.get(f"{self.address}/sandbox/api/state?as={person}")
        found: dict[str, Any] = await answer.json()
        return found

    async def act(self, action: str, /, **body: Any) -> dict[str, Any]:
        answer = await self.page.request.post(f"{self.address}/sandbox/api/{action}", data=body)
        said: dict[str, Any] = await answer.json()
        assert said["ok"], said
        return said

    async def say(self, text: str, *, person: str | None = None, channel: str = "C0GENERAL") -> None:
        await self.act("say", **{"as": person or self.person, "channel": channel, "text": text})

    async def ask(self, text: str, person: str) -> None:
        """A command whose form is sent as it is filled by its words; the window is closed."""
        await self.say(text, person=person)
        view = await self._form(person)
        await self.act("submit", **{"as": person, "view_id": view["id"]})
        await self.close(person)

    async def _form(self, person: str) -> dict[str, Any]:
        """The window that is open, once it can be sent: at first it may only say that it is being filled."""
        while True:
            view: dict[str, Any] = (await self.state(person))["views"][-1]
            if view.get("submit"):
                return view
            await self.page.wait_for_timeout(50)

    async def close(self, person: str | None = None) -> None:
        who = person or self.person
        for view in reversed((await self.state(who))["views"]):
            await self.act("close", **{"as": who, "view_id": view["id"], "clear": True})
            break
        if who == self.person:
            await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def now(self) -> float:
        return float((await self.state(self.person))["now"])

    async def keys(self) -> dict[str, int]:
        """Name → number of the keys at the gateway."""
        answer = await self.page.request.get(f"{self.address}/sandbox/api/gateway")
        return {key["name"]: key["id"] for key in (await answer.json())["keys"] if not key["deleted"]}

    async def alert(self, source: str, how: str, key_id: int | None = None) -> None:
        await self.act("gateway/alert", source=source, how=how, key_id=key_id)

    async def pass_time(self, seconds: float) -> None:
        await self.act("gateway/clock", seconds=seconds)

    # ---- pictures ----
    async def snap(self, name: str, of: Locator) -> None:
        """A picture in each size, high enough for the whole of `of`."""
        await of.wait_for()
        for size, (width, height) in SIZES.items():
            await self.page.set_viewport_size({"width": width, "height": height})
            for _ in range(2):  # what is narrower is higher, which is known once it is drawn
                needed = round(await of.evaluate(_HEIGHT)) + AROUND
                await self.page.set_viewport_size({"width": width, "height": max(height, needed)})
            await of.scroll_into_view_if_needed()
            await self.page.mouse.move(0, 0)
            path = self.shots / f"{len(self.taken) + 1:02}-{name}-{size}.png"
            await self.page.screenshot(path=path, animations="disabled", style=_WHOLE)
        self.taken.append(name)
        width, height = SIZES["desktop"]
        await self.page.set_viewport_size({"width": width, "height": height})
