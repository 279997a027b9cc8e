"""The form for an allowance: what it asks for, how it is filled in and read, and every bad input."""

import pytest

from bot.errors import InputError
from bot.features.key_allowance.operation import ChangeAllowance
from bot.features.key_allowance.views import build_modal, parse_submission
from bot.operations import AllowanceTerms
from bot.periods import Period
from tests.features.kit import UNITS, block_ids, reader, seen


def test_it_asks_how_often_how_much_and_what_is_unspent() -> None:
    view = build_modal(seen(rest="$5 per week rollover for tests"), state={}, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["refill", "allowance", "rollover", "reason"]
    elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert elements["refill"]["initial_option"]["value"] == "week"
    assert [option["value"] for option in elements["refill"]["options"]] == ["never", "day", "week", "month"]
    assert elements["allowance"]["initial_value"] == "$5"
    assert elements["rollover"]["initial_options"][0]["value"] == "on"
    assert elements["reason"]["initial_value"] == "for tests"


def test_what_is_chosen_is_read() -> None:
    wish, reason = parse_submission(reader(refill="month", allowance="$20", rollover=["on"], reason=" x "), seen())
    assert wish == ChangeAllowance(
        key_id=7, terms=AllowanceTerms(amount=20 * UNITS, period=Period.MONTH, rollover=True)
    )
    assert reason == "x"
    wish, _ = parse_submission(reader(refill="never", allowance="whatever"), seen())
    assert wish == ChangeAllowance(key_id=7, terms=None)


@pytest.mark.parametrize(
    ("fields", "place", "sentence"),
    [
        ({"refill": "month", "allowance": "0"}, "allowance", "A refill of 0 adds nothing"),
        ({"refill": "month", "allowance": ""}, "allowance", "No amount is given"),
        ({"refill": "month", "allowance": "-5"}, "allowance", "has a sign"),
        ({"refill": "year", "allowance": "5"}, "refill", "Choose how often"),
        ({"allowance": "5"}, "refill", "Choose how often"),
    ],
)
def test_bad_input_is_told_under_its_field(fields: dict[str, str], place: str, sentence: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse_submission(reader(**fields), seen())
    assert sentence in wrong.value.fields[place]
