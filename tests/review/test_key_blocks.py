"""One key as people see it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.approvals.models import ApprovalRequest, Outcome, Status
from bot.review.key_blocks import key_blocks, standing_text
from bot.review.models import DAY, Reason, ReviewedKey, Verdict, WhyLeft
from tests.approvals.kit import new_request
from tests.review.test_models import NOON, ROW

DOLLAR = 500_000
SNAPSHOT = {"remain_quota": 100 * DOLLAR, "last_billed": NOON - 91 * DAY}
OPEN = replace(ROW, reasons=(Reason.IDLE, Reason.OVER_GRANTED), snapshot=SNAPSHOT, spent=DOLLAR, target=2 * DOLLAR)


def shown(row: ReviewedKey, **more: Any) -> tuple[str, list[str]]:
    section, *buttons = key_blocks(row, {}, now=NOON, units_per_usd=DOLLAR, **more)
    return section["text"]["text"], [one["text"]["text"] for block in buttons for one in block["elements"]]


def test_an_open_key_says_why_it_is_there_and_has_its_buttons() -> None:
    text, buttons = shown(OPEN)
    assert "night job" in text
    assert "<@U0ADA>" in text
    assert "last billed" in text
    assert "$100 left, $1 spent in 90 days" in text
    assert buttons == ["Keep", "Shrink to $2", "Disable"]


def test_each_reason_has_its_words_but_what_is_left_speaks_for_itself() -> None:
    reasons = (Reason.WITHOUT_OWNER, Reason.NEVER_BILLED, Reason.UNLIMITED, Reason.OVER_GRANTED, Reason.NEVER_EXPIRES)
    text, _ = shown(replace(OPEN, owner_id=None, reasons=reasons))
    last = text.splitlines()[-1]
    assert last == "nobody owns it · never billed · no quota limit · never expires · $1 spent in 90 days"


def test_where_nothing_can_be_shrunk_there_is_no_button_for_it() -> None:
    assert shown(replace(OPEN, target=None))[1] == ["Keep", "Disable"]


def test_nobody_gets_buttons_for_their_own_key() -> None:
    text, buttons = shown(OPEN, viewer="U0ADA")
    assert "your own key" in text
    assert buttons == []
    assert shown(OPEN, viewer="U0MIRA")[1] != []
    assert shown(replace(OPEN, owner_id=None), viewer="U0MIRA")[1] != []


BY: dict[str, Any] = {"decided_by": "U0MIRA", "decided_at": NOON}


@pytest.mark.parametrize(
    ("changes", "told", "buttons"),
    [
        ({"verdict": Verdict.KEEP, "settled_at": NOON, **BY}, "Kept by <@U0MIRA>.", []),
        ({"verdict": Verdict.SHRINK, **BY}, "<@U0MIRA> shrinks it to $2; not done yet.", []),
        ({"verdict": Verdict.SHRINK, "settled_at": NOON, **BY}, "Shrunk to $2 by <@U0MIRA>.", []),
        ({"verdict": Verdict.DISABLE, **BY}, "<@U0MIRA> disables it; not done yet.", []),
        ({"verdict": Verdict.DISABLE, "settled_at": NOON, **BY}, "Disabled by <@U0MIRA>.", ["Undo"]),
        ({"verdict": Verdict.SILENCE}, "it is being disabled", []),
        ({"verdict": Verdict.SILENCE, "settled_at": NOON}, "because nobody decided", ["Undo"]),
        ({"verdict": Verdict.SILENCE, "settled_at": NOON - 15 * DAY}, "because nobody decided", []),
        (
            {"verdict": Verdict.SILENCE, "settled_at": NOON, "undo_id": 7, "undone_by": "U0OMAR"},
            "<@U0OMAR> undoes it",
            [],
        ),
        (
            {
                "verdict": Verdict.SILENCE,
                "settled_at": NOON,
                "undo_id": 7,
                "undone_by": "U0OMAR",
                "undone_at": NOON,
            },
            "undone by <@U0OMAR>: the key works again",
            [],
        ),
        ({"verdict": Verdict.LEFT, "departure": WhyLeft.NOBODY}, "nobody but its owner may decide", []),
        ({"verdict": Verdict.LEFT}, "the key was deleted", []),
    ],
)
def test_what_was_decided_is_said_and_how_far_it_is(changes: dict[str, Any], told: str, buttons: list[str]) -> None:
    text, shown_buttons = shown(replace(OPEN, **changes))
    assert told in text
    assert shown_buttons == buttons


def test_a_change_that_failed_says_why() -> None:
    said_no = Outcome(sentence="The gateway said no.")
    failed = ApprovalRequest(
        **dict(new_request()), id=3, version=2, status=Status.FAILED, lapses_at=None, outcome=said_no
    )
    row = replace(OPEN, request_id=failed.id)
    told = standing_text(row, {failed.id: failed}, units_per_usd=DOLLAR)
    assert "That did not work: The gateway said no." in told
    running = failed.model_copy(update={"status": Status.RUNNING})
    assert standing_text(row, {failed.id: running}, units_per_usd=DOLLAR) == ""


def test_what_waits_for_a_person_says_so() -> None:
    by_hand = Outcome(sentence="Look at the gateway.", by_hand=True)
    unknown = ApprovalRequest(
        **dict(new_request()), id=3, version=2, status=Status.UNKNOWN, lapses_at=None, outcome=by_hand
    )
    row = replace(OPEN, verdict=Verdict.DISABLE, request_id=3, **BY)
    told = "Request #3: it is not known whether that was done. Look at the gateway."
    assert told in standing_text(row, {3: unknown}, units_per_usd=DOLLAR)
    assert told not in standing_text(replace(row, settled_at=NOON), {3: unknown}, units_per_usd=DOLLAR)
