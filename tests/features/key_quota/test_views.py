"""The form for a change of quota: which number it asks for, how amounts are read, and every bad input."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_quota.operation import ChangeQuota
from bot.features.key_quota.views import build_modal, parse_submission
from tests.features.kit import UNITS, block_ids, reader, seen


def test_a_limited_key_asks_for_a_delta_until_the_box_is_ticked() -> None:
    view = build_modal(seen(rest="+100k"), state={}, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["delta", "unlimited_quota", "reason"]
    assert view["blocks"][1]["element"]["initial_value"] == "+100k"
    view = build_modal(seen(), state=reader(unlimited_quota=["on"]).state, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["unlimited_quota", "reason"]


def test_it_says_when_the_number_may_be_left_out() -> None:
    block = build_modal(seen(), state={}, live="", units_per_usd=UNITS)["blocks"][1]
    assert (block["block_id"], block["optional"]) == ("delta", True)
    assert block["hint"]["text"].startswith("Leave empty only if you take the limit away below. ")


def test_an_unlimited_key_asks_for_what_is_left_once_the_box_is_unticked() -> None:
    unlimited = seen(unlimited_quota=True)
    assert block_ids(build_modal(unlimited, state={}, live="", units_per_usd=UNITS)) == ["unlimited_quota", "reason"]
    view = build_modal(unlimited, state=reader(unlimited_quota=[]).state, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["remain_quota", "unlimited_quota", "reason"]


@pytest.mark.parametrize(
    ("text", "units"),
    [("+100k", 100_000), ("100k", 100_000), ("-1,000", -1_000), ("−5", -5), ("+$2", 1_000_000), ("-0.5 USD", -250_000)],
)
def test_a_delta_takes_a_sign(text: str, units: int) -> None:
    wish, reason = parse_submission(reader(delta=text, unlimited_quota=[], reason=" more "), seen())
    assert wish == ChangeQuota(key_id=7, delta=units)
    assert reason == "more"


def test_the_box_decides_what_is_wished() -> None:
    wish, _ = parse_submission(reader(delta="5", unlimited_quota=["on"]), seen())
    assert wish == ChangeQuota(key_id=7, unlimited_quota=True)
    wish, _ = parse_submission(reader(remain_quota="$1", unlimited_quota=[]), seen(unlimited_quota=True))
    assert wish == ChangeQuota(key_id=7, unlimited_quota=False, remain_quota=500_000)


@pytest.mark.parametrize(
    ("unlimited", "fields", "place", "sentence"),
    [
        (False, {"delta": ""}, "delta", "Nothing is changed yet"),
        (False, {"delta": " ", "unlimited_quota": [], "reason": "more"}, "delta", "or tick the box for no limit"),
        (False, {"delta": "0"}, "delta", "changes nothing"),
        (False, {"delta": "+-5"}, "delta", "has a sign"),
        (False, {"delta": "1e5"}, "delta", "is not an amount"),
        (False, {"delta": "1.5"}, "delta", "only whole units"),
        (False, {"delta": "1.000"}, "delta", "can be read in two ways"),
        (True, {"unlimited_quota": []}, "unlimited_quota", "how much is to be left"),
        (True, {"unlimited_quota": [], "remain_quota": ""}, "remain_quota", "No amount is given"),
        (True, {"unlimited_quota": ["on"]}, "unlimited_quota", "Untick the box"),
    ],
)
def test_bad_input_is_said_under_its_field(unlimited: bool, fields: dict[str, Any], place: str, sentence: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse_submission(reader(**fields), seen(unlimited_quota=unlimited))
    assert sentence in wrong.value.fields[place]


@pytest.mark.parametrize(("delta", "left"), [("+100k", 100_900), ("-900", 0)])
def test_a_delta_sent_with_the_limit_given_back_counts_from_what_is_stored(delta: str, left: int) -> None:
    key = seen(unlimited_quota=True, remain_quota=900)
    wish, _ = parse_submission(reader(unlimited_quota=[], delta=delta), key)
    assert (wish.unlimited_quota, wish.remain_quota) == (False, left)
    with pytest.raises(InputError) as wrong:
        parse_submission(reader(unlimited_quota=[], delta="-901"), key)
    assert "Less than nothing" in wrong.value.fields["delta"]


@pytest.mark.parametrize(
    "wish",
    [{}, {"delta": 1, "unlimited_quota": True}, {"unlimited_quota": False}, {"delta": 1, "remain_quota": 1}],
)
def test_a_wish_is_one_thing(wish: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="limit"):
        ChangeQuota.model_validate({"key_id": 1, **wish})


@pytest.mark.parametrize(("text", "delta"), [("=400k", 100_000), ("= $0.20", -200_000), ("＝1", -299_999)])
def test_what_is_to_be_left_can_be_written(text: str, delta: int) -> None:
    wanted, _ = parse_submission(reader(delta=text), seen(remain_quota=300_000))
    assert wanted.delta == delta


def test_what_is_left_already_changes_nothing() -> None:
    with pytest.raises(InputError, match="left already"):
        parse_submission(reader(delta="=300k"), seen(remain_quota=300_000))
