"""Every kind of element: its untouched value, its chosen value, and what its client does not let through."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack import ClientRefusal
from keydesk_sandbox.fake_slack.slack import FakeSlack
from keydesk_sandbox.fake_slack.state_values import chosen_value, complaint, initial_value, is_empty, plain_value
from tests.keydesk_sandbox.fake_slack.kit import Bot, Caller, actions, button, modal, plain, text_input
from tests.narrow import present

OPTIONS = [{"text": plain(name), "value": name} for name in "ab"]


@pytest.mark.parametrize(
    ("element", "given", "field", "stored"),
    [
        ({"type": "plain_text_input"}, "x", "value", "x"),
        ({"type": "plain_text_input"}, "", "value", None),
        ({"type": "static_select", "options": OPTIONS}, "b", "selected_option", OPTIONS[1]),
        ({"type": "radio_buttons", "options": OPTIONS}, None, "selected_option", None),
        ({"type": "checkboxes", "options": OPTIONS}, ["a", "b"], "selected_options", OPTIONS),
        ({"type": "checkboxes", "options": OPTIONS}, None, "selected_options", []),
        ({"type": "multi_static_select", "options": OPTIONS}, "a", "selected_options", OPTIONS[:1]),
        ({"type": "external_select", "initial_option": OPTIONS[0]}, "a", "selected_option", OPTIONS[0]),
        ({"type": "users_select"}, "U1", "selected_user", "U1"),
        ({"type": "multi_users_select"}, ["U1"], "selected_users", ["U1"]),
        ({"type": "datepicker"}, "2026-01-31", "selected_date", "2026-01-31"),
        ({"type": "timepicker"}, "23:59", "selected_time", "23:59"),
        ({"type": "datetimepicker"}, "1790000000", "selected_date_time", 1_790_000_000),
    ],
)
def test_what_is_chosen_becomes_the_state_value(
    element: dict[str, Any], given: str | list[str] | None, field: str, stored: Any
) -> None:
    element = {"action_id": "e", **element}
    value = chosen_value(element, given, [])
    assert value == {"type": element["type"], field: stored}
    assert is_empty(value) is (stored in (None, []))


def test_rich_text_is_wrapped() -> None:
    value = chosen_value({"type": "rich_text_input", "action_id": "r"}, "hi", [])
    assert value["rich_text_value"]["elements"][0]["elements"][0]["text"] == "hi"
    assert chosen_value({"type": "rich_text_input"}, {"type": "rich_text"}, [])["rich_text_value"]


@pytest.mark.parametrize(
    ("element", "given"),
    [
        ({"type": "static_select", "options": OPTIONS}, "z"),
        ({"type": "multi_external_select"}, ["z"]),
        ({"type": "multi_static_select", "options": OPTIONS, "max_selected_items": 1}, ["a", "b"]),
        ({"type": "datepicker"}, "tomorrow"),
        ({"type": "timepicker"}, "25:00"),
    ],
)
def test_what_is_not_offered_cannot_be_chosen(element: dict[str, Any], given: str | list[str]) -> None:
    with pytest.raises(ClientRefusal):
        chosen_value({"action_id": "e", **element}, given, [])


def test_values_are_read_as_people_name_them() -> None:
    assert plain_value({"type": "checkboxes", "selected_options": OPTIONS}) == ["a", "b"]
    assert plain_value({"type": "static_select", "selected_option": None}) is None
    assert plain_value({"type": "static_select", "selected_option": OPTIONS[0]}) == "a"
    assert initial_value({"type": "datepicker", "initial_date": "2026-01-01"})["selected_date"] == "2026-01-01"
    required = {"type": "static_select", "selected_option": None}
    assert complaint({"type": "static_select"}, required, optional=False)
    assert complaint({"type": "static_select"}, required, optional=True) is None
    assert complaint({"type": "static_select"}, {**required, "selected_option": OPTIONS[0]}, optional=False) is None


async def test_choices_outside_input_blocks_act_at_once_and_stay(
    slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]
) -> None:
    select = {"type": "static_select", "action_id": "pick", "options": OPTIONS}
    overflow = {"type": "overflow", "action_id": "more", "options": OPTIONS}
    view = await open_modal(actions(select, overflow, button()))
    await slack.type_in("U1ALICE", view, "acts", "b")
    assert bot.last["actions"][0]["selected_option"]["value"] == "b"
    assert bot.last["view"]["state"]["values"]["acts"]["pick"]["selected_option"]["value"] == "b"
    await slack.click("U1ALICE", view, "more", "a")
    assert bot.last["actions"][0]["selected_option"]["value"] == "a"
    with pytest.raises(ClientRefusal):
        await slack.click("U1ALICE", view, "more", "z")


async def test_clicking_an_input_is_typing(slack: FakeSlack, bot: Bot, open_modal: Callable[..., Any]) -> None:
    view = await open_modal(text_input())
    await slack.click("U1ALICE", view, "value", "typed")
    assert view.values["name"]["value"]["value"] == "typed"
    assert bot.got == []


async def test_what_lies_below_closed_or_not_there_cannot_be_used(
    slack: FakeSlack, api: Caller, open_modal: Callable[..., Any]
) -> None:
    below = await open_modal(text_input())
    trigger = slack.triggers.issue("U1ALICE", view_id=below.id)
    await api.ok("views.push", trigger_id=trigger, view=modal(actions(button())))
    top = slack.top_view("U1ALICE")
    for attempt in (
        slack.type_in("U1ALICE", below, "name", "x"),
        slack.type_in("U2BOB", top, "acts", "x"),
        slack.type_in("U1ALICE", top, "absent", "x"),
        slack.submit("U1ALICE", top),
        slack.options("U1ALICE", top, "acts", "x"),
    ):
        with pytest.raises(ClientRefusal):
            await attempt
    await slack.close_view("U1ALICE", top)
    with pytest.raises(ClientRefusal):
        await slack.click("U1ALICE", top, "go")


async def test_home_is_not_closed_and_not_for_outsiders(slack: FakeSlack, api: Caller) -> None:
    await api.ok("views.publish", user_id="U1ALICE", view={"type": "home", "blocks": []})
    with pytest.raises(ClientRefusal):
        await slack.close_view("U1ALICE", present(slack.home("U1ALICE")))
    with pytest.raises(ClientRefusal):
        await slack.open_home("U5OUT")


async def test_a_failed_click_on_home_is_a_notice(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    await api.ok("views.publish", user_id="U1ALICE", view={"type": "home", "blocks": [actions(button())]})
    bot.answer = lambda _: (500, None)
    await slack.click("U1ALICE", present(slack.home("U1ALICE")), "go")
    assert slack.notices("U1ALICE")[0].code == "dispatch_failed"


async def test_an_external_select_in_a_message_asks_with_the_message(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    select = {"type": "external_select", "action_id": "m", "min_query_length": 1}
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=[actions(select)])
    message = slack.messages("C1GENERAL")[-1]
    bot.answer = lambda _: (200, {"option_groups": [{"label": plain("g"), "options": OPTIONS}]})
    assert (await slack.options("U1ALICE", message, "acts", "a")).ok
    assert bot.last["message"]["ts"] == message.ts
    bot.answer = lambda _: (200, None)
    await slack.click("U1ALICE", message, "m", "b")
    assert bot.last["actions"][0]["selected_option"]["value"] == "b"
