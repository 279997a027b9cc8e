"""The main job as a newcomer plays it: `keydesk sandbox`, a real browser, ask, approve, reveal."""

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.kit import become, newcomer

pytestmark = pytest.mark.browser


async def test_ask_approve_and_reveal(tmp_path: Path) -> None:
    async with newcomer(height=950) as (page, address):
        await _ask(page, tmp_path)
        asked = time.time()
        await _approve(page, tmp_path)
        await _looks_at_the_record(page, address, asked)
        await _reveal(page, tmp_path)


async def _ask(page: Page, shots: Path) -> None:
    await expect(page.get_by_test_id("person-switcher")).to_contain_text("Ada")
    await page.get_by_test_id("composer").fill("/apikey new")
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="New API key")
    await form.get_by_label("Name").fill("search-backend")
    await form.get_by_label("Quota", exact=True).fill("2M")
    await expect(form).to_contain_text("Needs approval")
    for model in ("gpt-4o-mini", "claude-sonnet-4"):
        await form.get_by_role("combobox", name="Models").click()
        await page.get_by_label("Search Models").fill(model)
        # Its price stands under it.
        await page.get_by_role("option", name=re.compile(rf"^{re.escape(model)}(?![\w-])")).click()
        await page.keyboard.press("Escape")
    await form.get_by_label("Allowed IPs").fill("198.51.100.10\n203.0.113.0/24")
    await form.get_by_label("Reason").fill("The new search needs it")
    await expect(form.get_by_label("Name")).to_have_value("search-backend")
    await expect(form).to_contain_text("by manager")
    await page.screenshot(path=shots / "1-form.png")
    await form.get_by_role("button", name="Request key").click()
    receipt = page.get_by_role("dialog", name="New API key")
    await expect(receipt).to_contain_text("Request #1")
    await page.screenshot(path=shots / "2-receipt.png")
    await receipt.get_by_role("button", name="Close").last.click()


async def _approve(page: Page, shots: Path) -> None:
    await become(page, "U0MIRA")
    card = page.get_by_test_id("message").filter(has_text="asks for a new key").first
    await expect(card).to_contain_text("Waiting")
    await page.screenshot(path=shots / "3-card.png")
    await card.get_by_role("button", name="Approve", exact=True).click()
    await expect(card).to_contain_text("Created · approved by")
    await page.mouse.move(0, 0)
    await page.screenshot(path=shots / "4-done.png")
    for name in ("Approve", "Deny", "Withdraw"):
        await expect(card.get_by_role("button", name=name)).to_have_count(0)
    await expect(page.get_by_test_id("message").filter(has_text="was created").last).to_be_visible()


async def _looks_at_the_record(page: Page, address: str, asked: float) -> None:
    answer = await page.request.get(f"{address}/sandbox/api/gateway")
    keys = (await answer.json())["keys"]
    record = next(key for key in keys if key["name"] == "search-backend")
    assert (record["remain_quota"], record["unlimited_quota"]) == (2_000_000, False)
    assert (record["model_limits_enabled"], record["model_limits"]) == (True, "gpt-4o-mini,claude-sonnet-4")
    assert record["allow_ips"] == "198.51.100.10\n203.0.113.0/24"
    assert abs(record["expired_time"] - asked - 30 * 86_400) < 60
    await expect(page.get_by_text("search-backend").last).to_be_visible()


async def _reveal(page: Page, shots: Path) -> None:
    await become(page, "U0ADA")
    await page.locator("a[data-channel^=D]").first.click()
    notice = page.get_by_test_id("message").filter(has_text="is ready")
    await expect(notice).to_have_count(1)
    await notice.get_by_role("button", name="Reveal").click()
    window = page.get_by_role("dialog", name="API key")
    await expect(window).to_contain_text(re.compile(r"sk-[0-9A-Za-z]{48}"))
    await page.screenshot(path=shots / "5-revealed.png")
    await window.get_by_role("button", name="Close").last.click()
    await expect(window).to_have_count(0)
    assert not re.search(r"sk-[0-9A-Za-z]{48}", await page.locator("body").inner_text())
