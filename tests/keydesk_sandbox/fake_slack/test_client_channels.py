"""What a person does in a channel: commands, clicks on messages, shortcuts."""

import pytest

from keydesk_sandbox.fake_slack import AppAnswer, ClientRefusal
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Caller,
    actions,
    button,
    plain,
    section,
)
from tests.narrow import expect


async def test_a_command_answer_with_bad_blocks_is_not_shown(slack: FakeSlack, bot: Bot) -> None:
    bot.answer = lambda _: (200, {"blocks": [{"type": "x"}]})
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "bad_answer"
    assert slack.messages("C1GENERAL") == []


async def test_an_unregistered_command_shows_a_notice_and_sends_nothing(slack: FakeSlack, bot: Bot) -> None:
    answer = await slack.say("U1ALICE", "C1GENERAL", "/unknown x")
    assert expect(AppAnswer, answer).failure == "not_sent"
    assert slack.notices("U1ALICE")[0].code == "unknown_command"
    assert bot.got == []


async def test_a_click_on_a_message_brings_message_state_and_response_url(
    slack: FakeSlack, bot: Bot, api: Caller
) -> None:
    select = {"type": "static_select", "action_id": "pick", "options": [{"text": plain("A"), "value": "a"}]}
    blocks = [section(), actions(button(), select)]
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=blocks)
    message = slack.messages("C1GENERAL")[-1]
    await slack.click("U1ALICE", message, "pick", "a")
    assert bot.last["actions"][0]["selected_option"]["value"] == "a"
    await slack.click("U1ALICE", message, "go")
    assert bot.last["state"]["values"]["acts"]["pick"]["selected_option"]["value"] == "a"
    assert bot.last["message"]["ts"] == message.ts
    assert bot.last["container"]["type"] == "message"
    assert bot.last["response_url"]


async def test_several_buttons_of_one_name_are_told_apart_by_value_or_block(
    slack: FakeSlack, bot: Bot, api: Caller
) -> None:
    blocks = [actions(button(value="1"), block_id="a"), actions(button(value="2"), block_id="b")]
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=blocks)
    message = slack.messages("C1GENERAL")[-1]
    await slack.click("U1ALICE", message, "go", value="2")
    assert bot.last["actions"][0]["block_id"] == "b"
    await slack.click("U1ALICE", message, "go", block_id="a")
    assert bot.last["actions"][0]["value"] == "1"
    with pytest.raises(ClientRefusal):
        await slack.click("U1ALICE", message, "go")


async def test_a_button_that_is_gone_or_somebody_elses_cannot_be_clicked(slack: FakeSlack, api: Caller) -> None:
    await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="t", blocks=[actions(button())])
    message = slack.messages("C1GENERAL")[-1]
    for user, action in (("U2BOB", "go"), ("U1ALICE", "absent")):
        with pytest.raises(ClientRefusal):
            await slack.click(user, message, action)
    other = await slack.post_as_app("C1GENERAL", "t", blocks=[actions(button())])
    with pytest.raises(ClientRefusal):
        await slack.click("U1ALICE", other, "go")


async def test_shortcuts_come_global_and_on_messages_with_the_whole_message(slack: FakeSlack, bot: Bot) -> None:
    await slack.shortcut("U1ALICE", "new_key")
    assert bot.last["type"] == "shortcut"
    assert not {"channel", "message", "response_url"} & bot.last.keys()
    alert = await slack.post_as_app("C1GENERAL", "leak", blocks=[section("sk-…")], attachments=[{"text": "more"}])
    await slack.shortcut("U1ALICE", "leaked", "C1GENERAL", alert.ts)
    assert bot.last["type"] == "message_action"
    assert bot.last["message"]["attachments"][0]["text"] == "more"
    assert bot.last["message"]["bot_id"] == "B0OTHER"
    with pytest.raises(ClientRefusal):
        await slack.shortcut("U1ALICE", "leaked")
