"""The box *It is urgent* stands where a rule lets break-glass be used, and the button says what a ticked one does."""

from typing import Any

import pytest

from bot.features.forms.fields import ASK
from bot.features.forms.urgent import URGENT, Live, is_urgent
from bot.slack.blocks import context, modal, section

TICKED: dict[str, Any] = {URGENT: {"value": {"selected_options": [{"value": "on"}]}}}
FORM = modal("key.create", "New API key", [section("fields"), context("live")], submit="Request key")


@pytest.mark.parametrize(("state", "urgent"), [({}, False), (TICKED, True), ({URGENT: {"value": {}}}, False)])
def test_a_ticked_box_is_read(state: dict[str, Any], urgent: bool) -> None:
    assert is_urgent(state) is urgent


def test_without_such_a_rule_the_form_stays_as_it_is() -> None:
    assert Live(text="live").onto(FORM, TICKED) == FORM


@pytest.mark.parametrize(("state", "button"), [({}, "Request key"), (TICKED, "Do it now")])
def test_the_box_stands_above_the_live_line_and_the_button_says_what_it_does(
    state: dict[str, Any], button: str
) -> None:
    view = Live(text="live", box=True).onto(FORM, state)
    assert [block.get("block_id") for block in view["blocks"]][1] == URGENT
    assert view["blocks"][2] == FORM["blocks"][1]
    assert view["submit"]["text"] == button


@pytest.mark.parametrize(
    ("callback", "at_once", "button"),
    [
        ("key.create", True, "Create key"),
        ("key.create", False, "Request key"),
        ("key.create", None, "Request"),
        ("key.quota", True, "Apply change"),
        ("key.update", False, "Request change"),
    ],
)
def test_the_button_of_a_form_says_what_it_will_do(callback: str, at_once: bool | None, button: str) -> None:
    form = modal(callback, "Form", [section("fields"), context("live")], submit=ASK)
    view = Live(text="live", at_once=at_once).onto(form, {})
    assert view["submit"]["text"] == button
    # The next drawing begins with the form as it is built, not with this one.
    named = modal("key.disable", "Form", [section("fields"), context("live")], submit="Disable")
    assert Live(text="live", at_once=at_once).onto(named, {})["submit"]["text"] == "Disable"
