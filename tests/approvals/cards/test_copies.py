"""What is said of a copy, and the buttons that end it."""

from typing import Any

import pytest

from bot.approvals.cards.copies import copy_blocks, security_message
from bot.approvals.models import ApprovalRequest, Outcome, Progress, Status
from bot.slack.blocks import Message
from tests.approvals.kit import row
from tests.scenarios.desk import text_of


def with_copies(*copies: int, ordered: bool = False) -> ApprovalRequest:
    outcome = Outcome(sentence="", key_id=7, copies=copies)
    return row(Status.SUCCEEDED, outcome=outcome, progress=Progress(copies_ordered=ordered))


def buttons(blocks: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    found = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return [(one["action_id"], one["value"], one["text"]["text"]) for one in found]


def test_who_asked_gets_one_button_for_all_copies() -> None:
    assert buttons(copy_blocks(with_copies(8))) == [("disable_copy", "3", "Disable the copy")]
    assert buttons(copy_blocks(with_copies(8, 9))) == [("disable_copy", "3", "Disable the 2 copies")]
    assert "The copy is being disabled." in text_of(Message("", copy_blocks(with_copies(8, ordered=True))))


@pytest.mark.parametrize("request_", [row(Status.SUCCEEDED), with_copies()])
def test_without_a_copy_nothing_is_said(request_: ApprovalRequest) -> None:
    assert copy_blocks(request_) == []


def test_security_sees_each_copy_and_that_it_was_dealt_with() -> None:
    message = security_message(with_copies(8, 9))
    assert "several times: key 8 and key 9 are copies that nobody owns." in text_of(message)
    assert [one[:2] for one in buttons(message.blocks)] == [("key.disable", "8"), ("key.disable", "9")]
    done = security_message(with_copies(8, ordered=True))
    assert (
        "twice: key 8 is a copy that nobody owns. <@U0ADA>, who asked for the key, has had the copy disabled."
        in text_of(done)
    )
    assert buttons(done.blocks) == []
