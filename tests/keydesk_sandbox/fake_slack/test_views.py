"""G3, G8: what views refuse, the stack, the hash, kept input, closing, Home (G20)."""

from collections.abc import Callable
from typing import Any

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Caller,
    modal,
    section,
    text_input,
)


async def test_a_stack_holds_three_views(slack: FakeSlack, api: Caller, open_modal: Callable[..., Any]) -> None:
    first = await open_modal(section())
    for expected in (True, True, False):
        trigger = slack.triggers.issue("U1ALICE", view_id=slack.top_view("U1ALICE").id)
        answer = await api("views.push", trigger_id=trigger, view=modal(section()))
        assert answer["ok"] is expected
    assert answer["error"] == "push_limit_reached"
    top = slack.view_book.wire(slack.top_view("U1ALICE"))
    assert top["root_view_id"] == first.id
    assert top["previous_view_id"] == slack.open_views("U1ALICE")[1].id


async def test_a_view_is_found_by_external_id_which_is_unique(
    slack: FakeSlack, api: Caller, open_modal: Callable[..., Any]
) -> None:
    await open_modal(section(), external_id="one")
    await api.ok("views.update", external_id="one", view=modal(section("two"), external_id="one"))
    view = modal(section(), external_id="one")
    trigger = slack.triggers.issue("U2BOB")
    assert await api.refused("views.open", trigger_id=trigger, view=view) == "duplicate_external_id"


async def test_typed_input_is_kept_only_while_both_ids_stay(
    slack: FakeSlack, api: Caller, open_modal: Callable[..., Any]
) -> None:
    view = await open_modal(text_input("a"), text_input("b"))
    await slack.type_in("U1ALICE", view, "a", "kept")
    await slack.type_in("U1ALICE", view, "b", "lost")
    renamed = text_input("b", action_id="other", initial_value="new")
    await api.ok("views.update", view_id=view.id, view=modal(text_input("a", initial_value="ignored"), renamed))
    assert view.values["a"]["value"]["value"] == "kept"
    assert view.values["b"] == {"other": {"type": "plain_text_input", "value": "new"}}
