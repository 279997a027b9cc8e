"""The page's API: everything a person sees, everything a person does, and the stream of versions."""

import json
from typing import Any

from keydesk_sandbox.fake_slack.page_routes import versions
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Bot, Caller, Got, actions, button, modal, section, text_input


async def test_a_modal_is_filled_and_sent_from_the_page(slack: FakeSlack, bot: Bot, api: Caller, page: Any) -> None:
    async def open_modal(got: Got) -> tuple[Any, ...]:
        await api.ok("views.open", trigger_id=got.payload["trigger_id"], view=modal(text_input()))
        return 200, None

    bot.answer = open_modal
    assert (await page("say", channel="C1GENERAL", text="/apikey new"))["ok"]
    view = (await page.state())["views"][0]
    refused = await page("submit", view_id=view["id"])
    assert refused["ok"] is False
    assert list(refused["errors"]) == ["name"]
    assert (await page("input", view_id=view["id"], block_id="name", action_id="value", value="ci"))["ok"]
    assert (await page.state())["views"][0]["values"]["name"]["value"]["value"] == "ci"
    bot.answer = lambda _: (200, None)
    assert (await page("submit", view_id=view["id"]))["ok"]
    assert (await page.state())["views"] == []
    assert (await page("close", view_id=view["id"]))["ok"] is False


async def test_messages_are_written_and_clicked_from_the_page(
    slack: FakeSlack, bot: Bot, api: Caller, page: Any
) -> None:
    ts = (await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=[section(), actions(button())]))["ts"]
    assert (await page("click", channel="C1GENERAL", ts=ts, block_id="acts", action_id="go"))["ok"]
    assert bot.last["actions"][0]["action_id"] == "go"
    said = await page("say", channel="C1GENERAL", text="hello", thread_ts=ts)
    assert slack.messages("C1GENERAL")[-1].ts == said["ts"]
    assert (await page("shortcut", callback_id="leaked", channel="C1GENERAL", ts=ts))["ok"]
    assert (await page("shortcut", callback_id="nothing"))["ok"] is False
    assert (await page("home"))["ok"]


async def test_options_come_to_the_page(slack: FakeSlack, bot: Bot, api: Caller, page: Any) -> None:
    element = {"type": "external_select", "action_id": "value", "min_query_length": 2}
    block = {"type": "input", "block_id": "m", "label": {"type": "plain_text", "text": "l"}, "element": element}
    await api.ok("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=modal(block))
    view_id = slack.top_view("U1ALICE").id
    assert await page("options", view_id=view_id, block_id="m", action_id="value", value="g") == {
        "ok": True,
        "options": [],
    }
    offered = {"options": [{"text": {"type": "plain_text", "text": "g"}, "value": "g"}]}
    bot.answer = lambda _: (200, offered)
    assert (await page("options", view_id=view_id, block_id="m", action_id="value", value="gp"))["options"]


async def test_notices_are_shown_and_dismissed(slack: FakeSlack, page: Any) -> None:
    assert (await page("say", channel="C1GENERAL", text="/nope"))["ok"] is False
    notice = (await page.state())["notices"][0]
    assert "/nope" in notice["text"]
    await page("dismiss", id=notice["id"])
    assert (await page.state())["notices"] == []


async def test_malformed_requests_are_400_and_impossible_ones_are_said(api: Caller, page: Any) -> None:
    assert (await api.http.post("/sandbox/api/say", json={"as": "U1ALICE"})).status_code == 400
    assert (await api.http.post("/sandbox/api/say", content=b"{")).status_code == 400
    assert (await api.http.post("/sandbox/api/say", json=[])).status_code == 400
    assert (await page("say", channel="C404", text="x"))["error"] == "alice is not in C404."
    assert (await page("click", channel="C1GENERAL", ts="1.1", action_id="x"))["ok"] is False


async def test_the_stream_tells_each_new_version(slack: FakeSlack) -> None:
    stream = versions(slack)
    first = json.loads((await anext(stream)).removeprefix("data: "))
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    second = json.loads((await anext(stream)).removeprefix("data: "))
    assert second["version"] > first["version"]
    await stream.aclose()  # type: ignore[attr-defined]  # a generator, as it is written


async def test_an_account_is_deactivated_and_activated_again_from_the_page(
    slack: FakeSlack, bot: Bot, page: Any
) -> None:
    groups = slack.workspace.groups_of("U1ALICE")
    assert (await page("account", user="U1ALICE", active=False))["ok"]
    assert (await page("account", user="U1ALICE", active=False))["ok"]
    assert slack.workspace.people["U1ALICE"].kind == "deactivated"
    assert slack.workspace.groups_of("U1ALICE") == []
    assert [got.payload["event"]["type"] for got in bot.got].count("user_change") == 1
    assert (await page("account", user="U1ALICE", active=True))["ok"]
    assert (slack.workspace.people["U1ALICE"].kind, slack.workspace.groups_of("U1ALICE")) == ("member", groups)
    for odd in ({"active": "no"}, {"user": "U404", "active": True}, {"user": "U8BOT", "active": False}, {"user": 3}):
        assert (await page("account", **{"user": "U1ALICE", "active": False, **odd}))["ok"] is False
