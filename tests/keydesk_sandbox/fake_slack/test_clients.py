"""G7, G13, G17, G20, G21, G23: what people's clients do and refuse."""

import pytest

from keydesk_sandbox.fake_slack import ClientRefusal
from tests.keydesk_sandbox.fake_slack.kit import Caller, actions, button, modal, plain, section, text_input


def input_of(kind, block_id="f", **element):
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("l"),
        "element": {"type": kind, "action_id": "value", **element},
    }


@pytest.fixture
def form(slack, api):
    async def open_form(*blocks, **more):
        await api.ok("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=modal(*blocks, **more))
        return slack.top_view("U1ALICE")

    return open_form


@pytest.mark.parametrize(
    ("kind", "element", "bad", "good"),
    [
        ("plain_text_input", {}, "", "x"),
        ("plain_text_input", {"min_length": 3}, "ab", "abc"),
        ("plain_text_input", {"max_length": 3}, "abcd", "abc"),
        ("number_input", {"is_decimal_allowed": False, "min_value": "2"}, "1", "2"),
        ("number_input", {"is_decimal_allowed": False, "max_value": "2"}, "3", "2"),
        ("number_input", {"is_decimal_allowed": False}, "1.5", "1"),
        ("number_input", {"is_decimal_allowed": True}, "many", "1.5"),
        ("email_text_input", {}, "nobody", "a@example.com"),
        ("url_text_input", {}, "example", "https://example.com"),
    ],
)
async def test_the_client_complains_before_anything_is_sent(slack, bot, form, kind, element, bad, good):
    view = await form(input_of(kind, **element))
    await slack.type_in("U1ALICE", view, "f", bad)
    answer = await slack.submit("U1ALICE", view)
    assert answer.failure == "not_sent"
    assert list(answer.complaints) == ["f"] == list(view.errors)
    assert bot.got == []
    await slack.type_in("U1ALICE", view, "f", good)
    assert (await slack.submit("U1ALICE", view)).ok


async def test_untouched_fields_arrive_as_null(slack, bot, form):
    options = [{"text": plain("On"), "value": "on"}]
    await form(
        text_input("t", optional=True),
        input_of("static_select", "s", options=options) | {"optional": True},
        input_of("checkboxes", "c", options=options) | {"optional": True},
        input_of("datetimepicker", "d") | {"optional": True},
        input_of("multi_external_select", "m") | {"optional": True},
    )
    await slack.submit("U1ALICE", slack.top_view("U1ALICE"))
    values = bot.last["view"]["state"]["values"]
    assert values["t"]["value"] == {"type": "plain_text_input", "value": None}
    assert values["s"]["value"]["selected_option"] is None
    assert values["c"]["value"]["selected_options"] == []
    assert values["d"]["value"]["selected_date_time"] is None
    assert values["m"]["value"]["selected_options"] == []


async def test_initial_values_become_state(slack, bot, form):
    view = await form(text_input(initial_value="kept"))
    await slack.submit("U1ALICE", view)
    assert bot.last["view"]["state"]["values"]["name"]["value"]["value"] == "kept"


async def test_an_input_sends_an_action_only_when_it_dispatches(slack, bot, form):
    view = await form(text_input("quiet"), text_input("loud", block={"dispatch_action": True}))
    await slack.type_in("U1ALICE", view, "quiet", "x")
    assert bot.got == []
    await slack.type_in("U1ALICE", view, "loud", "y")
    assert bot.last["type"] == "block_actions"
    assert bot.last["actions"][0]["value"] == "y"
    assert bot.last["view"]["state"]["values"]["quiet"]["value"]["value"] == "x"


async def test_only_offered_options_can_be_chosen(slack, form):
    view = await form(input_of("static_select", options=[{"text": plain("A"), "value": "a"}]))
    with pytest.raises(ClientRefusal):
        await slack.type_in("U1ALICE", view, "f", "b")


async def test_an_external_select_asks_the_app(slack, bot, form):
    view = await form(input_of("multi_external_select", min_query_length=2))
    assert (await slack.options("U1ALICE", view, "f", "g")).failure == "not_sent"
    bot.answer = lambda _: (200, {"options": [{"text": plain("gpt"), "value": "gpt"}]})
    assert (await slack.options("U1ALICE", view, "f", "gp")).ok
    assert (bot.last["type"], bot.last["value"], bot.last["action_id"]) == ("block_suggestion", "gp", "value")
    await slack.type_in("U1ALICE", view, "f", ["gpt"])
    bot.answer = lambda _: (200, None)
    await slack.submit("U1ALICE", view)
    chosen = bot.last["view"]["state"]["values"]["f"]["value"]["selected_options"]
    assert [option["value"] for option in chosen] == ["gpt"]


@pytest.mark.parametrize(
    "body",
    [None, "x", {"options": [{"text": plain("x"), "value": str(n)} for n in range(101)]}, {"options": [{}]}],
)
async def test_options_slack_cannot_use_are_a_bad_answer(slack, bot, form, body):
    view = await form(input_of("external_select", min_query_length=0))
    bot.answer = lambda _: (200, body)
    assert (await slack.options("U1ALICE", view, "f", "")).failure == "bad_answer"


async def test_a_command_carries_the_fields_of_the_contract(slack, bot):
    await slack.command("U1ALICE", "C1GENERAL", "/apikey give @bob #general")
    fields = bot.last
    assert fields["text"] == "give <@U2BOB|bob> <#C1GENERAL|general>"
    assert fields["command"] == "/apikey"
    assert (fields["user_id"], fields["team_id"], fields["channel_id"]) == ("U1ALICE", "T0SANDBOX", "C1GENERAL")
    assert fields["response_url"].startswith("http://127.0.0.1:4999/response/")
    assert fields["is_enterprise_install"] == "false"


async def test_a_command_answer_is_ephemeral_unless_in_channel(slack, bot):
    bot.answer = lambda _: (200, {"text": "only you"})
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    assert slack.messages("C1GENERAL")[-1].ephemeral_to == "U1ALICE"
    bot.answer = lambda _: (200, {"text": "all", "response_type": "in_channel"})
    await slack.command("U1ALICE", "C1GENERAL", "/apikey show")
    typed, answer = slack.messages("C1GENERAL", "U2BOB")
    assert (typed.text, typed.user) == ("/apikey show", "U1ALICE")
    assert answer.text == "all"


async def test_a_command_answer_with_bad_blocks_is_not_shown(slack, bot):
    bot.answer = lambda _: (200, {"blocks": [{"type": "x"}]})
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "bad_answer"
    assert slack.messages("C1GENERAL") == []


async def test_an_unregistered_command_shows_a_notice_and_sends_nothing(slack, bot):
    answer = await slack.say("U1ALICE", "C1GENERAL", "/unknown x")
    assert answer.failure == "not_sent"
    assert slack.notices("U1ALICE")[0].code == "unknown_command"
    assert bot.got == []


async def test_outsiders_may_click_but_run_no_commands_and_shortcuts(slack, bot, api):
    await api.ok("chat.postMessage", channel="C4SHARED", text="t", blocks=[actions(button())])
    await slack.settle()
    bot.got.clear()
    assert (await slack.command("U5OUT", "C4SHARED", "/apikey")).failure == "not_sent"
    assert (await slack.shortcut("U5OUT", "new_key")).failure == "not_sent"
    assert bot.got == []
    await slack.click("U5OUT", slack.messages("C4SHARED")[-1], "go")
    assert bot.last["user"]["team_id"] == "T0OTHER"
    assert bot.last["team"]["id"] == "T0SANDBOX"


async def test_bots_the_deactivated_and_absent_people_do_nothing(slack, api):
    for user in ("U7GONE", "U8BOT", "U404"):
        with pytest.raises(ClientRefusal):
            await slack.command(user, "C1GENERAL", "/apikey")
    with pytest.raises(ClientRefusal):
        await slack.say("U5OUT", "C1GENERAL", "hello")
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=[actions(button())])
    with pytest.raises(ClientRefusal):
        await slack.click("U5OUT", slack.messages("C1GENERAL")[-1], "go")


async def test_a_click_on_a_message_brings_message_state_and_response_url(slack, bot, api):
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


async def test_a_click_on_an_ephemeral_message_comes_without_the_message(slack, bot, api):
    await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="t", blocks=[actions(button())])
    await slack.click("U1ALICE", slack.messages("C1GENERAL")[-1], "go")
    assert "message" not in bot.last
    assert bot.last["container"]["is_ephemeral"] is True


async def test_a_click_in_an_attachment_names_it(slack, bot, api):
    attachment = {"color": "#fff", "blocks": [actions(button())]}
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", attachments=[attachment])
    await slack.click("U1ALICE", slack.messages("C1GENERAL")[-1], "go")
    assert (bot.last["container"]["type"], bot.last["container"]["attachment_id"]) == ("message_attachment", 1)


async def test_several_buttons_of_one_name_are_told_apart_by_value_or_block(slack, bot, api):
    blocks = [actions(button(value="1"), block_id="a"), actions(button(value="2"), block_id="b")]
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=blocks)
    message = slack.messages("C1GENERAL")[-1]
    await slack.click("U1ALICE", message, "go", value="2")
    assert bot.last["actions"][0]["block_id"] == "b"
    await slack.click("U1ALICE", message, "go", block_id="a")
    assert bot.last["actions"][0]["value"] == "1"
    with pytest.raises(ClientRefusal):
        await slack.click("U1ALICE", message, "go")


async def test_a_button_that_is_gone_or_somebody_elses_cannot_be_clicked(slack, api):
    await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="t", blocks=[actions(button())])
    message = slack.messages("C1GENERAL")[-1]
    for user, action in (("U2BOB", "go"), ("U1ALICE", "absent")):
        with pytest.raises(ClientRefusal):
            await slack.click(user, message, action)
    other = await slack.post_as_app("C1GENERAL", "t", blocks=[actions(button())])
    with pytest.raises(ClientRefusal):
        await slack.click("U1ALICE", other, "go")


async def test_shortcuts_come_global_and_on_messages_with_the_whole_message(slack, bot):
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


async def test_clicks_are_not_sent_without_interactivity(make_slack, bot):
    slack = make_slack(manifest={"interactivity": False})
    assert (await slack.shortcut("U1ALICE", "new_key")).failure == "not_sent"
    assert bot.got == []


async def test_a_response_url_takes_five_posts_in_half_an_hour(slack, bot, api, clock):
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    url = bot.last["response_url"]
    for _ in range(5):
        assert (await api.http.post(url, json={"text": "x"})).status_code == 200
    assert (await api.http.post(url, json={"text": "x"})).json()["error"] == "used_url"
    assert all(message.ephemeral_to == "U1ALICE" for message in slack.messages("C1GENERAL"))
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    clock.now += 1801
    assert (await api.http.post(bot.last["response_url"], json={"text": "x"})).json()["error"] == "expired_url"


async def test_a_response_url_replaces_and_deletes_the_original(slack, bot, api):
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


async def test_a_commands_own_text_cannot_be_replaced(slack, bot, api):
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    answer = await api.http.post(bot.last["response_url"], json={"replace_original": True, "text": "x"})
    assert answer.json()["error"] == "message_not_found"


async def test_only_this_machine_gets_in(slack, api):
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        assert (await api.http.get("/sandbox/api/state?as=U1ALICE", headers=headers)).status_code == 403
    with pytest.raises(ValueError, match="loopback"):
        slack.base_url = "http://sandbox.example"


async def test_two_slacks_share_nothing(make_slack):
    one, two = make_slack(), make_slack()
    await Caller(one).ok("chat.postMessage", channel="C1GENERAL", text="x")
    assert two.messages("C1GENERAL") == []
