"""views.*: open, push, update, publish."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Caller,
    actions,
    button,
    modal,
    plain,
    section,
    text_input,
)
from tests.narrow import present


async def messages_of(slack: FakeSlack, api: Caller, view: dict[str, Any]) -> list[str]:
    answer = await api("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=view)
    assert answer["error"] == "invalid_arguments", answer
    messages: list[str] = answer["response_metadata"]["messages"]
    return messages


async def test_a_long_title_is_refused_in_slacks_words(slack: FakeSlack, api: Caller) -> None:
    said = await messages_of(slack, api, modal(section(), title=plain("x" * 25)))
    assert said == [
        "[ERROR] failed to match all allowed schemas [json-pointer:/view]",
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"submit": plain("x" * 25)}, "must be less than 25 characters [json-pointer:/view/submit/text]"),
        ({"close": plain("")}, "must be more than 0 characters [json-pointer:/view/close/text]"),
        ({"private_metadata": "x" * 3001}, "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
        ({"callback_id": "x" * 256}, "must be less than 256 characters [json-pointer:/view/callback_id]"),
        ({"external_id": "x" * 256}, "must be less than 256 characters [json-pointer:/view/external_id]"),
        ({"notify_on_close": "yes"}, "must provide a boolean [json-pointer:/view/notify_on_close]"),
        ({"submit_disabled": True}, "invalid additional property: submit_disabled [json-pointer:/view]"),
        ({"title": {"type": "mrkdwn", "text": "x"}}, "must be a valid enum value [json-pointer:/view/title/type]"),
        ({"blocks": {}}, "must provide an array [json-pointer:/view/blocks]"),
        ({"blocks": [section()] * 101}, "no more than 100 items allowed [json-pointer:/view/blocks]"),
        ({"blocks": [text_input()]}, "missing required field: submit [json-pointer:/view]"),
    ],
)
async def test_what_a_modal_may_not_be(slack: FakeSlack, api: Caller, more: dict[str, Any], words: str) -> None:
    said = await messages_of(slack, api, {"type": "modal", "title": plain("t"), "blocks": [section()], **more})
    assert f"[ERROR] {words}" in said


async def test_missing_fields_are_all_named(slack: FakeSlack, api: Caller) -> None:
    said = " ".join(await messages_of(slack, api, {"type": "modal"}))
    assert "missing required field: title" in said
    assert "missing required field: blocks" in said


async def test_a_view_over_250_kb_is_too_large(slack: FakeSlack, api: Caller) -> None:
    view = modal(*[section("x" * 2900) for _ in range(90)])
    assert await api.refused("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=view) == "view_too_large"


async def test_an_old_hash_conflicts_and_no_hash_wins(
    slack: FakeSlack, api: Caller, open_modal: Callable[..., Any]
) -> None:
    view = await open_modal(section())
    old = view.hash
    await api.ok("views.update", view_id=view.id, view=modal(section("two")), hash=old)
    assert await api.refused("views.update", view_id=view.id, view=modal(section()), hash=old) == "hash_conflict"
    await api.ok("views.update", view_id=view.id, view=modal(section("three")))


async def test_update_needs_one_id_and_a_view_that_is_open(
    slack: FakeSlack, api: Caller, open_modal: Callable[..., Any]
) -> None:
    view = await open_modal(section())
    both = await api("views.update", view_id=view.id, external_id="x", view=modal(section()))
    assert both["response_metadata"]["messages"] == ["[ERROR] Cannot provide both `view_id` and `external_id`"]
    assert await api.refused("views.update", view=modal(section())) == "invalid_arguments"
    await slack.close_view("U1ALICE", view)
    assert await api.refused("views.update", view_id=view.id, view=modal(section())) == "not_found"


async def test_home_is_published_per_person_with_a_hash(slack: FakeSlack, api: Caller, bot: Bot) -> None:
    home = {"type": "home", "blocks": [section(), actions(button())]}
    published = await api.ok("views.publish", user_id="U1ALICE", view=home)
    assert slack.home("U2BOB") is None
    await api.ok("views.publish", user_id="U1ALICE", view=home, hash=published["view"]["hash"])
    stale = published["view"]["hash"]
    assert await api.refused("views.publish", user_id="U1ALICE", view=home, hash=stale) == "hash_conflict"
    await slack.click("U1ALICE", present(slack.home("U1ALICE")), "go")
    assert bot.last["view"]["type"] == "home"


async def test_a_home_view_takes_no_title_and_no_datetimepicker(api: Caller) -> None:
    view = {"type": "home", "title": plain("t"), "blocks": [actions({"type": "datetimepicker"})]}
    answer = await api("views.publish", user_id="U1ALICE", view=view)
    said = answer["response_metadata"]["messages"]
    assert "[ERROR] invalid additional property: title [json-pointer:/view]" in said
    assert any("unsupported type: datetimepicker" in text for text in said)
