"""Which requests can be asked again from their card."""

import pytest

from bot.approvals.cards.again import again_action, again_blocks
from bot.approvals.models import Origin, OriginKind, Outcome, Status
from bot.features import OPERATIONS
from tests.approvals.kit import row

CREATE = OPERATIONS["key.create"]


@pytest.mark.parametrize("status", list(Status))
def test_what_came_to_nothing_can_be_asked_again(status: Status) -> None:
    nothing = {Status.FAILED, Status.DENIED, Status.EXPIRED, Status.WITHDRAWN}
    assert bool(again_blocks(row(status), CREATE)) is (status in nothing)


def test_the_button_names_the_operation_and_the_request() -> None:
    [block] = again_blocks(row(Status.DENIED), CREATE)
    [button] = block["elements"]
    assert (button["action_id"], button["value"]) == (again_action(CREATE), "3") == ("key.create.again", "3")


def test_what_keydesk_asked_or_what_has_its_own_button_is_left_out() -> None:
    assert again_blocks(row(Status.FAILED, origin=Origin(kind=OriginKind.ROTATION_END)), CREATE) == []
    changed = Outcome(sentence="It changed.", changed_since=True)
    assert again_blocks(row(Status.FAILED, outcome=changed), CREATE) == []
