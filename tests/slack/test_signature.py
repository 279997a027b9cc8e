"""Slack's signature: what it is made of, and which headers cannot be right."""

import pytest
from pydantic import SecretStr

from bot.slack.signature import WINDOW_SECONDS, is_valid, read_headers, sign

SECRET = SecretStr("8f742231b10e8888abcd99yyyzzz85a5")
NOW = 1_531_420_618.0
GOOD = [(b"x-slack-request-timestamp", b"1531420618"), (b"x-slack-signature", b"v0=abc")]


def test_a_signature_fits_its_secret_time_and_body_only() -> None:
    made = sign(SECRET, "1531420618", b"a=b")
    assert made.startswith("v0=")
    assert len(made) == 67
    assert is_valid(SECRET, "1531420618", made, b"a=b")
    assert not is_valid(SecretStr("other"), "1531420618", made, b"a=b")
    assert not is_valid(SECRET, "1531420619", made, b"a=b")
    assert not is_valid(SECRET, "1531420618", made, b"a=c")
    assert not is_valid(SECRET, "1531420618", "v0=é", b"a=b")


def test_headers_that_are_there_once_and_in_time_are_read() -> None:
    assert read_headers([(b"host", b"x"), *GOOD], now=NOW + WINDOW_SECONDS) == ("1531420618", "v0=abc")


@pytest.mark.parametrize(
    ("headers", "now", "why"),
    [
        ([], NOW, "missing header"),
        (GOOD[:1], NOW, "missing header"),
        ([*GOOD, GOOD[1]], NOW, "duplicate header"),
        (GOOD, NOW + WINDOW_SECONDS + 1, "timestamp out of the window"),
        (GOOD, NOW - WINDOW_SECONDS - 1, "timestamp out of the window"),
        ([(b"x-slack-request-timestamp", b"+1531420618"), GOOD[1]], NOW, "timestamp is no number"),
        ([(b"x-slack-request-timestamp", b"1_531_420_618"), GOOD[1]], NOW, "timestamp is no number"),
        ([(b"x-slack-request-timestamp", "١٥".encode()), GOOD[1]], NOW, "timestamp is no number"),
        ([(b"x-slack-request-timestamp", b"9" * 13), GOOD[1]], NOW, "timestamp is no number"),
    ],
)
def test_headers_that_cannot_be_right_are_told(headers: list[tuple[bytes, bytes]], now: float, why: str) -> None:
    assert read_headers(headers, now=now) == why
