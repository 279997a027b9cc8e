"""What happens to keys beside Keydesk, as a newcomer plays it: people leave, keys are made and changed in the console."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.kit import become, newcomer

# test_main_job.py stands for its kind in `make test`.
pytestmark = [pytest.mark.browser, pytest.mark.thorough]

SECURITY = "C0SECURITY"


async def see(page: Page, person: str, channel: str = SECURITY) -> None:
    await become(page, person)
    await page.locator(f"a[data-channel={channel}]").click()


async def pass_an_hour(page: Page) -> None:
    """All keys are listed again."""
    await page.get_by_label("Move the clock +1 h").click()


async def test_leavers_console_keys_drift_and_who_is_on_call(tmp_path: Path) -> None:
    async with newcomer("--gateways", "2") as (page, _):
        await _adopts_a_key_of_the_console(page, tmp_path)
        await _puts_a_key_back(page, tmp_path)
        await _takes_over_and_lets_the_rest_end(page, tmp_path)
        await _calls_whoever_is_on_call(page, tmp_path)


async def _adopts_a_key_of_the_console(page: Page, shots: Path) -> None:
    await see(page, "U0ALEX")
    await pass_an_hour(page)
    await expect(page.get_by_test_id("message").filter(has_text="no owner here")).to_be_visible()
    await page.get_by_test_id("console-new").click()
    await pass_an_hour(page)
    card = page.get_by_test_id("message").filter(has_text="was made outside Keydesk: nobody asked")
    await expect(card).to_contain_text("console-")
    await page.screenshot(path=shots / "1-unknown.png")
    await card.get_by_role("button", name="Find an owner for key").click()
    form = page.get_by_role("dialog", name="Adopt API key")
    await form.get_by_role("combobox").click()
    await page.get_by_role("option", name="ada").first.click()
    await expect(form).to_contain_text("Granted at once")
    await page.screenshot(path=shots / "2-adopt.png")
    await form.get_by_role("button", name="Adopt", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    await expect(card).to_contain_text("belongs to")
    await page.mouse.move(0, 0)
    await page.screenshot(path=shots / "3-adopted.png")


async def _puts_a_key_back(page: Page, shots: Path) -> None:
    await pass_an_hour(page)
    await page.get_by_label("Add 5M to notebooks in the console").click()
    await page.get_by_label("Rename notebooks in the console").click()
    await pass_an_hour(page)
    card = page.get_by_test_id("message").filter(has_text="was changed outside Keydesk")
    await expect(card).to_contain_text("5,511,750 units ($11.02)")
    await page.screenshot(path=shots / "4-drift.png")
    await card.get_by_role("button", name="Put key").click()
    await expect(card).to_contain_text("wants it put back")
    for asked in ("asks to change key", "asks to change the quota"):  # one after the other
        await see(page, "U0SAM", "C0KEYS")
        request = page.get_by_test_id("message").filter(has_text=asked).last
        await request.get_by_role("button", name="Approve", exact=True).click()
        await expect(request).to_contain_text("approved by")
        await see(page, "U0ALEX")
    await expect(card).to_contain_text("It was put back")
    await page.mouse.move(0, 0)
    await page.screenshot(path=shots / "5-put-back.png")
    await expect(page.locator("[data-testid=key][data-name=notebooks]")).to_be_visible()


async def _takes_over_and_lets_the_rest_end(page: Page, shots: Path) -> None:
    await become(page, "U0ADA")
    await page.get_by_test_id("person-switcher").click()
    await page.screenshot(path=shots / "6-deactivate.png")
    await page.get_by_test_id("account").click()
    await page.keyboard.press("Escape")
    await see(page, "U0MIRA")
    card = page.get_by_test_id("message").filter(has_text="has left: the account is deactivated")
    await expect(card).to_contain_text("3 keys of theirs")
    await page.screenshot(path=shots / "7-leaver.png")
    await card.get_by_role("button", name="Take over key").first.click()
    form = page.get_by_role("dialog", name="Give API key")
    await expect(form).to_contain_text("Granted at once")
    await page.screenshot(path=shots / "8-take-over.png")
    await form.get_by_role("button", name="Give", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    await expect(card).to_contain_text("taken over by")
    await page.get_by_label("Move the clock +1 d").click()
    await expect(card).to_contain_text("What nobody took over was disabled")
    await expect(card.get_by_role("button", name="Disable key")).to_have_count(0)
    await expect(page.locator("[data-testid=key][data-state=disabled]")).to_have_count(1)
    await page.mouse.move(0, 0)
    await page.screenshot(path=shots / "9-ended.png")


async def _calls_whoever_is_on_call(page: Page, shots: Path) -> None:
    """A key of the second account leaks while both have the shift, and again while PagerDuty is down."""
    await see(page, "U0ALEX")
    panel = page.get_by_test_id("gateway")
    await panel.get_by_label("Account").select_option("prod")
    await expect(panel.locator("[data-testid=key][data-name=batch-jobs]")).to_be_visible()
    await expect(panel.locator("[data-testid=key][data-name=production]")).to_have_count(0)
    shifts, alerts = page.get_by_test_id("on-call"), page.get_by_test_id("send-alert")
    await shifts.get_by_role("button", name="On call").click()
    await panel.get_by_role("button", name="Send an alert").click()
    await shifts.get_by_role("button", name="both at once").click()
    key = await alerts.locator("option", has_text="batch-jobs").get_attribute("value")
    await alerts.get_by_label("Alert: Key").select_option(key)
    await alerts.get_by_role("button", name="Send", exact=True).click()
    card = page.get_by_test_id("message").filter(has_text="batch-jobs").last
    await expect(card).to_contain_text(f"prod/{key}")
    called = page.get_by_test_id("message").filter(has_text="@Sam Okafor").filter(has_text="@Alex Kim").last
    await expect(called).to_be_visible()
    await page.mouse.move(0, 0)
    await page.screenshot(path=shots / "10-on-call.png")
    await shifts.get_by_role("button", name="PagerDuty is down").click()
    await page.get_by_test_id("composer").fill("/apikey why disable")
    await page.keyboard.press("Enter")
    answer = page.get_by_test_id("message").filter(has_text="/apikey disable").last
    await expect(answer).to_be_visible()
    await page.screenshot(path=shots / "11-pagerduty-down.png")
