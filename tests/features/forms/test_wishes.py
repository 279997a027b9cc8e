"""What stands in a form by block id: put into every kind of field, read out of it, and left where it does not fit."""

from typing import Any

import pytest

from bot.features.forms import fields as form
from bot.features.forms.fields import Prefill
from bot.features.forms.key_form import filled_in
from bot.features.forms.wishes import as_state, expiry_fields, prefilled, typed_fields
from bot.operations import Expiry
from bot.slack.inputs import input_block, person_select, text_input

NOW = 1_790_000_000.0
FIELDS: dict[str, Any] = {
    "name": "search",
    "remain_quota": "$5",
    "unlimited_quota": ("on",),
    "expired_time": "custom",
    "expired_time_at": 1_800_000_000,
    "model_limits": ("gpt-4o", "claude-sonnet-4"),
    "allow_ips": "10.0.0.1\n10.0.0.2",
    "group": "vip",
    "cross_group_retry": ("on",),
    "reason": "why",
    "owner": "U0BEN",
}


def view() -> dict[str, Any]:
    prefill = Prefill(name="old", quota="1", models=("old",), group="old", reason="old")
    blocks = [
        form.name_block(prefill),
        *form.quota_blocks(prefill, 500_000),
        *form.expiry_blocks(prefill, "custom"),
        form.models_block(prefill),
        form.ips_block(prefill),
        *form.group_blocks(prefill),
        form.reason_block(prefill),
        input_block("owner", "Owner", person_select()),
        {"type": "divider"},
    ]
    return {"blocks": blocks}


def test_every_kind_of_field_is_filled_and_read_again() -> None:
    state = filled_in(prefilled(view(), FIELDS))
    assert state["owner"]["value"] == {"selected_user": "U0BEN"}
    assert typed_fields(state) == {name: value for name, value in FIELDS.items() if name != "owner"}


@pytest.mark.parametrize(
    ("fields", "block_id", "left"),
    [
        ({"name": ""}, "name", {}),
        ({"allow_ips": ("10.0.0.1", "::1")}, "allow_ips", {"value": "10.0.0.1\n::1"}),
        ({"unlimited_quota": False}, "unlimited_quota", {}),
        ({"unlimited_quota": True}, "unlimited_quota", "on"),
        ({"model_limits": ()}, "model_limits", {}),
        ({"model_limits": ("x" * 151, "")}, "model_limits", {}),
        ({"group": ""}, "group", "old"),
        ({"expired_time": "soon"}, "expired_time", "30d"),
        ({"owner": ""}, "owner", {}),
        ({"nothing": "x"}, "name", {"value": "old"}),
    ],
)
def test_what_is_empty_clears_and_what_is_not_offered_changes_nothing(
    fields: dict[str, Any], block_id: str, left: Any
) -> None:
    found = filled_in(prefilled(view(), fields))[block_id]["value"]
    if isinstance(left, str):
        chosen = found.get("selected_option") or found["selected_options"][0]
        assert chosen["value"] == left
    else:
        assert found == left


def test_a_text_is_cut_to_its_field() -> None:
    block = input_block("short", "Short", text_input(max_length=3))
    assert filled_in(prefilled({"blocks": [block]}, {"short": "abcdef"}))["short"]["value"] == {"value": "abc"}


@pytest.mark.parametrize(
    ("expiry", "fields"),
    [
        (Expiry(), {"expired_time": "never"}),
        (Expiry(seconds=7 * 86_400), {"expired_time": "7d"}),
        (Expiry(seconds=86_400), {"expired_time": "custom", "expired_time_at": int(NOW) + 86_400}),
        (Expiry(at=1_800_000_000), {"expired_time": "custom", "expired_time_at": 1_800_000_000}),
        (Expiry(at=1_700_000_000), {}),
        (Expiry(at=10**12), {}),
    ],
)
def test_an_expiry_as_the_form_has_it(expiry: Expiry, fields: dict[str, Any]) -> None:
    assert expiry_fields(expiry, now=NOW) == fields


def test_as_slack_would_send_it() -> None:
    state = as_state({"expired_time": "custom", "expired_time_at": 5, "unlimited_quota": True, "models": ("a", "b")})
    assert typed_fields(state) == {
        "expired_time": "custom",
        "expired_time_at": 5,
        "unlimited_quota": ("on",),
        "models": ("a", "b"),
    }
    assert typed_fields({"empty": {}, "untouched": {"value": {"value": None}}}) == {}
