"""How the weekly card is said."""

from typing import Any

from bot.care.weekly.messages import CARD, drawers
from bot.gateway.dollars import Dollars
from tests.care.kit import NOON
from tests.slack.outboxes import post_row

EMPTY: dict[str, Any] = {
    "spent": 0,
    "before": 0,
    "unused": 0,
    "unused_keys": 0,
    "ending_keys": 0,
    "most_spent": [],
    "most_unused": [],
    "next_ends": [],
}


def drawn(**body: Any) -> Any:
    row = post_row(CARD, "7", body=EMPTY | body)
    return drawers(dollars=Dollars())[CARD](None, row)  # type: ignore[arg-type]  # it reads no table


def test_a_full_card_names_keys_with_what_mends_them() -> None:
    message = drawn(
        spent=1_000_000,
        before=500_000,
        unused=5_000_000,
        unused_keys=9,
        ending_keys=1,
        most_spent=[[1_000_000, 1, "<bot>", "U0ADA"]],
        most_unused=[[5_000_000, 2, "old", "U0BEN"]],
        next_ends=[[int(NOON), 3, "demo", "U0ADA"]],
    )
    text = str(message.blocks)
    assert "$2.00 in seven days" in message.text
    assert "$1.00 (+100 %)" in text
    assert "8 more" in text
    assert "<bot>" not in text
    ids = [block["accessory"]["action_id"] for block in message.blocks if "accessory" in block]
    assert ids == ["key.disable", "key.extend"]


def test_a_short_card_is_short() -> None:
    message = drawn(spent=500_000)
    assert "the seven days before: nothing" in str(message.blocks)
    assert "You need not do anything. This message comes once a week, on Monday morning." in str(message.blocks)
    assert len(message.blocks) == 3
