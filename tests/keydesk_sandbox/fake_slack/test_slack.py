"""The core, end to end: a command opens a modal, the modal is filled and submitted, a message is clicked."""

from typing import Any

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Bot, Caller, Got, actions, button, modal, section, text_input


async def test_a_command_opens_a_modal_that_is_filled_and_sent(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    async def open_modal(got: Got) -> tuple[Any, ...]:
        await api.ok("views.open", trigger_id=got.payload["trigger_id"], view=modal(text_input()))
        return 200, None

    bot.answer = open_modal
    answer = await slack.command("U1ALICE", "C1GENERAL", "/apikey new")
    assert answer.ok
    assert bot.last["text"] == "new"
    view = slack.top_view("U1ALICE")
    bot.answer = lambda _: (200, None)
    await slack.type_in("U1ALICE", view, "name", "ci")
    answer = await slack.submit("U1ALICE", view)
    assert answer.ok
    assert bot.last["view"]["state"]["values"]["name"]["value"]["value"] == "ci"
    assert slack.open_views("U1ALICE") == []


async def test_a_button_of_a_posted_message_is_clicked(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=[section(), actions(button())])
    message = slack.messages("C1GENERAL")[-1]
    assert (await slack.click("U2BOB", message, "go")).ok
    assert bot.last["actions"][0]["value"] == "1"
    assert bot.last["user"]["id"] == "U2BOB"
