"""What waits a day, and what does not."""

import pytest

from bot.care.notice import Crossing, Notice
from tests.care.kit import DAY, NOON


@pytest.mark.parametrize(
    ("kind", "in_days", "waits"),
    [
        (Crossing.EXPIRES, 7.0, True),
        (Crossing.EXPIRES, 1.0, False),
        (Crossing.LOW, 9.0, True),
        (Crossing.LOW, 1.0, False),
        (Crossing.LOW, None, False),
        (Crossing.IDLE, None, True),
        (Crossing.ENDED, None, False),
        (Crossing.DRY, None, False),
        (Crossing.UNANSWERED, None, False),
    ],
)
def test_what_ends_within_two_days_does_not_wait(kind: Crossing, in_days: float | None, *, waits: bool) -> None:
    at = None if in_days is None else NOON + in_days * DAY
    one = Notice(kind=kind, key_id=1, name="bot", expires=int(at or NOON), dry_at=at)
    assert one.waits(NOON) is waits


def test_rows_of_older_versions_are_read() -> None:
    kept = {
        "kind": "low",
        "key_id": 1,
        "name": "bot",
        "expires": -1,
        "mark": 0,
        "left": 1,
        "granted": 9,
        "dry_at": None,
    }
    assert Notice.of_stored(kept).born_at == 0
