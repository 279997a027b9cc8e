"""Which buttons a request has, by its state: those of deciders, of the requester, of a reviewer, the way back."""

from typing import Any

import pytest

from bot.approvals.cards.buttons import card_buttons, enable_again_blocks
from bot.approvals.models import ApprovalRequest, Status
from tests.approvals.kit import NOW, new_request


def request_of(status: Status, **changes: Any) -> ApprovalRequest:
    values = {name: changes.pop(name) for name in ("operation", "key_id") if name in changes}
    return ApprovalRequest(**dict(new_request(**values)), id=12, version=1, status=status, lapses_at=None, **changes)


def names(request: ApprovalRequest) -> list[str]:
    """Action ids, and the words in the values of a menu."""
    found = []
    for block in card_buttons(request):
        for one in block["elements"]:
            options = [option["value"] for option in one.get("options", [])]
            found += options or [one["action_id"]]
    return found


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            request_of(Status.PENDING),
            ["approve", "deny", "approve_with_changes:12", "take:12", "remind:12", "withdraw:12"],
        ),
        (request_of(Status.OFFERED), ["accept_offer", "take_back:12", "withdraw:12"]),
        (request_of(Status.SUCCEEDED, break_glass=True), ["reviewed"]),
        (request_of(Status.SUCCEEDED, break_glass=True, reviewed_by="U0MIRA"), []),
        (request_of(Status.DENIED), []),
    ],
)
def test_a_card_offers_what_can_be_done_now(request_: ApprovalRequest, expected: list[str]) -> None:
    assert names(request_) == expected


@pytest.mark.parametrize(
    ("status", "operation", "key_id", "shown"),
    [
        (Status.SUCCEEDED, "key.disable", 7, True),
        (Status.FAILED, "key.disable", 7, False),
        (Status.SUCCEEDED, "key.delete", 7, False),
        (Status.SUCCEEDED, "key.disable", None, False),
    ],
)
def test_a_disabled_key_has_a_way_back(status: Status, operation: str, key_id: int | None, shown: bool) -> None:
    request = request_of(status, operation=operation, key_id=key_id, settled_at=NOW)
    blocks = enable_again_blocks(request)
    assert [one["value"] for block in blocks for one in block["elements"]] == (["7"] if shown else [])
