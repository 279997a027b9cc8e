"""Where a response_url puts an answer, how often and for how long."""

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Caller,
    Clock,
    actions,
    button,
)


async def test_a_command_answer_is_ephemeral_unless_in_channel(slack: FakeSlack, bot: Bot) -> None:
    bot.answer = lambda _: (200, {"text": "only you"})
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    assert slack.messages("C1GENERAL")[-1].ephemeral_to == "U1ALICE"
    bot.answer = lambda _: (200, {"text": "all", "response_type": "in_channel"})
    await slack.command("U1ALICE", "C1GENERAL", "/apikey show")
    typed, answer = slack.messages("C1GENERAL", "U2BOB")
    assert (typed.text, typed.user) == ("/apikey show", "U1ALICE")
    assert answer.text == "all"


async def test_a_response_url_takes_five_posts_in_half_an_hour(
    slack: FakeSlack, bot: Bot, api: Caller, clock: Clock
) -> None:
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    url = bot.last["response_url"]
    for _ in range(5):
        assert (await api.http.post(url, json={"text": "x"})).status_code == 200
    assert (await api.http.post(url, json={"text": "x"})).json()["error"] == "used_url"
    assert all(message.ephemeral_to == "U1ALICE" for message in slack.messages("C1GENERAL"))
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    clock.now += 1801
    assert (await api.http.post(bot.last["response_url"], json={"text": "x"})).json()["error"] == "expired_url"


async def test_a_response_url_replaces_and_deletes_the_original(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="t", blocks=[actions(button())])
    message = slack.messages("C1GENERAL")[-1]
    await slack.click("U1ALICE", message, "go")
    url = bot.last["response_url"]
    await api.http.post(url, json={"replace_original": True, "text": "new"})
    assert (message.text, message.blocks, message.ephemeral_to) == ("new", [], "U1ALICE")
    both = await api.http.post(url, json={"delete_original": True, "text": "x"})
    assert both.status_code == 400
    await api.http.post(url, json={"delete_original": True})
    assert slack.messages("C1GENERAL") == []
    assert (await api.http.post(url, json={"replace_original": True, "text": "x"})).status_code == 404


async def test_a_commands_own_text_cannot_be_replaced(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    answer = await api.http.post(bot.last["response_url"], json={"replace_original": True, "text": "x"})
    assert answer.json()["error"] == "message_not_found"
