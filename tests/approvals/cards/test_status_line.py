"""A card's line about where the request stands names whose yes it waits for, and who said what."""

from typing import Any

import pytest

from bot.approvals.cards.status_line import by_hand, status_line
from bot.approvals.models import ApprovalRequest, Outcome, Status
from bot.features import OPERATIONS
from tests.approvals.kit import new_request


def row(status: Status, **changes: Any) -> ApprovalRequest:
    return ApprovalRequest(**dict(new_request()), id=12, version=1, status=status, lapses_at=None, **changes)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (row(Status.PENDING), "*Waiting*"),
        (row(Status.PENDING, taken_by="U0MIRA"), "*Waiting* · <@U0MIRA> is looking at it"),
        (
            row(Status.OFFERED, decided_by="U0MIRA"),
            "*Approved with changes* by <@U0MIRA> · waits for <@U0ADA> to accept the offer",
        ),
        (row(Status.DENIED, decided_by="U0MIRA"), "*Denied* by <@U0MIRA>"),
        (row(Status.RUNNING, decided_by="U0MIRA"), "*Approved* by <@U0MIRA> · applying"),
    ],
)
def test_it_says_who_did_what_and_who_is_waited_for(request_: ApprovalRequest, told: str) -> None:
    assert status_line(request_, OPERATIONS[request_.operation]) == told


def test_what_no_check_will_settle_is_for_a_person() -> None:
    lost = row(Status.UNKNOWN, outcome=Outcome(sentence="", by_hand=True))
    assert by_hand(lost)
    assert "a person must look" in status_line(lost, OPERATIONS[lost.operation])
    assert not by_hand(row(Status.UNKNOWN))
