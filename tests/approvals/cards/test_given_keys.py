"""Whoever gets a key hears that others may know its value, with the button for a new one."""

from bot.approvals.cards.given_keys import given_blocks
from tests.approvals.kit import row


def test_the_button_is_about_the_key() -> None:
    text, buttons = given_blocks(row(key_id=7))
    assert "may know its value" in text["text"]["text"]
    assert [(one["action_id"], one["value"]) for one in buttons["elements"]] == [("key.rotate", "7")]
