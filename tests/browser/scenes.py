"""What the pictures show: requests, keys and the Home, as a day in a small company. Knows nothing of files."""

import re

from tests.browser.player import Player

ADA, BEN, NOUR, MIRA, OMAR, SAM, ALEX = "U0ADA", "U0BEN", "U0NOUR", "U0MIRA", "U0OMAR", "U0SAM", "U0ALEX"
KEYS, SECURITY, GENERAL = "C0KEYS", "C0SECURITY", "C0GENERAL"
DAY, HOUR = 86_400.0, 3_600.0


async def keys_of_everybody(play: Player) -> None:
    """Small keys need nobody, so the lists are not empty."""
    small = {
        ADA: ("search-staging", "ada-laptop", "summaries-eval", "ticket-router"),
        BEN: ("nightly-report", "ben-laptop", "release-notes", "doc-search"),
        NOUR: (
            "translation-check",
            "nour-laptop",
            "glossary-check",
            "rtl-review",
            "voice-demo",
            "locale-lint",
            "bidi-demo",
            "numerals",
            "calendar",
            "names-check",
        ),
    }
    for person, names in small.items():
        for name in names:
            await play.ask(f"/apikey new {name} $0.80 30d gpt-4o-mini because {name.replace('-', ' ')}", person)
    for name in (name for names in small.values() for name in names):
        await _until_made(play, name)


async def _until_made(play: Player, name: str) -> None:
    await play.see(ADA, KEYS)
    await play.page.locator(f"body:has-text('{name}')").wait_for()
    while name not in await play.keys():
        await play.page.wait_for_timeout(100)


async def help_and_form(play: Player) -> None:
    await play.see(ADA, GENERAL)
    await play.say("/apikey help")
    await play.snap("help", play.message("/apikey new"))
    await play.say("/apikey new")
    form = play.window("Name")
    await form.get_by_label("Name").fill("search-backend")
    await form.get_by_label("Quota", exact=True).fill("$20")
    await form.get_by_label("Reason").fill("The new search needs its own key, started on Monday")
    await form.get_by_text("Needs approval").wait_for()
    await play.snap("form-verdict", form)
    await play.click(form, "Request key")
    await play.page.get_by_role("dialog").filter(has_text="Request #").wait_for()
    await play.snap("window-waiting", play.window())
    await play.close()


async def form_denied(play: Player) -> None:
    await play.see(BEN, GENERAL)
    await play.say("/apikey new")
    form = play.window("Name")
    await form.get_by_label("Name").fill("batch-eval")
    await form.get_by_label("No limit").check()
    await form.get_by_role("combobox", name="Expires").click()
    await play.page.get_by_role("option", name=re.compile("never", re.IGNORECASE)).click()
    await form.get_by_label("Reason").fill("Batch evaluation of all models")
    await play.page.get_by_test_id("submit").last.click()
    await form.get_by_text("Unlimited keys must expire").first.wait_for()
    await play.snap("form-denied", form)
    await play.close()


async def own_key(play: Player) -> None:
    """From the form to the value, with a gateway that takes four seconds."""
    await play.see(ADA, GENERAL)
    await play.say("/apikey new scratchpad $0.50 7d gpt-4o-mini because a try")
    await play.act("gateway/fault", name="slow", delay=6, method="POST", path="/api/token/?.*")
    await play.click(play.window(), "Create key")
    await play.snap("window-creating", play.window(re.compile("creating", re.IGNORECASE)))
    ready = play.window("ready")
    await play.snap("window-ready", ready)
    await play.click(ready, "Reveal")
    await play.snap("reveal", play.window("sk-"))
    await play.close()


async def request_cards(play: Player) -> None:
    await play.see(MIRA, KEYS)
    card = play.message("search-backend")
    await play.snap("card-open", card)
    await play.act("gateway/fault", name="slow", delay=8, method="POST", path="/api/token/?.*")
    await play.click(card, "Approve")
    await card.get_by_text(re.compile("pproved")).first.wait_for()
    await play.snap("card-approved", card)
    await card.get_by_role("button", name="Details").wait_for()
    await play.snap("card-finished", card)
    await play.click(card, "Details")
    await play.snap("card-details", play.window())
    await play.close()


async def denied(play: Player) -> None:
    await play.ask("/apikey new crawler $200 90d gpt-4o because crawl the whole web", BEN)
    await play.see(MIRA, KEYS)
    card = play.message("crawler")
    await play.click(card, "Deny")
    form = play.window()
    await form.get_by_role("textbox").first.fill("Two hundred dollars for a trial is too much; ask for $20 first")
    await play.snap("deny-form", form)
    await play.click(form, "Deny")
    await card.get_by_text("Denied").first.wait_for()
    await play.snap("card-denied", card)


async def offered(play: Player) -> None:
    await play.ask("/apikey new eval-suite $60 60d gpt-4o because the evaluation of the next release", BEN)
    await play.see(MIRA, KEYS)
    card = play.message("eval-suite")
    await play.more(card, "Approve with changes")
    form = play.window()
    await form.get_by_label("Quota", exact=True).fill("$25")
    await form.get_by_label("Why").fill("Enough for the first two weeks")
    await play.snap("offer-form", form)
    await play.page.get_by_test_id("submit").last.click()
    await card.get_by_text(re.compile("ffer")).first.wait_for()
    await play.snap("card-offered", card)
    await play.see(BEN, "dm")
    await play.snap("dm-offered", play.message("eval-suite"))


async def second_stage(play: Player) -> None:
    await play.see(ADA, GENERAL)
    await play.say("/apikey new inference-prod unlimited 90d gpt-4o because production traffic of the new search")
    form = play.window()
    await play.click(form, "Request key")
    await play.page.get_by_role("dialog").filter(has_text="Request #").wait_for()
    await play.close()
    await play.see(MIRA, KEYS)
    card = play.message("inference-prod")
    await play.snap("card-stage-one", card)
    await play.click(card, "Approve")
    await card.get_by_text(re.compile("security", re.IGNORECASE)).first.wait_for()
    await play.see(SAM, KEYS)
    await play.snap("card-stage-two", play.message("inference-prod"))


async def quota_form(play: Player) -> None:
    await play.see(ADA, GENERAL)
    await play.say("/apikey quota notebooks +$5")
    form = play.window()
    await form.get_by_label("Reason").fill("The notebooks course begins on Monday")
    await form.get_by_text("Needs approval").wait_for()
    await play.snap("quota-form", form)
    await play.click(form, re.compile("Request"))
    await play.page.get_by_role("dialog").filter(has_text="Request #").wait_for()
    await play.close()


async def lists(play: Player) -> None:
    await play.see(SAM, GENERAL)
    await play.say("/apikey list")
    await play.snap("list", play.message(re.compile(r"All \d+ keys")))
    await play.see(MIRA, GENERAL)
    await play.say("/apikey requests")
    await play.snap("requests", play.message("eval-suite"))
    await play.see(SAM, GENERAL)
    await play.say("/apikey audit")
    await play.snap("audit", play.message("crawler"))
    await play.say("/apikey why quota notebooks", person=ADA)
    await play.see(ADA, GENERAL)
    await play.snap("why", play.message(re.compile("at once|Needs approval|decides")))


async def homes(play: Player) -> None:
    for name, person in (("asker", ADA), ("decider", MIRA), ("security", SAM), ("administrator", ALEX)):
        await play.see(person, "home")
        view = play.page.locator(".home-blocks")
        await view.get_by_text(re.compile("keys", re.IGNORECASE)).first.wait_for()
        await play.snap(f"home-{name}", view)
