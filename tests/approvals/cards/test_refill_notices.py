"""The word to the owner of a key whose refill failed, or hangs."""

from bot.approvals.cards.refill_notices import refill_notice
from bot.approvals.models import Origin, OriginKind, Outcome, Status
from tests.approvals.kit import row

REFILL = {"origin": Origin(kind=OriginKind.ALLOWANCE, request_id=1), "key_id": 7, "key_name": "nightly"}


def test_it_says_what_failed_and_why_with_the_form_that_mends_it() -> None:
    message = refill_notice(row(Status.FAILED, **REFILL, outcome=Outcome(sentence="The key has no limit.")))
    assert "nightly\u2069* was not refilled" in message.text
    assert "The key has no limit." in str(message.blocks)
    assert '"action_id": "key.allowance"' in str(message.blocks).replace("'", '"')


def test_what_is_not_known_is_not_called_a_failure() -> None:
    message = refill_notice(row(Status.UNKNOWN, **REFILL))
    assert message.text.startswith(":question: It is not known whether key ")
    assert "None" not in str(message.blocks)
