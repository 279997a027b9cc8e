"""The Home leaves nothing out without a word."""

from typing import Any

from bot.approvals.models import Status
from bot.care.notice import Crossing, Notice
from bot.care.open_notices import OpenNotices
from bot.features import OPERATIONS
from bot.features.home.language import language_block
from bot.features.home.views import build_home, cut, decidable_rows, more_asked
from bot.gateway.dollars import Dollars
from bot.operations import Change
from bot.slack.blocks import VIEW_BLOCKS_LIMIT, section
from tests.approvals.kit import row

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


def test_a_waiting_change_shows_what_is_and_what_would_be_and_until_when_it_waits() -> None:
    lines = (
        Change(field="remain_quota", label="Quota left", before="80k units", after="2.58M units"),
        Change(field="delta", label="Change", before=None, after="+2.5M"),
    )
    waiting = row(operation="key.quota", summary=lines, lapses_at=1_900_000_000.0)
    text = decidable_rows(waiting, OPERATIONS["key.quota"])[0]["text"]["text"]
    assert "Quota left: 80k units → *2.58M units* · Change: +2.5M" in text
    assert "· waits for *manager* until <!date^1900000000^" in text.splitlines()[0]


def test_a_key_for_which_more_was_asked_says_where_that_stands() -> None:
    waiting = row(operation="key.quota", key_id=7, lapses_at=1_900_000_000.0)
    told = more_asked(
        [waiting, row(operation="key.update", key_id=8), row(Status.DENIED, operation="key.quota", key_id=9)]
    )
    assert list(told) == [7]
    assert told[7].startswith("More was asked for: *#3* · waits for *manager* until <!date^1900000000^")
    rows = OpenNotices(
        notices=tuple(Notice(kind=kind, key_id=7, name="bot", expires=-1) for kind in (Crossing.DRY, Crossing.ENDED))
    ).rows(dollars=Dollars(), asked=told)
    assert [[block["type"] for block in one] for one in rows] == [["section"], ["section", "actions"]]
    assert "More was asked for" in rows[0][0]["text"]["text"]


def test_who_wants_no_messages_about_requests_is_told_what_still_comes() -> None:
    view = build_home(
        waiting=[], reviews=[], keys=[], requests=[], care=[], quiet=True, language=language_block(""), now=0.0
    )
    assert "messages about your own keys and requests still come" in str(view)
