"""What the card says while a disabled key is tried, and how it ended."""

import pytest

from bot.approvals.models import ApprovalRequest, Progress, RevocationProgress, Status
from bot.approvals.revocation.check import revocation_blocks
from tests.approvals.kit import NOW, new_request


def said(**seen: object) -> str:
    progress = Progress(revocation=RevocationProgress(**seen))
    new = dict(new_request())
    return str(
        revocation_blocks(
            ApprovalRequest(**new, id=1, version=1, status=Status.SUCCEEDED, lapses_at=None, progress=progress)
        )
    )


def test_a_request_that_tries_no_key_says_nothing() -> None:
    request = ApprovalRequest(**dict(new_request()), id=1, version=1, status=Status.SUCCEEDED, lapses_at=None)
    assert revocation_blocks(request) == []


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({}, "Now trying the key itself"),
        ({"tries": 2, "why": "no <answer>"}, "could not be tried yet: no &lt;answer&gt;"),
        ({"tries": 2, "accepted_last": NOW}, "still accepted, checking"),
        ({"ended": True, "refused_at": NOW}, "Refused since"),
        ({"ended": True, "refused_at": NOW, "accepted_last": NOW - 9}, "It was still accepted at"),
        ({"ended": True, "accepted_last": NOW, "tries": 8}, "Disabled, but still accepted"),
        ({"ended": True, "why": "the value is hidden"}, "could not be tried:* the value is hidden"),
    ],
)
def test_each_standing_has_its_words(seen: dict[str, object], words: str) -> None:
    assert words in said(**seen)


def test_no_word_of_a_refusal_before_it_was_seen() -> None:
    for seen in ({}, {"tries": 1, "why": "x"}, {"tries": 3, "accepted_last": NOW}):
        assert "Refused" not in said(**seen)
