"""G4-G6: Block Kit limits, wording and surfaces, for messages; every limit of slack.md A5 has a case."""

import pytest

from keydesk_sandbox.fake_slack.blocks import message_problems, view_problems
from tests.keydesk_sandbox.fake_slack.kit import actions, button, modal, plain, section, text_input

OPTION = {"text": plain("a"), "value": "a"}


def options(count):
    return [{"text": plain(str(n)), "value": str(n)} for n in range(count)]


def select(**more):
    return {"type": "static_select", "action_id": "s", "options": options(2), **more}


def confirm(**more):
    texts = {name: plain(name) for name in ("title", "text", "confirm", "deny")}
    return texts | {name: plain(text) for name, text in more.items()}


def many_checkboxes(count):
    return actions({"type": "checkboxes", "action_id": "c", "options": options(count)})


REFUSED = [
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (section(5), "must provide a string [json-pointer:/blocks/0/text/text]"),
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
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
    ({"type": "image", "alt_text": "x" * 2001, "image_url": "u"}, "must be less than 2001 characters"),
    ({"type": "image", "alt_text": "x"}, "exactly one of: image_url, slack_file"),
    ({"type": "table", "rows": [[{"type": "raw_text"}] * 21]}, "no more than 20 items allowed"),
    ({"type": "card", "subtitle": plain("x")}, "at least one of"),
    ({"type": "container", "child_blocks": []}, "must provide at least 1 items"),
]


@pytest.mark.parametrize(("block", "words"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_a_block_that_slack_refuses_is_refused_in_its_words(block, words):
    said = [str(problem) for problem in message_problems([block])]
    assert any(words in text for text in said), said


GOOD = [
    section("x" * 3000, accessory=button()),
    section(fields=[plain("x")], accessory={"type": "image", "image_url": "u", "alt_text": ""}),
    actions(*[button(f"b{n}") for n in range(25)]),
    actions(select(initial_option=options(1)[0])),
    actions({"type": "datetimepicker", "action_id": "d", "initial_date_time": 1_790_000_000}),
    text_input(max_length=3000, min_length=0, initial_value="x"),
    {"type": "divider"},
    {"type": "context", "elements": [plain("x"), {"type": "image", "image_url": "u", "alt_text": "a"}]},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    {"type": "container", "title": plain("t"), "child_blocks": [section(), actions(button())]},
    {"type": "card", "title": plain("t"), "actions": [button()]},
]


@pytest.mark.parametrize("block", GOOD, ids=[str(n) for n in range(len(GOOD))])
def test_a_block_that_slack_takes_is_taken(block):
    assert message_problems([block]) == []


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
def test_rules_over_all_blocks(blocks, words):
    assert any(words in str(problem) for problem in message_problems(blocks))


def test_the_same_action_id_may_stand_in_two_blocks():
    assert message_problems([actions(button("a"), block_id="1"), actions(button("a"), block_id="2")]) == []


@pytest.mark.parametrize("kind", ["markdown", "table", "card", "container", "data_visualization"])
def test_message_blocks_are_not_for_modals(kind):
    said = [str(problem) for problem in view_problems(modal({"type": kind}), "modal")]
    assert any(f"unsupported type: {kind}" in text for text in said)


@pytest.mark.parametrize("kind", ["number_input", "email_text_input", "url_text_input", "file_input"])
def test_some_inputs_are_for_modals_only(kind):
    element = {"type": kind, "action_id": "x"} | ({"is_decimal_allowed": True} if kind == "number_input" else {})
    block = {"type": "input", "block_id": "b", "label": plain("l"), "element": element}
    assert view_problems(modal(block), "modal") == []
    assert view_problems({"type": "home", "blocks": [block]}, "home")
    assert message_problems([block])


def test_a_number_input_must_say_whether_decimals_are_allowed():
    block = {"type": "input", "label": plain("l"), "element": {"type": "number_input"}}
    assert any("is_decimal_allowed" in str(problem) for problem in view_problems(modal(block), "modal"))
    block["element"] = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1.5"}
    assert any("must be an integer" in str(problem) for problem in view_problems(modal(block), "modal"))
    block["element"] = {"type": "number_input", "is_decimal_allowed": True, "min_value": 1}
    assert any("must provide a string" in str(problem) for problem in view_problems(modal(block), "modal"))
