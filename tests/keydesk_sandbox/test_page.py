"""The page in a real browser, over both fakes: what a person sees and does. Started once for all of these tests.

A browser is slow, so `make thorough` drives it for one of each kind (text, a form, a refusal, a card, the panel) and
`make soak` for the rest.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from keydesk_sandbox.fake_slack.server import LoopbackServer
from tests.keydesk_sandbox.page_world import ADA, ANNEX, HOSTILE, MAX, OTTO, ROOM, World, card, every_kind, field, modal
from tests.tools.browser import ADVICE, FLAGS, find_chromium

# Generous, for a busy machine: it is only waited for what fails.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), pytest.mark.thorough]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = find_chromium()
    assert path, ADVICE
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def world() -> AsyncIterator[World]:
    world = World()
    async with LoopbackServer(world.app) as server:
        world.slack.base_url = server.url
        yield world
        await world.slack.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, world: World) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await page.goto(world.slack.base_url)
    await expect(page.get_by_test_id("channel-view")).to_be_visible()
    yield page
    await context.close()
    assert wrong == []


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.keyboard.press("Enter")


async def until(true: Callable[[], bool]) -> None:
    """Waits for what the page sends."""
    for _ in range(PATIENCE_MS // 20):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It never came true.")


async def become(page: Page, person: str) -> None:
    await page.get_by_test_id("person-switcher").click()
    await page.locator(f"[data-user={person}]").click()


async def test_somebody_is_played_and_can_be_switched(page: Page) -> None:
    switcher = page.get_by_test_id("person-switcher")
    await expect(switcher).to_contain_text("Ada Lovelace")
    await expect(switcher).to_contain_text("engineer")
    await become(page, MAX)
    await expect(switcher).to_contain_text("manager")
    await become(page, OTTO)
    await expect(switcher).to_contain_text("deactivated")
    await expect(page.get_by_test_id("composer")).to_have_count(0)


async def test_slacks_own_words_and_dates_are_in_the_language_of_whoever_is_played(page: Page, world: World) -> None:
    world.slack.workspace.people[MAX].locale = "zh-TW"
    today = f"<!date^{int(world.slack.core.clock())}^{{date_pretty}}|?>"
    await world.api("chat.postMessage", channel=ROOM, text=f"since {today}")
    await expect(page.get_by_test_id("message")).to_contain_text("since today")
    await become(page, MAX)
    await expect(page.get_by_test_id("message")).to_contain_text("since 今天")
    await expect(page.get_by_role("navigation", name="Workspace")).to_contain_text("頻道")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-TW")


@pytest.mark.soak
async def test_what_is_said_stands_in_the_channel_and_is_unread_elsewhere(page: Page, world: World) -> None:
    await say(page, "Hello *there*")
    await expect(page.get_by_test_id("message")).to_contain_text("Hello there")
    await world.slack.say(MAX, ANNEX, "Over here")
    await expect(page.locator(f"a[data-channel={ANNEX}].unread")).to_be_visible()
    await expect(page.locator(f"[data-channel={ANNEX}] .dot")).to_have_count(0)
    await world.slack.say(MAX, ANNEX, f"<@{ADA}>, look here")
    await expect(page.locator(f"[data-channel={ANNEX}] .dot")).to_have_text("1")
    await become(page, MAX)
    await page.get_by_test_id("person-switcher").click()
    await expect(page.locator(f"[data-testid=person][data-user={ADA}] .dot")).to_have_text("1")
    await page.keyboard.press("Escape")
    await become(page, ADA)
    await page.locator(f"a[data-channel={ANNEX}]").click()
    await expect(page.locator(f"[data-channel={ANNEX}] .dot")).to_have_count(0)


async def test_hostile_text_stays_text(page: Page, world: World) -> None:
    await world.api("chat.postMessage", channel=ROOM, text=HOSTILE)
    message = page.get_by_test_id("message")
    await expect(message).to_contain_text("<img src=x")
    assert await message.locator("img, a, b, i").count() == 0
    await expect(message.locator("strong", has_text="bold")).to_be_visible()
    await expect(message.locator("pre")).to_have_text("<i>code</i>")
    assert await page.evaluate("window.broken") is None


@pytest.mark.soak
async def test_every_kind_of_block_in_a_message_is_drawn(page: Page, world: World) -> None:
    await world.api("chat.postMessage", channel=ROOM, text="kinds", blocks=every_kind())
    message = page.get_by_test_id("message")
    seen: list[tuple[Any, str]] = [("heading", "Second"), ("link", "a link"), ("link", "docs"), ("img", "A chart")]
    for role, name in seen:
        await expect(message.get_by_role(role, name=name)).to_be_visible()
    await expect(message.locator("pre")).to_have_text(["let x = 1", "<b>raw</b>"])
    await expect(message.locator("blockquote")).to_contain_text(["quoted", "said"])
    await expect(message.locator("ol li")).to_have_text(["first", "one"])
    await expect(message.get_by_role("table")).to_contain_text(["KeyQuotaci10", "ab12"])
    await expect(message).to_contain_text("@Max Planck in #annex, @engineers 🎉")
    await expect(message.locator(".unknown")).to_have_count(0)


@pytest.mark.soak
async def test_a_dispatching_text_field_tells_the_app_at_enter(page: Page, world: World) -> None:
    await say(page, "/apikey new")
    await expect(page.get_by_role("dialog")).to_be_visible()
    view = world.slack.top_view(ADA)
    block = field("key", "Key", {"type": "plain_text_input"}, dispatch_action=True)
    await world.api("views.update", view_id=view.id, view={**modal("Which key"), "blocks": [block]})
    key = page.get_by_role("dialog", name="Which key").get_by_label("Key")
    await key.fill("ci")
    await page.wait_for_timeout(400)
    assert world.actions == []
    await key.press("Enter")
    await until(lambda: len(world.actions) == 1)
    assert world.actions[0]["value"] == "ci"
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_a_command_opens_a_modal_that_can_be_filled_and_submitted(page: Page, world: World) -> None:
    await say(page, "/apikey new")
    dialog = page.get_by_role("dialog", name="New API key")
    await dialog.get_by_label("Name").fill("ci-runner")
    await expect(dialog.get_by_label("Quota")).to_have_value("100k")
    await dialog.get_by_label("No limit").check()
    await dialog.get_by_role("combobox", name="Expires").click()
    await page.get_by_role("option", name="30d").click()
    await dialog.get_by_role("combobox", name="Group").click()
    await page.get_by_role("option", name="vip").click()
    await dialog.get_by_role("combobox", name="Models").click()
    await page.get_by_label("Search Models").fill("mini")
    await page.get_by_role("option", name="gpt-5.1-mini").click()
    await page.keyboard.press("Escape")
    await dialog.get_by_label("Networks").fill("10.0.0.0/8\n192.168.1.1")
    await dialog.get_by_label("Large").check()
    await dialog.get_by_label("Day").fill("2027-01-02")
    await dialog.get_by_label("Hour").fill("09:30")
    await dialog.get_by_label("Moment").fill("2027-01-02T09:30")
    await dialog.get_by_role("combobox", name="Owner").click()
    await page.get_by_role("option", name="Max Planck").click()
    await dialog.get_by_role("combobox", name="Rooms").click()
    await page.get_by_role("option", name="#annex").click()
    await page.keyboard.press("Escape")
    await dialog.get_by_label("Count").fill("3")
    await dialog.get_by_role("button", name="Ask for it").click()
    await expect(dialog).to_have_count(0)
    values = {block: one["value"] for block, one in world.bot.last["view"]["state"]["values"].items()}
    assert values["name"]["value"] == "ci-runner"
    assert values["unlimited_quota"]["selected_options"][0]["value"] == "on"
    assert values["expired_time"]["selected_option"]["value"] == "30d"
    assert values["group"]["selected_option"]["value"] == "vip"
    assert [one["value"] for one in values["model_limits"]["selected_options"]] == ["gpt-5.1-mini"]
    assert values["allow_ips"]["value"] == "10.0.0.0/8\n192.168.1.1"
    assert values["plan"]["selected_option"]["value"] == "b"
    assert (values["day"]["selected_date"], values["hour"]["selected_time"]) == ("2027-01-02", "09:30")
    assert values["moment"]["selected_date_time"] > 1_790_000_000
    assert (values["owner"]["selected_user"], values["rooms"]["selected_channels"]) == (MAX, [ANNEX])
    assert values["count"]["value"] == "3"


async def test_a_refused_submission_keeps_what_was_typed_and_says_why_under_the_field(page: Page, world: World) -> None:
    world.submission = {"response_action": "errors", "errors": {"name": "That name is taken."}}
    await say(page, "/apikey new")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Ask for it").click()
    await expect(dialog.get_by_role("alert")).to_have_count(2)  # Name and Expires are required
    await dialog.get_by_label("Name").fill("ci")
    await dialog.get_by_role("combobox", name="Expires").click()
    await page.get_by_role("option", name="7d").click()
    await dialog.get_by_role("button", name="Ask for it").click()
    await expect(dialog.get_by_text("That name is taken.")).to_be_visible()
    await expect(dialog.get_by_role("alert")).to_have_count(1)
    await expect(dialog.get_by_label("Name")).to_have_value("ci")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_typing_survives_live_updates(page: Page, world: World) -> None:
    await say(page, "/apikey new")
    name = page.get_by_role("dialog").get_by_label("Name")
    await name.click()
    for letter in "ci-runner":
        await page.keyboard.type(letter)
        await world.api("chat.postMessage", channel=ROOM, text=f"noise {letter}")
    view = world.slack.top_view(ADA)
    await world.api("views.update", view_id=view.id, view=modal("Renamed meanwhile"))
    await expect(page.get_by_role("dialog", name="Renamed meanwhile")).to_be_visible()
    await page.keyboard.type("-2")
    await expect(name).to_have_value("ci-runner-2")
    await expect(name).to_be_focused()


@pytest.mark.soak
async def test_a_form_that_the_app_breaks_stays_open_with_a_banner(page: Page, world: World) -> None:
    await say(page, "/apikey new")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("ci")
    await dialog.get_by_role("combobox", name="Expires").click()
    await page.get_by_role("option", name="7d").click()
    world.bot.answer = lambda _: (500, None)
    await dialog.get_by_role("button", name="Ask for it").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("trouble connecting")
    await expect(dialog.get_by_label("Name")).to_have_value("ci")


async def test_buttons_and_menus_on_a_card_tell_the_app(page: Page, world: World) -> None:
    await world.api("chat.postMessage", channel=ROOM, text="card", blocks=card())
    message = page.get_by_test_id("message")
    await expect(message).to_contain_text("@Ada Lovelace asks @managers for a key")
    await expect(message).to_contain_text("2026-09-21")
    await message.get_by_role("button", name="Approve").click()
    await message.get_by_role("button", name="Deny").click()
    await page.get_by_role("button", name="Keep it").click()
    await message.get_by_role("button", name="Deny").click()
    await page.get_by_role("alertdialog", name="Deny it?").get_by_role("button", name="Yes, deny").click()
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Why?").click()
    await message.get_by_role("combobox", name="Pick a key").click()
    await page.get_by_role("option", name="lab").click()
    await expect(message.get_by_role("combobox")).to_have_text("lab")
    await until(lambda: len(world.actions) == 4)
    assert [action["action_id"] for action in world.actions] == ["approve", "deny", "more", "pick"]


@pytest.mark.soak
async def test_ephemeral_messages_are_marked_and_seen_by_one_person(page: Page, world: World) -> None:
    await world.api("chat.postEphemeral", channel=ROOM, user=ADA, text="Just for you")
    await expect(page.get_by_test_id("message")).to_contain_text("Only visible to you")
    await become(page, MAX)
    await expect(page.get_by_test_id("message")).to_have_count(0)


@pytest.mark.soak
async def test_replies_stand_under_their_parent(page: Page, world: World) -> None:
    await world.slack.say(MAX, ROOM, "A question")
    message = page.get_by_test_id("message").first
    await message.hover()
    await message.get_by_role("button", name="Reply in thread").first.click()
    await page.get_by_test_id("reply-composer").fill("An answer")
    await page.keyboard.press("Enter")
    await expect(message.get_by_role("button", name=re.compile("1 reply"))).to_be_visible()
    await expect(message.get_by_role("list", name="Replies")).to_contain_text("An answer")


async def test_shortcuts_open_from_the_lightning_and_from_a_message(page: Page, world: World) -> None:
    await page.get_by_role("button", name="Shortcuts", exact=True).click()
    await page.get_by_role("menuitem", name="New key").click()
    await expect(page.get_by_role("dialog", name="new_key")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await say(page, "sk-oops")
    message = page.get_by_test_id("message")
    await message.hover()
    await message.get_by_role("button", name="Message shortcuts").click()
    await page.get_by_role("menuitem", name="Leaked").click()
    await expect(page.get_by_role("dialog", name="leaked")).to_be_visible()


@pytest.mark.soak
async def test_commands_are_offered_and_unknown_ones_give_a_notice(page: Page) -> None:
    await page.get_by_test_id("composer").fill("/ap")
    await expect(page.get_by_role("option", name="/apikey")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("composer")).to_have_value("/apikey ")
    await say(page, "/nothing")
    notice = page.get_by_test_id("notice")
    await expect(notice).to_contain_text("/nothing is not a valid command")
    await notice.get_by_role("button", name="Dismiss").click()
    await expect(notice).to_have_count(0)


@pytest.mark.soak
async def test_modals_lie_on_each_other_and_escape_closes_the_top_one(page: Page, world: World) -> None:
    await say(page, "/apikey new")
    await expect(page.get_by_role("dialog")).to_be_visible()
    below = world.slack.top_view(ADA)
    world.slack.view_book.push(ADA, modal("Second"), on=below.id)
    await expect(page.get_by_test_id("modal")).to_have_count(2)
    await expect(page.get_by_role("dialog")).to_have_accessible_name("Second")  # the lower one is out of reach
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_accessible_name("New API key")


@pytest.mark.soak
async def test_home_is_drawn(page: Page, world: World) -> None:
    view = {"type": "home", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "My keys"}}]}
    await world.api("views.publish", user_id=ADA, view=view)
    await page.get_by_test_id("home").click()
    await expect(page.get_by_test_id("home-view")).to_contain_text("My keys")
    assert world.bot.of_type("app_home_opened")


async def test_the_gateway_panel_shows_uses_and_breaks(page: Page, world: World) -> None:
    panel = page.get_by_test_id("gateway")
    key = panel.locator("[data-name=ci]")
    await expect(key).to_have_attribute("data-state", "active")
    await key.get_by_role("button", name="Use 5k of ci").click()
    await expect(key).to_contain_text("95k left")
    await key.get_by_role("button", name="Use up ci").click()
    await expect(key).to_have_attribute("data-state", "exhausted")
    world.gateway.add_key(name="new-one", unlimited_quota=True)
    await expect(panel.locator("[data-name=new-one] .flash")).to_have_count(1)
    await panel.get_by_test_id("fault-lost_reply").click()
    await expect(panel.get_by_role("status", name="Armed faults")).to_contain_text("Lose the reply: next change")
    assert world.gateway.faults[0].method == "PUT"
    await panel.get_by_role("button", name="Disarm").click()
    await expect(panel.get_by_text("Disarm")).to_have_count(0)
    before = world.gateway.clock.now()
    await panel.get_by_role("button", name="Move the clock +1 d").click()
    await expect(panel.locator(".clock-now")).to_contain_text(":")
    assert world.gateway.clock.now() >= before + 86_400


@pytest.mark.soak
async def test_first_steps_can_be_dismissed_for_good(page: Page) -> None:
    await expect(page.get_by_test_id("first-steps")).to_contain_text("/apikey new")
    await page.get_by_role("button", name="Dismiss the first steps").click()
    await page.reload()
    await expect(page.get_by_test_id("channel-view")).to_be_visible()
    await expect(page.get_by_test_id("first-steps")).to_have_count(0)


@pytest.mark.soak
async def test_a_narrow_window_hides_the_gateway_panel_until_it_is_wanted(page: Page) -> None:
    await page.set_viewport_size({"width": 1000, "height": 800})
    await expect(page.get_by_test_id("gateway")).to_have_count(0)
    await page.get_by_role("button", name="Show the gateway panel").click()
    await expect(page.get_by_test_id("gateway")).to_be_visible()
    await page.get_by_role("button", name="Hide the gateway panel").click()
    await expect(page.get_by_test_id("gateway")).to_have_count(0)
