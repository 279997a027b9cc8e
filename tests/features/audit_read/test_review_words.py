"""What the record says of reviews, as sentences."""

from typing import Any

import pytest

from bot.audit import Fact
from bot.features import OPERATIONS
from bot.features.audit_read.line import Line
from bot.features.audit_read.review_words import REVIEW_WORDS


@pytest.mark.parametrize(
    ("fact", "details", "words"),
    [
        (Fact.REVIEWED, {}, "<@U0MIRA> reviewed what was done"),
        (Fact.REVIEW_STARTED, {"review": 3, "keys": 1}, "Key review 3 began with 1 key"),
        (Fact.REVIEW_STARTED, {"review": 3, "keys": 5}, "Key review 3 began with 5 keys"),
        (Fact.REVIEW_CLOSED, {"review": 3}, "Key review 3 is closed: every key is decided"),
        (Fact.REVIEW_DECIDED, {"review": 3, "decision": "keep"}, "<@U0MIRA> kept the key in key review 3"),
        (
            Fact.REVIEW_DECIDED,
            {"review": 3, "decision": "silence"},
            "Nobody decided about the key in key review 3, so it is disabled",
        ),
        (Fact.REVIEW_DECIDED, {"review": 3, "decision": "new"}, "<@U0MIRA> decided about the key in key review 3"),
    ],
)
def test_each_line_is_a_sentence(fact: Fact, details: dict[str, Any], words: str) -> None:
    line = Line(fact=fact, actor="U0MIRA", details=details, request=None, units_per_usd=1, operations=OPERATIONS)
    assert REVIEW_WORDS[fact](line) == words
