"""Limits of the elements in blocks, in the words of Slack: every limit of slack.md A5 has a case."""

from typing import Any

import pytest

from keydesk_sandbox.fake_slack.blocks import message_problems, view_problems
from tests.keydesk_sandbox.fake_slack.kit import actions, button, modal, plain, text_input

OPTION = {"text": plain("a"), "value": "a"}


def options(count: int) -> list[dict[str, Any]]:
    return [{"text": plain(str(n)), "value": str(n)} for n in range(count)]


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": options(2), **more}


def confirm(**more: Any) -> dict[str, Any]:
    texts = {name: plain(name) for name in ("title", "text", "confirm", "deny")}
    return texts | {name: plain(text) for name, text in more.items()}


def many_checkboxes(count: int) -> dict[str, Any]:
    return actions({"type": "checkboxes", "action_id": "c", "options": options(count)})


REFUSED_ELEMENTS = [
    (actions(button(text=plain("x" * 76))), "must be less than 76 characters"),
    (actions(button(value="x" * 2001)), "must be less than 2001 characters"),
    (actions(button(url="x" * 3001)), "must be less than 3001 characters"),
    (actions(button(accessibility_label="x" * 76)), "must be less than 76 characters"),
    (actions(button(style="green")), "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"),
    (actions(button("x" * 256)), "must be less than 256 characters"),
    (actions(button(confirm=confirm(title="x" * 101))), "must be less than 101 characters"),
    (actions(button(confirm=confirm(text="x" * 301))), "must be less than 301 characters"),
    (actions(button(confirm=confirm(deny="x" * 31))), "must be less than 31 characters"),
    (actions(select(options=options(101))), "no more than 100 items allowed"),
    (actions(select(option_groups=[{"label": plain("g"), "options": options(1)}])), "exactly one of"),
    (actions(select(initial_option={"text": plain("z"), "value": "z"})), "one of the provided options"),
    (actions(select(options=[{"text": plain("x" * 76), "value": "a"}])), "must be less than 76 characters"),
    (actions(select(options=[{"text": plain("x"), "value": "a" * 151}])), "must be less than 151 characters"),
    (actions(select(options=[{**OPTION, "description": plain("x" * 76)}])), "must be less than 76 characters"),
    (actions(select(options=[{**OPTION, "url": "https://x"}])), "invalid additional property: url"),
    (actions(select(placeholder=plain("x" * 151))), "must be less than 151 characters"),
    (many_checkboxes(11), "no more than 10 items allowed"),
    (actions({"type": "overflow", "action_id": "o", "options": options(6)}), "no more than 5 items allowed"),
    (actions({"type": "plain_text_input", "action_id": "t"}), "unsupported type: plain_text_input"),
    (text_input(label=plain("x")) | {"label": plain("x" * 2001)}, "must be less than 2001 characters"),
    (text_input(max_length=3001), "must be less than 3001"),
    (text_input(max_length=0), "must be greater than 0"),
    (text_input(min_length=5, max_length=4), "min_length must be less than max_length"),
    (text_input(type="number_input", is_decimal_allowed=False), "unsupported type: number_input"),
    (text_input(type="email_text_input"), "unsupported type: email_text_input"),
]


@pytest.mark.parametrize(("block", "words"), REFUSED_ELEMENTS, ids=[str(n) for n in range(len(REFUSED_ELEMENTS))])
def test_an_element_that_slack_refuses_is_refused_in_its_words(block: str | dict[str, Any], words: str) -> None:
    said = [str(problem) for problem in message_problems([block])]
    assert any(words in text for text in said), said


GOOD_ELEMENTS = [
    actions(select(initial_option=options(1)[0])),
    actions({"type": "datetimepicker", "action_id": "d", "initial_date_time": 1_790_000_000}),
    text_input(max_length=3000, min_length=0, initial_value="x"),
]


@pytest.mark.parametrize("block", GOOD_ELEMENTS, ids=[str(n) for n in range(len(GOOD_ELEMENTS))])
def test_an_element_that_slack_takes_is_taken(block: dict[str, Any]) -> None:
    assert message_problems([block]) == []


def test_a_number_input_must_say_whether_decimals_are_allowed() -> None:
    block = {"type": "input", "label": plain("l"), "element": {"type": "number_input"}}
    assert any("is_decimal_allowed" in str(problem) for problem in view_problems(modal(block), "modal"))
    block["element"] = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1.5"}
    assert any("must be an integer" in str(problem) for problem in view_problems(modal(block), "modal"))
    block["element"] = {"type": "number_input", "is_decimal_allowed": True, "min_value": 1}
    assert any("must provide a string" in str(problem) for problem in view_problems(modal(block), "modal"))
