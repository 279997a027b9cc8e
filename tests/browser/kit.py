"""The sandbox in a real browser, as a newcomer has it, and who plays there."""

import contextlib
from collections.abc import AsyncIterator

from playwright.async_api import Page, async_playwright, expect

from tests.tools.browser import ADVICE, FLAGS, find_chromium
from tests.tools.sandbox import sandbox

PATIENCE_MS = 120_000


@contextlib.asynccontextmanager
async def newcomer(*options: str, height: int = 1050) -> AsyncIterator[tuple[Page, str]]:
    """The page of a new `keydesk sandbox`, and its address; fails on what the page itself complains of."""
    chromium = find_chromium()
    assert chromium, ADVICE
    async with sandbox(*options) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = await (await browser.new_context(viewport={"width": 1500, "height": height})).new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        await page.goto(address)
        yield page, address
        assert wrong == []
        await browser.close()


async def become(page: Page, person: str) -> None:
    """Be this person from now on."""
    await page.get_by_test_id("person-switcher").click()
    await page.locator(f"[data-user={person}]").click()
