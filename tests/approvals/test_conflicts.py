"""Whoever comes second is told how it was decided, by whom where that is known."""

from typing import Any

import pytest

from bot.approvals.conflicts import not_open, not_waiting
from bot.approvals.models import ApprovalRequest, Status
from tests.approvals.kit import new_request


def row(status: Status, **changes: Any) -> ApprovalRequest:
    return ApprovalRequest(**dict(new_request()), id=7, version=1, status=status, **changes)


@pytest.mark.parametrize(
    ("status", "by", "words"),
    [
        (Status.EXPIRED, None, "has expired: nobody decided in time"),
        (Status.DENIED, "U0MIRA", "was denied already by <@U0MIRA>"),
        (Status.WITHDRAWN, None, "was withdrawn already; it is withdrawn now"),
        (Status.RUNNING, "U0MIRA", "was approved already by <@U0MIRA>; it is applying now"),
        (Status.SUCCEEDED, None, "was approved already; it is done now"),
    ],
)
def test_the_second_is_told_how_it_was_decided(status: Status, by: str | None, words: str) -> None:
    for told in (not_waiting(row(status, decided_by=by)), not_open(row(status, decided_by=by))):
        assert told is not None
        assert words in told.sentence


def test_an_offer_is_the_requesters_to_answer() -> None:
    assert not_waiting(row(Status.OFFERED)) is None
    told = not_open(row(Status.OFFERED))
    assert told is not None
    assert "waits for <@U0ADA> to accept an offer" in told.sentence
    assert not_open(row(Status.PENDING)) is None
