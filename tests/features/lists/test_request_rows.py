"""A request as a line of a list: what it says, and the one button that makes sense for who looks."""

import pytest

from bot.approvals.models import ApprovalRequest, Judgement, Origin, OriginKind, Status
from bot.features import OPERATIONS
from bot.features.lists.request_rows import row
from bot.permissions.models import Approval, Decision, Facts, Stage
from tests.approvals.kit import new_request


def request(status: Status) -> ApprovalRequest:
    approval = Approval(stages=(Stage(roles=("manager",)),), expires=3600.0)
    decision = Decision(outcome="needs_approval", rule="r", sentence="", approval=approval)
    judgement = Judgement(decision=decision, facts=Facts(), own=True)
    return ApprovalRequest(**dict(new_request(judgement=judgement)), id=3, version=1, status=status, lapses_at=None)


def test_it_speaks_to_the_requester_and_of_somebody_else() -> None:
    mine = row(request(Status.PENDING), OPERATIONS["key.create"], mine=True, decidable=False)["text"]["text"]
    theirs = row(request(Status.PENDING), OPERATIONS["key.create"], mine=False, decidable=False)["text"]["text"]
    assert "you asked for a new key" in mine
    assert "<@U0ADA> asks for a new key" in theirs


@pytest.mark.parametrize("decidable", [True, False])
def test_a_row_says_until_when_it_waits_and_nothing_of_it_afterwards(decidable: bool) -> None:
    def text(status: Status, lapses_at: float | None) -> str:
        shown = request(status).model_copy(update={"lapses_at": lapses_at})
        return str(row(shown, OPERATIONS["key.create"], mine=False, decidable=decidable)["text"]["text"])

    assert "· waits for *manager* until <!date^1900000000^" in text(Status.PENDING, 1_900_000_000.0)
    assert "waiting" not in text(Status.PENDING, 1_900_000_000.0)
    assert "with changes · asked" in text(Status.OFFERED, 1_900_000_000.0)
    assert "· waits for <@U0ADA> until <!date^1900000000^" in text(Status.OFFERED, 1_900_000_000.0)
    assert "until" not in text(Status.PENDING, None)
    assert "until" not in text(Status.DENIED, 1_900_000_000.0)


@pytest.mark.parametrize(
    ("status", "mine", "decidable", "action"),
    [
        (Status.PENDING, False, True, "look_at_request"),
        (Status.PENDING, True, False, "withdraw"),
        (Status.SUCCEEDED, True, False, "key.create.again"),
        (Status.SUCCEEDED, False, False, None),
        (Status.PENDING, False, False, None),
    ],
)
def test_the_one_button(status: Status, mine: bool, decidable: bool, action: str | None) -> None:
    block = row(request(status), OPERATIONS["key.create"], mine=mine, decidable=decidable)
    assert block.get("accessory", {}).get("action_id") == action


def test_what_nobody_asked_for_is_said_to_be_keydesks() -> None:
    origin = Origin(kind=OriginKind.ROTATION_END, request_id=2)
    ends = request(Status.SUCCEEDED).model_copy(update={"origin": origin})
    text = str(row(ends, OPERATIONS[ends.operation], mine=True, decidable=False))
    assert "Keydesk asks" in text
    assert "you asked" not in text
