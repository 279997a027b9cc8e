from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.models.blocks import InputBlock

from bot.slack import inputs as i
from bot.slack.blocks import option


@pytest.mark.parametrize(
    "element",
    [
        i.text_input(initial="ci", placeholder="a name", multiline=True, max_length=50, focus=True),
        i.select([option("7 days", "7d"), option("30 days", "30d")], initial="30d", placeholder="pick"),
        i.external_select(initial=option("a", "a"), placeholder="type"),
        i.external_multi_select(initial=[option("gpt", "gpt")], placeholder="type"),
        i.checkboxes([option("Unlimited", "on")], initial=["on"]),
        i.datetime_picker(initial=1_800_000_000.7),
    ],
)
def test_every_element_is_what_the_sdk_accepts(element: dict[str, Any]) -> None:
    block = i.input_block("name", "Name", element, hint="Shown to all", optional=True, dispatch=True)
    InputBlock(**{k: v for k, v in block.items() if k != "type"}).validate_json()


def test_an_unknown_initial_value_is_left_out() -> None:
    assert "initial_option" not in i.select([option("a", "a")], initial="zzz")
    assert "initial_options" not in i.checkboxes([option("a", "a")], initial=["b"])
    assert "initial_date_time" not in i.datetime_picker()


@pytest.mark.parametrize(
    "make",
    [
        lambda: i.select([]),
        lambda: i.select([option("a", str(n)) for n in range(101)]),
        lambda: i.checkboxes([option("a", str(n)) for n in range(11)]),
        lambda: i.text_input(max_length=9999),
        lambda: i.input_block("x" * 256, "Name", i.text_input()),
    ],
)
def test_what_slack_would_refuse_is_refused_here(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


STATE: dict[str, Any] = {
    "name": {"value": {"type": "plain_text_input", "value": "ci"}},
    "untouched": {"value": {"type": "plain_text_input", "value": None}},
    "expired_time": {"value": {"type": "static_select", "selected_option": {"value": "30d"}}},
    "unlimited_quota": {"value": {"type": "checkboxes", "selected_options": [{"value": "on"}, {"value": 3}]}},
    "expired_time_at": {"value": {"type": "datetimepicker", "selected_date_time": 1_800_000_000}},
    "broken": ["not", "a", "mapping"],
}


@pytest.mark.parametrize(
    ("block_id", "text"), [("name", "ci"), ("untouched", ""), ("expired_time", "30d"), ("missing", ""), ("broken", "")]
)
def test_a_field_is_read_or_empty(block_id: str, text: str) -> None:
    assert i.typed(STATE, block_id) == text


def test_boxes_and_times_are_read() -> None:
    assert i.ticked(STATE, "unlimited_quota") == ("on",)
    assert i.ticked(STATE, "name") == ()
    assert i.picked_time(STATE, "expired_time_at") == 1_800_000_000
    assert i.picked_time(STATE, "name") is None


def test_names_become_one_line_of_an_option() -> None:
    assert i.clipped("a\n b", 75) == "a b"
    assert len(i.clipped("x" * 100, 75)) <= 75
