"""The window of an alert: who may see what, and which keys are meant."""

from typing import Any

import pytest

from bot.alerts.cards.modal import KEYS, alert_window, chosen, said
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import KeySnapshot
from bot.gateway.dollars import Dollars
from tests.alerts.rows import NOW, alert_of, finding

SEEN = {
    number: KeySnapshot(key_id=number, name=f"key-{number}", state="active", owner="U0ADA", looked_at=NOW)
    for number in (7, 8)
}


def window(*findings: Any, visible: tuple[int, ...] = (7, 8)) -> str:
    return str(
        alert_window(
            alert_of(*findings, keys=SEEN), {}, visible=visible, channel="C0SEC", dollars=Dollars(usual=1), now=NOW
        )
    )


def test_a_key_that_somebody_may_not_see_is_only_said_to_be_there() -> None:
    assert "key-7" in window(finding(7))
    hidden = window(finding(7), visible=())
    assert "key-7" not in hidden
    assert "It belongs to <@U0ADA>" in hidden
    assert "Disable now" not in hidden


def test_boxes_are_there_when_several_keys_may_be_meant() -> None:
    assert "checkboxes" not in window(finding(7))
    assert "checkboxes" in window(finding(7), finding(8))
    assert "Look before you act" in window(finding(7, 8, how=MatchKind.AMBIGUOUS))


def test_several_keys_are_counted() -> None:
    assert "It holds a key of this account." in window(finding(7))
    assert "It holds 2 keys of this account, and 2 of them still work." in window(finding(7), finding(8))


def test_more_than_ten_keys_have_boxes_in_several_groups() -> None:
    shown = window(*(finding(number) for number in range(1, 14)), visible=tuple(range(1, 14)))
    assert [f"'block_id': '{name}'" in shown for name in (KEYS, f"{KEYS}.10", f"{KEYS}.20")] == [True, True, False]
    assert shown.count("'value': '13'") == 2  # the box, and that it is ticked


@pytest.mark.parametrize(
    ("state", "keys"),
    [
        ({}, []),
        ({KEYS: {"value": {"selected_options": [{"value": "8"}]}}}, [8]),
        ({KEYS: {"value": {"selected_options": [{"value": "9"}, {"value": "x"}]}}}, []),
        ({KEYS: {"value": {"selected_options": []}}}, []),
        ({KEYS: {}, f"{KEYS}.10": {"value": {"selected_options": [{"value": "7"}]}}, "keysake": {}}, [7]),
    ],
)
def test_only_ticked_keys_of_the_alert_are_meant(state: dict[str, Any], keys: list[int]) -> None:
    assert chosen(alert_of(finding(7), finding(8), keys=SEEN), state) == keys


def test_the_one_key_needs_no_box() -> None:
    assert chosen(alert_of(finding(7), keys=SEEN), {}) == [7]
    assert said("Done.")["blocks"][0]["text"]["text"] == "Done."


def test_a_key_that_is_out_of_use_is_called_so() -> None:
    dead = KeySnapshot(key_id=7, name="search", state="disabled", looked_at=NOW)
    view = alert_window(
        alert_of(finding(7), keys={7: dead}), {}, visible={7}, channel="C0SEC", dollars=Dollars(), now=NOW
    )
    assert "out of use: disabled or deleted" in str(view)
    assert "can use it" not in str(view)
