"""What a person does in a modal or on the Home tab: types, clicks, submits, closes."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Caller,
    MakeSlack,
    actions,
    button,
    input_of,
    late,
    modal,
    open_form,
    plain,
    section,
    text_input,
)
from tests.narrow import present


async def test_a_late_submission_keeps_the_modal_open_with_a_banner(impatient: FakeSlack, bot: Bot) -> None:
    view = await open_form(impatient, Caller(impatient))
    bot.answer = late
    assert (await impatient.submit("U1ALICE", view)).failure == "timeout"
    assert impatient.top_view("U1ALICE").banner == "We had some trouble connecting. Try again?"
    assert not view.busy
    await impatient.settle()


async def test_a_failed_click_in_a_modal_shows_the_banner(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    view = await open_form(slack, api, actions(button()))
    bot.answer = lambda _: (404, None)
    await slack.click("U1ALICE", view, "go")
    assert view.banner
    bot.answer = lambda _: (200, None)
    await slack.click("U1ALICE", view, "go")
    assert view.banner is None


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
async def test_the_client_complains_before_anything_is_sent(
    slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any], kind: str, element: dict[str, Any], bad: str, good: str
) -> None:
    view = await open_modal(input_of(kind, **element))
    await slack.type_in("U1ALICE", view, "f", bad)
    answer = await slack.submit("U1ALICE", view)
    assert answer.failure == "not_sent"
    assert list(answer.complaints) == ["f"] == list(view.errors)
    assert bot.got == []
    await slack.type_in("U1ALICE", view, "f", good)
    assert (await slack.submit("U1ALICE", view)).ok


async def test_untouched_fields_arrive_as_null(slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]) -> None:
    options = [{"text": plain("On"), "value": "on"}]
    await open_modal(
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


async def test_initial_values_become_state(slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]) -> None:
    view = await open_modal(text_input(initial_value="kept"))
    await slack.submit("U1ALICE", view)
    assert bot.last["view"]["state"]["values"]["name"]["value"]["value"] == "kept"


async def test_an_input_sends_an_action_only_when_it_dispatches(
    slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]
) -> None:
    view = await open_modal(text_input("quiet"), text_input("loud", block={"dispatch_action": True}))
    await slack.type_in("U1ALICE", view, "quiet", "x")
    assert bot.got == []
    await slack.type_in("U1ALICE", view, "loud", "y")
    assert bot.last["type"] == "block_actions"
    assert bot.last["actions"][0]["value"] == "y"
    assert bot.last["view"]["state"]["values"]["quiet"]["value"]["value"] == "x"


async def test_an_external_select_asks_the_app(slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]) -> None:
    view = await open_modal(input_of("multi_external_select", min_query_length=2))
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
async def test_options_slack_cannot_use_are_a_bad_answer(
    slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any], body: str | dict[str, Any] | None
) -> None:
    view = await open_modal(input_of("external_select", min_query_length=0))
    bot.answer = lambda _: (200, body)
    assert (await slack.options("U1ALICE", view, "f", "")).failure == "bad_answer"


async def test_closing_is_told_only_with_notify_on_close_and_without_inputs(
    slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]
) -> None:
    view = await open_modal(text_input())
    assert await slack.close_view("U1ALICE", view) is None
    view = await open_modal(text_input(), notify_on_close=True)
    await slack.type_in("U1ALICE", view, "name", "typed")
    assert (present(await slack.close_view("U1ALICE", view))).ok
    assert bot.last["type"] == "view_closed"
    assert bot.last["is_cleared"] is False
    assert bot.last["view"]["state"]["values"] == {}


async def test_the_x_clears_the_stack_and_names_the_root(
    slack: FakeSlack, bot: Bot, api: Caller, open_modal: Callable[..., Any]
) -> None:
    root = await open_modal(section(), notify_on_close=True)
    trigger = slack.triggers.issue("U1ALICE", view_id=root.id)
    await api.ok("views.push", trigger_id=trigger, view=modal(section()))
    await slack.close_view("U1ALICE", slack.top_view("U1ALICE"), clear=True)
    assert slack.open_views("U1ALICE") == []
    assert bot.last["is_cleared"] is True
    assert bot.last["view"]["id"] == root.id


async def test_clear_on_close_closes_everything(slack: FakeSlack, api: Caller, open_modal: Callable[..., Any]) -> None:
    root = await open_modal(section())
    trigger = slack.triggers.issue("U1ALICE", view_id=root.id)
    await api.ok("views.push", trigger_id=trigger, view=modal(section(), clear_on_close=True))
    await slack.close_view("U1ALICE", slack.top_view("U1ALICE"))
    assert slack.open_views("U1ALICE") == []


async def test_a_submission_carries_response_urls_of_the_chosen_conversation(
    slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]
) -> None:
    select = {"type": "conversations_select", "action_id": "c", "response_url_enabled": True}
    view = await open_modal({"type": "input", "block_id": "where", "label": plain("Where"), "element": select})
    await slack.type_in("U1ALICE", view, "where", "C1GENERAL")
    await slack.submit("U1ALICE", view)
    urls = bot.last["response_urls"]
    assert [(url["block_id"], url["channel_id"]) for url in urls] == [("where", "C1GENERAL")]


async def test_home_opened_comes_with_the_view_once_there_is_one(slack: FakeSlack, api: Caller, bot: Bot) -> None:
    await slack.open_home("U1ALICE")
    await api.ok("views.publish", user_id="U1ALICE", view={"type": "home", "blocks": [section()]})
    await slack.open_home("U1ALICE")
    first, second = bot.of_type("app_home_opened")
    assert "view" not in first
    assert second["view"]["type"] == "home"
    assert second["tab"] == "home"


async def test_home_is_not_enabled_when_the_manifest_says_so(make_slack: MakeSlack) -> None:
    api = Caller(make_slack(manifest={"home": False}))
    home = {"type": "home", "blocks": []}
    assert await api.refused("views.publish", user_id="U1ALICE", view=home) == "not_enabled"
