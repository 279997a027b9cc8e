"""The time zone of allowances: read from the policy, and what is wrong with one."""

from datetime import UTC

import pytest

from bot.errors import ConfigurationError
from bot.permissions.rules import parse_policy


def test_the_time_zone_is_utc_unless_the_policy_says_another() -> None:
    assert parse_policy("").time_zone is UTC
    assert parse_policy("[allowances]\n").time_zone is UTC
    assert str(parse_policy('[allowances]\ntime_zone = "Asia/Taipei"\n').time_zone) == "Asia/Taipei"


@pytest.mark.parametrize(
    ("value", "mistake"),
    [
        (
            '"Europe/Berln"',
            '2:1: there is no time zone “Europe/Berln”; write one like "Asia/Taipei"; did you mean “Europe/Berlin”?',
        ),
        ('"../../etc/passwd"', "there is no time zone"),
        ('"Europe"', "there is no time zone"),
        ("2", "time_zone"),
    ],
)
def test_a_time_zone_that_is_none_is_told(value: str, mistake: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        parse_policy(f"[allowances]\ntime_zone = {value}\n")
    assert mistake in str(wrong.value)
    with pytest.raises(ConfigurationError, match="must be a table"):
        parse_policy("allowances = 3\n")
