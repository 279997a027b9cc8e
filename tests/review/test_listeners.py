"""Buttons of a review with values and windows that we never made."""

from typing import Any

import pytest

from bot.review.cards import WINDOW
from bot.review.listeners import _remembered, _row
from keydesk_sandbox import seed
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk, view_text
from tests.scenarios.forging import last, send_as
from tests.scenarios.reviewing import MIRA, add, begin, card, quiet_keys

__all__ = ["http_desk"]


@pytest.mark.parametrize("text", ["", "0", "x", "-1", "1.5", "9" * 10, "１", "1:2"])
def test_what_is_no_id_is_no_row(text: str) -> None:
    assert _row(text) == 0


class Unproven:
    private_metadata = "5:3"
    written_at: float | None = None


def test_a_window_counts_only_when_we_wrote_it() -> None:
    delivery: Any = Unproven()
    assert _remembered(delivery) == (0, 0)
    delivery.written_at = 1.0
    assert _remembered(delivery) == (5, 3)


async def test_a_window_shows_no_other_list_than_it_was_opened_for(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    for number in range(12):
        await desk.own(seed.ENGINEER, add(desk, f"worker {number:02}"))
    add(desk, "orphan")
    await begin(desk)
    message = await card(desk)
    await desk.slack.click(MIRA, message, "review.open")
    view = await desk.eventually(lambda: desk.slack.top_view(MIRA))
    assert view.body["callback_id"] == WINDOW
    await desk.slack.click(MIRA, view, "review.page.next")
    await desk.eventually(lambda: "Page 2 of 2" in view_text(desk.slack.top_view(MIRA)))
    payload = last(desk, "block_actions")
    payload["view"]["private_metadata"] = "2:0"
    await send_as(desk, payload, MIRA)
    await send_as(desk, payload | {"user": {}}, seed.SECOND_ENGINEER)
    assert "orphan" not in view_text(desk.slack.top_view(MIRA))


async def test_who_decides_no_more_turns_no_page(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    for number in range(12):
        await desk.own(seed.ENGINEER, add(desk, f"worker {number:02}"))
    await begin(desk)
    message = await card(desk)
    await desk.slack.click(MIRA, message, "review.open")
    view = await desk.eventually(lambda: desk.slack.top_view(MIRA))
    desk.slack.workspace.groups["S0MANAGERS"].users.remove(MIRA)
    await desk.pass_time(70)
    await desk.slack.click(MIRA, view, "review.page.next")
    await desk.until(lambda: desk.audit("refused"), otherwise="nobody was refused")
    assert "Page 1 of 2" in view_text(view)
