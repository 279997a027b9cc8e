"""What destroys is red or plain, in every sample that this version draws, and its confirmation is red."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.cli.check.samples import samples
from bot.slack.blocks import button, confirm
from bot.slack.button_styles import DESTRUCTIVE

# How a button begins that destroys, whatever its action id is.
WORDS = ("Delete", "Deny", "Disable", "End ", "Stop", "They have left")


def buttons(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if part.get("type") == "button":
            yield part
        part = list(part.values())
    for one in part if isinstance(part, list) else ():
        yield from buttons(one)


def test_no_sample_has_a_green_button_that_destroys() -> None:
    drawn = [one for sample in samples() for one in buttons(sample.arguments())]
    destroying = [one for one in drawn if one["text"]["text"].startswith(WORDS)]
    assert {one["action_id"] for one in destroying} <= DESTRUCTIVE
    assert len(destroying) > 5
    for one in drawn:
        if one["action_id"] in DESTRUCTIVE:
            assert one.get("style") != "primary"
            assert one.get("confirm", {}).get("style", "danger") == "danger"


@pytest.mark.parametrize("action_id", sorted(DESTRUCTIVE))
def test_a_green_one_cannot_be_made(action_id: str) -> None:
    with pytest.raises(ValueError, match="destroys"):
        button("Do it", action_id, style="primary")


def test_the_confirmation_of_what_destroys_is_red_and_others_are_slacks_own() -> None:
    sure = confirm("Sure?", "It ends.", yes="End it")
    assert button("Stop", "stop_batch", confirm=sure)["confirm"]["style"] == "danger"
    assert "style" not in button("Agree", "agree_batch", confirm=sure)["confirm"]
