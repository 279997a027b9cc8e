"""Who may do what in the client, and which choices there are."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack import ClientRefusal
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Caller,
    MakeSlack,
    actions,
    button,
    input_of,
    plain,
)


async def test_only_offered_options_can_be_chosen(slack: FakeSlack, open_modal: Callable[..., Any]) -> None:
    view = await open_modal(input_of("static_select", options=[{"text": plain("A"), "value": "a"}]))
    with pytest.raises(ClientRefusal):
        await slack.type_in("U1ALICE", view, "f", "b")


async def test_outsiders_may_click_but_run_no_commands_and_shortcuts(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    await api.ok("chat.postMessage", channel="C4SHARED", text="t", blocks=[actions(button())])
    await slack.settle()
    bot.got.clear()
    assert (await slack.command("U5OUT", "C4SHARED", "/apikey")).failure == "not_sent"
    assert (await slack.shortcut("U5OUT", "new_key")).failure == "not_sent"
    assert bot.got == []
    await slack.click("U5OUT", slack.messages("C4SHARED")[-1], "go")
    assert bot.last["user"]["team_id"] == "T0OTHER"
    assert bot.last["team"]["id"] == "T0SANDBOX"


async def test_bots_the_deactivated_and_absent_people_do_nothing(slack: FakeSlack, api: Caller) -> None:
    for user in ("U7GONE", "U8BOT", "U404"):
        with pytest.raises(ClientRefusal):
            await slack.command(user, "C1GENERAL", "/apikey")
    with pytest.raises(ClientRefusal):
        await slack.say("U5OUT", "C1GENERAL", "hello")
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=[actions(button())])
    with pytest.raises(ClientRefusal):
        await slack.click("U5OUT", slack.messages("C1GENERAL")[-1], "go")


async def test_clicks_are_not_sent_without_interactivity(make_slack: MakeSlack, bot: Bot) -> None:
    slack = make_slack(manifest={"interactivity": False})
    assert (await slack.shortcut("U1ALICE", "new_key")).failure == "not_sent"
    assert bot.got == []
