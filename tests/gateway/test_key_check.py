"""What a key's own answer proves: only the gateway's own 401 means that it is dead."""

import json

import pytest

from bot.gateway.key_check import judge_key_check, unreachable
from bot.gateway.models import CheckOutcome
from bot.gateway.replies import ApiReply

ERROR = json.dumps({"error": {"message": "invalid token"}}).encode()
MODELS = json.dumps({"object": "list", "data": []}).encode()
PAGE = b"<html>blocked</html>"


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (200, MODELS, CheckOutcome.ACCEPTED, "accepted"),
        (401, ERROR, CheckOutcome.REFUSED, "invalid_key"),
        (403, ERROR, CheckOutcome.UNCLEAR, "recognised"),
        (200, PAGE, CheckOutcome.UNCLEAR, "not_the_gateway"),
        (200, ERROR, CheckOutcome.UNCLEAR, "not_the_gateway"),
        (401, PAGE, CheckOutcome.UNCLEAR, "not_the_gateway"),
        (403, PAGE, CheckOutcome.UNCLEAR, "not_the_gateway"),
        (429, ERROR, CheckOutcome.UNCLEAR, "rate_limited"),
        (503, ERROR, CheckOutcome.UNCLEAR, "trouble"),
    ],
)
def test_what_an_answer_means(status: int, body: bytes, outcome: CheckOutcome, reason: str) -> None:
    found = judge_key_check(ApiReply(status=status, body=body, request_id=None, whole=True))
    assert (found.outcome, found.status, found.reason) == (outcome, status, reason)


def test_a_refusal_that_came_in_part_proves_nothing() -> None:
    found = judge_key_check(ApiReply(status=401, body=ERROR, request_id=None, whole=False))
    assert found.outcome is CheckOutcome.UNCLEAR


def test_no_answer_is_unclear() -> None:
    assert unreachable("timeout").outcome is CheckOutcome.UNCLEAR
