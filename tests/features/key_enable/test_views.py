"""The form to enable a key asks only for what the key lacks."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_enable.operation import EnableKey
from bot.features.key_enable.views import build_modal, parse_submission
from bot.gateway.models import EffectiveState
from bot.operations import Expiry
from tests.features.kit import UNITS, block_ids, reader, seen

DISABLED = {"state": EffectiveState.DISABLED}
EMPTY = {"state": EffectiveState.EXHAUSTED, "remain_quota": 0}
EXPIRED = {"state": EffectiveState.EXPIRED, "expired": True}


@pytest.mark.parametrize(
    ("known", "blocks"),
    [
        (DISABLED, ["reason"]),
        (EMPTY, ["delta", "reason"]),
        (EXPIRED, ["expired_time", "reason"]),
        (EMPTY | EXPIRED, ["expired_time", "delta", "reason"]),
    ],
)
def test_it_asks_for_what_is_lacking(known: dict[str, Any], blocks: list[str]) -> None:
    assert block_ids(build_modal(seen(**known), state={}, live="", units_per_usd=UNITS)) == blocks


def test_an_alert_that_names_the_key_is_on_top() -> None:
    view = build_modal(seen(**DISABLED, alert=3), state={}, live="", units_per_usd=UNITS)
    assert "Alert 3 names this key" in view["blocks"][0]["text"]["text"]
    assert "names this key" not in str(build_modal(seen(**DISABLED), state={}, live="", units_per_usd=UNITS))


def test_the_quota_that_is_lacking_must_be_said() -> None:
    block = build_modal(seen(**EMPTY), state={}, live="", units_per_usd=UNITS)["blocks"][1]
    assert (block["block_id"], block["optional"]) == ("delta", False)


def test_a_chosen_moment_gets_its_picker() -> None:
    state = reader(expired_time="custom").state
    view = build_modal(seen(**EXPIRED), state=state, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["expired_time", "expired_time_at", "reason"]


def test_answers_are_read() -> None:
    wish, reason = parse_submission(reader(expired_time="7d", delta="$1", reason="back"), seen(**EMPTY | EXPIRED))
    assert wish == EnableKey(key_id=7, expiry=Expiry(seconds=7 * 86_400), delta=500_000)
    assert reason == "back"
    wish, _ = parse_submission(reader(delta="5"), seen(**DISABLED))
    assert wish == EnableKey(key_id=7)


@pytest.mark.parametrize(
    ("known", "fields", "place"),
    [
        (EMPTY, {"delta": ""}, "delta"),
        (EMPTY, {"delta": "-5"}, "delta"),
        (EXPIRED, {}, "expired_time"),
        (EXPIRED, {"expired_time": "custom", "expired_time_at": 5}, "expired_time_at"),
        ({}, {}, "reason"),
    ],
)
def test_bad_input_is_said_under_its_field(known: dict[str, Any], fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse_submission(reader(**fields), seen(**known))
    assert place in wrong.value.fields
