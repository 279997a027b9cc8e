"""The Home leaves nothing out without a word."""

from typing import Any

from bot.features.home.language import language_block
from bot.features.home.views import build_home, cut
from bot.slack.blocks import VIEW_BLOCKS_LIMIT, section

ROWS = [section(f"row {number}") for number in range(30)]


def test_what_is_left_out_is_counted_and_has_its_place() -> None:
    assert cut(ROWS[:10], 10, "`/apikey list`") == ROWS[:10]
    *kept, said = cut(ROWS, 10, "`/apikey list`")
    assert kept == ROWS[:10]
    assert said["elements"][0]["text"] == "… and 20 more: `/apikey list`"


def test_a_full_home_is_within_slacks_limits() -> None:
    full = cut(ROWS, 10, "/apikey requests")
    parts: dict[str, Any] = {"waiting": full, "reviews": full, "keys": full, "requests": full}
    view = build_home(**parts, care=["a" * 400] * 25, quiet=True, language=language_block(""), now=0.0)
    assert len(view["blocks"]) <= VIEW_BLOCKS_LIMIT
    assert "do not fit" not in str(view)
    assert "… and 15 more: `/apikey list`" in str(view)
