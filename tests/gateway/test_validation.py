"""What is found wrong before anything is sent."""

from typing import Any

import pytest

from bot.gateway.validation import LARGEST_QUOTA, problems, settings_problems
from tests.gateway.kit import wanted

GOOD = [
    {"name": "n" * 50}, {"name": "ключ"}, {"remain_quota": 0}, {"remain_quota": LARGEST_QUOTA}, {"expired_time": -1},
    {"expired_time": 1}, {"allow_ips": None}, {"allow_ips": ""}, {"allow_ips": "10.0.0.1\n10.0.0.0/8\n2001:db8::/32\n::1"},
    {"model_limits": ""}, {"model_limits": "gpt-5,o4"}, {"group": "anything"},
]  # fmt: skip
BAD = [
    {"name": ""}, {"name": "  "}, {"name": "ü" * 51}, {"name": "a\nb"}, {"name": "\ud800"}, {"remain_quota": -1},
    {"remain_quota": LARGEST_QUOTA + 1}, {"expired_time": 0}, {"expired_time": -2}, {"expired_time": 1_800_000_000_000},
    {"allow_ips": "1.2.3.4,5.6.7.8"}, {"allow_ips": "10.0.0.0/255.0.0.0"}, {"allow_ips": "fe80::1%eth0"},
    {"allow_ips": "300.1.1.1"}, {"model_limits": "gpt-5, o4"},
    {"model_limits": "gpt-5,,o4"}, {"model_limits": "m" * 1025},
]  # fmt: skip


@pytest.mark.parametrize("values", GOOD)
def test_good_values_have_no_problem(values: dict[str, Any]) -> None:
    assert problems(values) == {}


@pytest.mark.parametrize("values", BAD)
def test_bad_values_are_named(values: dict[str, Any]) -> None:
    assert set(problems(values)) == set(values)


def test_the_quota_of_an_unlimited_key_is_not_looked_at() -> None:
    assert settings_problems(wanted(remain_quota=-1, unlimited_quota=True)) == {}
    assert set(settings_problems(wanted(name="", remain_quota=-1))) == {"name", "remain_quota"}
