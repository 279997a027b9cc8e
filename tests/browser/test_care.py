"""Keys that need care, as a newcomer plays it: one is about to expire, one has run dry, and both are mended in the DM."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.kit import become, newcomer

# test_main_job.py stands for its kind in `make test`.
pytestmark = [pytest.mark.browser, pytest.mark.thorough]

DM = "nav[aria-label=Workspace] a[data-channel^=D]"


async def test_expiring_and_dry_keys(tmp_path: Path) -> None:
    async with newcomer() as (page, _):
        await _sees_a_month_of_spending(page, tmp_path)
        await _fills_a_dry_key(page, tmp_path)
        await _extends_a_key_that_expires(page, tmp_path)


async def _sees_a_month_of_spending(page: Page, shots: Path) -> None:
    await become(page, "U0ADA")
    await page.get_by_test_id("composer").fill("/apikey usage notebooks")
    await page.keyboard.press("Enter")
    answer = page.get_by_test_id("message").filter(has_text="Spending of key")
    await expect(answer.locator(".chart-bar")).to_have_count(14)
    await expect(answer).to_contain_text("Runs dry")
    await page.screenshot(path=shots / "0-usage.png")


async def _fills_a_dry_key(page: Page, shots: Path) -> None:
    await page.get_by_label("Use up notebooks").click()
    await page.get_by_label("Move the clock +1 h").click()
    await page.locator(DM).click()
    message = page.get_by_test_id("message").filter(has_text="has used up its quota").last
    await expect(message).to_be_visible()
    await page.screenshot(path=shots / "1-dry.png")
    await message.get_by_role("button", name="More quota for key").click()
    form = page.get_by_role("dialog", name="Change quota")
    # What a month costs at this pace.
    await expect(form.get_by_label("More quota")).not_to_have_value("")
    await expect(form).to_contain_text("Needs approval by manager")
    await page.screenshot(path=shots / "2-more.png")
    await _ask(form, page)
    await _approve(page, "asks to change the quota", shots / "3-approve.png")
    await become(page, "U0ADA")
    await page.get_by_label("Move the clock +1 h").click()  # all keys are listed again
    await page.locator(DM).click()
    await expect(message).to_contain_text("It has more quota now")
    await expect(message.get_by_role("button", name="More quota for key")).to_have_count(0)
    await page.mouse.move(0, 0)
    await page.screenshot(path=shots / "4-filled.png")
    await expect(page.locator("[data-testid=key][data-name=notebooks]")).to_have_attribute("data-state", "active")


async def _extends_a_key_that_expires(page: Page, shots: Path) -> None:
    await become(page, "U0BEN")
    for step in ("+8 d", "+8 d", "+8 d", "+1 d", "+1 d"):
        clock = page.locator(".clock-now")
        before = await clock.inner_text()
        await page.get_by_label(f"Move the clock {step}").click()
        await expect(clock).not_to_have_text(before)
    await page.locator(DM).click()
    message = page.get_by_test_id("message").filter(has_text="stops working").last
    await expect(message).to_be_visible()
    await page.screenshot(path=shots / "5-expires.png")
    await message.get_by_role("button", name="Extend key").click()
    form = page.get_by_role("dialog", name="Edit API key")
    await expect(form).to_contain_text("Needs approval by manager")
    await page.screenshot(path=shots / "6-extend.png")
    await _ask(form, page)
    await _approve(page, "asks to change key", shots / "7-approve.png")
    await become(page, "U0BEN")
    await page.get_by_label("Move the clock +1 h").click()
    await page.locator(DM).click()
    await expect(message).to_contain_text("It ends later now")
    await expect(message.get_by_role("button", name="Extend key")).to_have_count(0)
    await page.mouse.move(0, 0)
    await page.screenshot(path=shots / "8-extended.png")


async def _ask(form: Locator, page: Page) -> None:
    """Send what stands in the form."""
    await form.get_by_test_id("submit").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Request #")
    await page.get_by_role("dialog").get_by_role("button", name="Close").last.click()


async def _approve(page: Page, asked: str, shot: Path) -> None:
    """A manager reads the card and approves."""
    await become(page, "U0MIRA")
    await page.locator("a[data-channel=C0KEYS]").click()
    card = page.get_by_test_id("message").filter(has_text=asked).last
    await page.screenshot(path=shot)
    await card.get_by_role("button", name="Approve", exact=True).click()
    await expect(card).to_contain_text("approved by")
