"""What a driver says of a failure: its first line, and never nothing."""

import pytest

from bot.db.driver_reason import reason_of


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("connection refused\n\tIs the server running?"), "connection refused"),
        (ValueError(), "ValueError"),
        (None, "None"),
    ],
)
def test_the_first_line_is_the_reason(error: BaseException | None, reason: str) -> None:
    assert reason_of(error) == reason
