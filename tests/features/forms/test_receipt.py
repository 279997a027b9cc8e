"""The window after a form was sent: what becomes of the request, and nothing that has not happened yet."""

from typing import Any

import pytest

from bot.approvals.models import ApprovalRequest, Status
from bot.features import OPERATIONS
from bot.features.forms.receipt import receipt
from tests.approvals.kit import new_request

CREATE = OPERATIONS["key.create"]


def shown(status: Status, *, mine: bool = False, **changes: Any) -> str:
    values: dict[str, Any] = {"lapses_at": None} | changes
    request = ApprovalRequest(**dict(new_request()), id=3, version=2, status=status, **values)
    return str(receipt(request, CREATE, channel="C0KEYS", mine=mine))


def test_a_waiting_request_says_who_decides_and_can_be_withdrawn() -> None:
    said = shown(Status.PENDING)
    assert "waits for a decision by" in said
    assert "<#C0KEYS>" in said
    assert "'withdraw'" in said
    assert "expires" not in said


def test_a_waiting_request_says_until_when_it_waits_and_what_happens_then() -> None:
    said = shown(Status.PENDING, lapses_at=1_900_000_000.0)
    assert "It waits until <!date^1900000000^" in said
    assert "Without a decision by then it expires" in said
    assert "by then" not in shown(Status.APPROVED, lapses_at=1_900_000_000.0)


@pytest.mark.parametrize("status", [Status.APPROVED, Status.RUNNING])
def test_a_granted_one_does_not_say_that_the_key_is_there(status: Status) -> None:
    said = shown(status)
    assert "is granted" in said
    assert "Reveal" not in said
    assert "ready" not in said


def test_only_the_owner_of_the_new_key_can_reveal_it() -> None:
    assert "'reveal'" in shown(Status.SUCCEEDED, mine=True)
    assert "'reveal'" not in shown(Status.SUCCEEDED)


def test_a_denial_says_its_reason_and_an_offer_can_be_accepted() -> None:
    assert "not now" in shown(Status.DENIED, denial="not now")
    assert "'accept_offer'" in shown(Status.OFFERED)
