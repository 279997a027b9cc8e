"""Limits of the blocks themselves, in the words of Slack: every limit of slack.md A5 has a case."""

from typing import Any

import pytest

from keydesk_sandbox.fake_slack.blocks import message_problems
from tests.keydesk_sandbox.fake_slack.kit import actions, button, plain, section

REFUSED = [
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (
        {**section(""), "text": {"type": "mrkdwn", "text": 5}},
        "must provide a string [json-pointer:/blocks/0/text/text]",
    ),
    ({"type": "section", "text": "x"}, "must provide an object [json-pointer:/blocks/0/text]"),
    ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
    ({"type": "section", "fields": [plain("x")] * 11}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    ({"type": "section", "fields": []}, "must provide at least 1 items [json-pointer:/blocks/0/fields]"),
    ({"type": "section", "fields": [plain("x" * 2001)]}, "must be less than 2001 characters"),
    (section(colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    (section(block_id="x" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    ({"type": "nonsense"}, "unsupported type: nonsense [json-pointer:/blocks/0/type]"),
    ({"type": "alert", "text": plain("x")}, "unsupported type: alert"),
    ({}, "missing required field: type [json-pointer:/blocks/0]"),
    ("text", "must provide an object [json-pointer:/blocks/0]"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "must be a valid enum value"),
    ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10 items allowed"),
    (actions(*[button(f"b{n}") for n in range(26)]), "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
    (actions(), "must provide at least 1 items"),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
    ({"type": "image", "alt_text": "x" * 2001, "image_url": "u"}, "must be less than 2001 characters"),
    ({"type": "image", "alt_text": "x"}, "exactly one of: image_url, slack_file"),
    ({"type": "table", "rows": [[{"type": "raw_text"}] * 21]}, "no more than 20 items allowed"),
    ({"type": "card", "subtitle": plain("x")}, "at least one of"),
    ({"type": "container", "child_blocks": []}, "must provide at least 1 items"),
]


@pytest.mark.parametrize(("block", "words"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_a_block_that_slack_refuses_is_refused_in_its_words(block: str | dict[str, Any], words: str) -> None:
    said = [str(problem) for problem in message_problems([block])]
    assert any(words in text for text in said), said


GOOD = [
    section("x" * 3000, accessory=button()),
    section(fields=[plain("x")], accessory={"type": "image", "image_url": "u", "alt_text": ""}),
    actions(*[button(f"b{n}") for n in range(25)]),
    {"type": "divider"},
    {"type": "context", "elements": [plain("x"), {"type": "image", "image_url": "u", "alt_text": "a"}]},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    {"type": "container", "title": plain("t"), "child_blocks": [section(), actions(button())]},
    {"type": "card", "title": plain("t"), "actions": [button()]},
]


@pytest.mark.parametrize("block", GOOD, ids=[str(n) for n in range(len(GOOD))])
def test_a_block_that_slack_takes_is_taken(block: dict[str, Any]) -> None:
    assert message_problems([block]) == []
