"""What the pictures show of leaks and of what comes to people by itself. Knows nothing of files."""

import re

from playwright.async_api import Locator, expect

from tests.browser.player import Player
from tests.browser.scenes import ADA, ALEX, BEN, DAY, HOUR, KEYS, MIRA, SAM, SECURITY


async def alert_cards(play: Player) -> None:
    key = (await play.keys())["nightly-report"]
    await play.alert("github", "full", key)
    await play.see(SAM, SECURITY)
    card = play.message("nightly-report")
    await _called(card)
    await play.snap("alert-open", card)
    for source in ("gitguardian", "alertmanager", "slack"):
        await play.alert(source, "full", key)
    await card.get_by_text("Seen 4 times").wait_for()
    await play.click(card, "I am on it")
    await card.get_by_text("If the key still works then").first.wait_for()
    await card.get_by_text("nobody else needs to act").first.wait_for()
    await play.snap("alert-taken", card)
    await play.see(BEN, "dm")
    await play.snap("alert-owner", play.message("nightly-report"))
    await play.see(SAM, SECURITY)
    await play.click(card, re.compile("^Disable"))
    await _over(card)
    await play.snap("alert-dead", card)
    await play.click(card, re.compile("^Enable again"))
    await play.snap("enable-again", play.window())
    await play.close()


async def _called(card: Locator) -> None:
    """The card says whom its thread calls, and the thread does."""
    await card.locator(".reply").get_by_text("Please act").first.wait_for()


async def _over(card: Locator) -> None:
    """The card and its thread say the same: nothing of it works."""
    await card.locator(".reply").get_by_text("This call is over").first.wait_for()
    await expect(card.get_by_role("button", name=re.compile("^(Disable|I am on it)"))).to_have_count(0)


async def open_alert(play: Player) -> None:
    """One that stands on the Homes."""
    await play.alert("gitguardian", "masked", (await play.keys())["doc-search"])
    await play.see(SAM, SECURITY)
    card = play.message("doc-search")
    await _called(card)
    await play.snap("alert-masked", card)
    await play.alert("generic", "unknown")
    await play.snap("alert-not-ours", play.message(re.compile("no key of this account|names no key|another account")))


async def incident(play: Player) -> None:
    await play.see(SAM, SECURITY)
    await play.say("/apikey disable all of <@U0BEN>", channel=SECURITY)
    form = play.window()
    await play.snap("incident-preview", form)
    word = await form.get_by_text(re.compile(r"^Type DISABLE \d+$")).inner_text()
    await form.get_by_role("textbox").first.fill(word.removeprefix("Type "))
    await form.get_by_role("textbox").nth(1).fill("Laptop stolen on the train")
    await play.page.get_by_test_id("submit").last.click()
    await play.window("are being disabled").wait_for()
    await play.close()
    card = play.message("all keys of")
    await card.get_by_role("button", name=re.compile("Take back")).wait_for()
    await card.get_by_text("Refused by the gateway").wait_for()
    await play.snap("incident-done", card)
    await play.click(card, "Take back")
    await play.snap("incident-take-back", play.window())
    await play.close()


async def mass_leak(play: Player) -> None:
    await play.alert("generic", "all")
    await play.see(SAM, SECURITY)
    card = play.message(re.compile("leaked keys", re.IGNORECASE))
    await _called(card)
    await play.snap("mass-leak", card)
    await play.click(card, re.compile("^Disable"))
    window = play.window("Leaked key")
    await window.get_by_role("button", name=re.compile("^Disable")).wait_for()
    await play.snap("mass-leak-window", window)
    await play.click(window, re.compile("^Disable"))
    await play.close()
    await _over(card)
    await play.snap("mass-leak-disabled", card)


async def care(play: Player) -> None:
    """Time passes: keys run dry, lie idle, expire; somebody works in the gateway's console."""
    await play.ask("/apikey new demo-day $0.40 30d gpt-4o-mini because the demo on Friday", ADA)
    await play.ask("/apikey new reranker-test $0.40 90d gpt-4o-mini because a test of the reranker", BEN)
    await play.act("gateway/console", id=None, change={"name": "console-batch", "remain_quota": 2_000_000})
    await play.pass_time(HOUR)
    await play.see(ALEX, SECURITY)
    await play.snap("adopt-card", play.message("was made outside Keydesk"))
    keys = await play.keys()
    await play.act("gateway/console", id=keys["notebooks"], change={"remain_quota": 5_080_000, "name": "notebooks-2"})
    await play.pass_time(HOUR)
    await play.snap("drift-card", play.message("was changed outside Keydesk"))
    await play.act("gateway/review")
    await play.see(MIRA, KEYS)
    await play.snap("review-card", play.message(re.compile("review", re.IGNORECASE)))
    await play.act("gateway/console", id=keys["notebooks"], change={"remain_quota": 9_000})
    await play.pass_time(HOUR)
    await play.see(ADA, "dm")
    await play.snap("dm-dry", play.message(re.compile("quota|used up", re.IGNORECASE)))
    await play.pass_time(28 * DAY)
    await play.snap("dm-expiry", play.message(re.compile("demo-day.*(expires|stops working)")))
    await play.pass_time(5 * DAY)
    await play.see(BEN, "dm")
    await play.snap("dm-idle", play.message(re.compile("not been used|idle|billed", re.IGNORECASE)))
    now = await play.now()
    monday = now - (now + 3 * DAY) % (7 * DAY) + 7 * DAY  # the epoch was a Thursday
    await play.pass_time(monday + 10 * HOUR - now)
    await play.see(MIRA, "dm")
    await play.snap("dm-weekly", play.message("keys"))
