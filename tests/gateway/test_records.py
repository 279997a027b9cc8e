"""Records of the wire as keys and back: hints, masks, complete bodies, harmless spellings."""

from typing import Any

from bot.gateway.models import NEVER, Key, KeySettings
from bot.gateway.numbers import KeyNumbers
from bot.gateway.records import create_body, hint_of, is_masked, meaning, update_body
from tests.gateway.kit import wanted


def key(**more: Any) -> Key:
    values = wanted().model_dump() | {
        "id": 7, "user_id": 1, "status": 1, "created_time": 5, "accessed_time": 5, "used_quota": 0, "hint": "aB3d…wXyZ",
        "masked": False,
    } | more  # fmt: skip
    return Key(**values)


def test_hints_show_little_and_only_of_long_values() -> None:
    assert hint_of("sk-abcdefghijklmnop") == "abcd…mnop"
    assert hint_of("ab**********yz") == "ab**…**yz"
    assert hint_of("sk-xxx") == "…"
    assert [is_masked(each) for each in ("abc", "ab**cd", "", "sk-")] == [False, True, True, True]


def test_bodies_are_complete_and_never_say_zero_for_an_expiry() -> None:
    assert set(create_body(wanted())) == set(KeySettings.model_fields)
    body = update_body(key(expired_time=0, remain_quota=-3, allow_ips=None), KeyNumbers(), status=4)
    assert body == wanted().model_dump() | {
        "id": 7, "status": 4, "expired_time": 1, "remain_quota": 0, "allow_ips": None,
    }  # fmt: skip
    assert update_body(key(remain_quota=-3, unlimited_quota=True), KeyNumbers(), status=1)["remain_quota"] == -3
    assert create_body(wanted(expired_time=0))["expired_time"] == 1


def test_harmless_spellings_mean_the_same() -> None:
    assert meaning("allow_ips", None) == meaning("allow_ips", "")
    assert meaning("expired_time", 0) == meaning("expired_time", 1) != meaning("expired_time", NEVER)
