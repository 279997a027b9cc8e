"""What holds for all blocks of a message, a modal or a Home together, and which block is for which of them."""

from typing import Any

import pytest

from keydesk_sandbox.fake_slack.blocks import message_problems, view_problems
from tests.keydesk_sandbox.fake_slack.kit import actions, button, modal, plain, section, text_input


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([section()] * 51, "no more than 50 items allowed"),
        ([section(block_id="a"), section(block_id="a")], "block_id must be unique"),
        ([actions(button("a"), button("a"))], "action_id must be unique"),
        ([{"type": "markdown", "text": "x" * 7000}] * 2, "in all markdown blocks"),
        ([{"type": "table", "rows": [[{"type": "raw_text"}]]}] * 2, "no more than 1 items allowed of type: table"),
        ([text_input("a", focus_on_load=True), text_input("b", focus_on_load=True)], "focus_on_load"),
    ],
)
def test_rules_over_all_blocks(blocks: list[dict[str, Any]], words: str) -> None:
    assert any(words in str(problem) for problem in message_problems(blocks))


def test_the_same_action_id_may_stand_in_two_blocks() -> None:
    assert message_problems([actions(button("a"), block_id="1"), actions(button("a"), block_id="2")]) == []


@pytest.mark.parametrize("kind", ["markdown", "table", "card", "container", "data_visualization"])
def test_message_blocks_are_not_for_modals(kind: str) -> None:
    said = [str(problem) for problem in view_problems(modal({"type": kind}), "modal")]
    assert any(f"unsupported type: {kind}" in text for text in said)


@pytest.mark.parametrize("kind", ["number_input", "email_text_input", "url_text_input", "file_input"])
def test_some_inputs_are_for_modals_only(kind: str) -> None:
    element = {"type": kind, "action_id": "x"} | ({"is_decimal_allowed": True} if kind == "number_input" else {})
    block = {"type": "input", "block_id": "b", "label": plain("l"), "element": element}
    assert view_problems(modal(block), "modal") == []
    assert view_problems({"type": "home", "blocks": [block]}, "home")
    assert message_problems([block])
