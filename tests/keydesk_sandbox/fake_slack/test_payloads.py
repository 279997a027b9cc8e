"""The payloads that the app gets, field by field."""

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Caller,
    actions,
    button,
)


async def test_a_command_carries_the_fields_of_the_contract(slack: FakeSlack, bot: Bot) -> None:
    await slack.command("U1ALICE", "C1GENERAL", "/apikey give @bob #general")
    fields = bot.last
    assert fields["text"] == "give <@U2BOB|bob> <#C1GENERAL|general>"
    assert fields["command"] == "/apikey"
    assert (fields["user_id"], fields["team_id"], fields["channel_id"]) == ("U1ALICE", "T0SANDBOX", "C1GENERAL")
    assert fields["response_url"].startswith("http://127.0.0.1:4999/response/")
    assert fields["is_enterprise_install"] == "false"


async def test_a_click_on_an_ephemeral_message_comes_without_the_message(
    slack: FakeSlack, bot: Bot, api: Caller
) -> None:
    await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="t", blocks=[actions(button())])
    await slack.click("U1ALICE", slack.messages("C1GENERAL")[-1], "go")
    assert "message" not in bot.last
    assert bot.last["container"]["is_ephemeral"] is True


async def test_a_click_in_an_attachment_names_it(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    attachment = {"color": "#fff", "blocks": [actions(button())]}
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", attachments=[attachment])
    await slack.click("U1ALICE", slack.messages("C1GENERAL")[-1], "go")
    assert (bot.last["container"]["type"], bot.last["container"]["attachment_id"]) == ("message_attachment", 1)
