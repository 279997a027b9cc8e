"""The facts of a card: what is new, or before → after, safe whatever people typed, times in the reader's zone."""

import pytest

from bot.approvals.cards.change_lines import change_lines
from bot.operations import OWNER_FIELD, Change


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (Change(field="name", label="Name", before=None, after="<!here>"), "&lt;!here&gt;"),
        (Change(field="name", label="Name", before="*a*", after="b"), "∗a∗ → *b*"),
        (Change(field=OWNER_FIELD, label="Owner", before="U0ADA", after="U0BEN"), "<@U0ADA> → *<@U0BEN>*"),
        (
            Change(field="expired_time", label="Expires", before="never", after="2027-01-06 19:00 UTC"),
            "never → *<!date^1799262000^",
        ),
    ],
)
def test_each_change_is_a_fact(change: Change, shown: str) -> None:
    (block,) = change_lines((change,))
    assert shown in block["fields"][0]["text"]


def test_without_changes_there_are_no_facts() -> None:
    assert change_lines(()) == []
