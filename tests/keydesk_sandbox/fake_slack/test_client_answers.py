"""What the answer to a submission does to the open views."""

from typing import Any

import pytest

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Caller,
    modal,
    open_form,
    plain,
    section,
    text_input,
)


@pytest.mark.parametrize(
    "body",
    [
        "some text",
        {},
        {"response_action": "explode"},
        {"response_action": "clear", "view": {}},
        {"response_action": "errors"},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {"note": "a section, no input"}},
        {"response_action": "errors", "errors": {"name": 5}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "update"},
        {"response_action": "push", "view": {"type": "home", "blocks": []}},
    ],
)
async def test_an_answer_slack_cannot_use_keeps_the_modal_open_with_a_banner(
    slack: FakeSlack, bot: Bot, api: Caller, body: str | dict[str, Any]
) -> None:
    view = await open_form(slack, api, text_input(optional=True), section(block_id="note"))
    bot.answer = lambda _: (200, body)
    answer = await slack.submit("U1ALICE", view)
    assert answer.failure == "bad_answer"
    assert answer.complaints[""]
    assert view.banner
    assert slack.open_views("U1ALICE") == [view]


async def test_errors_are_shown_under_their_block(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    view = await open_form(slack, api)
    bot.answer = lambda _: (200, {"response_action": "errors", "errors": {"name": "taken"}})
    assert (await slack.submit("U1ALICE", view)).ok
    assert view.errors == {"name": "taken"}
    assert view.banner is None


async def test_update_push_and_clear_do_what_they_say(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    view = await open_form(slack, api)
    bot.answer = lambda _: (200, {"response_action": "update", "view": modal(text_input("other"), title=plain("Two"))})
    await slack.submit("U1ALICE", view)
    assert slack.top_view("U1ALICE").title == "Two"
    await slack.type_in("U1ALICE", view, "other", "x")
    bot.answer = lambda _: (200, {"response_action": "push", "view": modal(text_input(optional=True))})
    await slack.submit("U1ALICE", view)
    assert len(slack.open_views("U1ALICE")) == 2
    bot.answer = lambda _: (200, {"response_action": "clear"})
    await slack.submit("U1ALICE", slack.top_view("U1ALICE"))
    assert slack.open_views("U1ALICE") == []


async def test_an_empty_answer_closes_that_view_only(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    first = await open_form(slack, api)
    await api.ok("views.push", trigger_id=slack.triggers.issue("U1ALICE", view_id=first.id), view=modal(text_input()))
    second = slack.top_view("U1ALICE")
    await slack.type_in("U1ALICE", second, "name", "x")
    await slack.submit("U1ALICE", second)
    assert slack.open_views("U1ALICE") == [first]
