"""Keys as values: effective state, hints, lists out of strings."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.gateway.models import EffectiveState, Key, KeySettings
from tests.gateway.kit import wanted

NOW = 1_800_000_000


def key(**more: Any) -> Key:
    values = wanted().model_dump() | {
        "id": 7, "user_id": 1, "status": 1, "created_time": 5, "accessed_time": 5, "used_quota": 0, "hint": "aB3d…wXyZ",
        "masked": False,
    } | more  # fmt: skip
    return Key(**values)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "active"),
        ({"status": 2}, "disabled"),
        ({"status": 3}, "expired"),
        ({"status": 4}, "exhausted"),
        ({"status": 0}, "unknown"),
        ({"status": 99}, "unknown"),
        ({"expired_time": NOW - 1}, "expired"),
        ({"expired_time": NOW}, "active"),
        ({"expired_time": 0}, "expired"),
        ({"remain_quota": 0}, "exhausted"),
        ({"remain_quota": -3}, "overdrawn"),
        ({"remain_quota": -3, "unlimited_quota": True}, "active"),
        ({"remain_quota": 0, "expired_time": 5}, "expired"),
        ({"remain_quota": 0, "status": 2}, "disabled"),
    ],
)
def test_the_effective_state_is_computed(fields: dict[str, Any], state: str) -> None:
    assert key(**fields).state(NOW) is EffectiveState(state)


def test_lists_are_read_as_the_gateway_reads_them() -> None:
    some = wanted(models=["gpt-5", "o4"], allowed_ips=["10.0.0.1", "::1"])
    assert (some.models, some.allowed_ips) == (("gpt-5", "o4"), ("10.0.0.1", "::1"))
    assert (some.model_limits, some.allow_ips, some.model_limits_enabled) == ("gpt-5,o4", "10.0.0.1\n::1", True)
    junk = some.model_copy(update={"allow_ips": " 1.2.3.4,5.6.7.8 \r\n\n9.9.9.9\r", "model_limits_enabled": False})
    assert (junk.allowed_ips, junk.models) == (("1.2.3.45.6.7.8", "9.9.9.9"), ())
    assert wanted().model_copy(update={"allow_ips": None}).allowed_ips == ()


def test_a_key_can_be_stored_and_holds_no_value() -> None:
    some = key()
    assert Key.model_validate_json(some.model_dump_json()) == some
    assert Key.model_validate(some.model_dump()) == some
    assert "key" not in Key.model_fields
    assert some.settings() == wanted()
    assert type(some.settings()) is KeySettings
    assert (some.unused, some.total_quota) == (True, 100_000)
    assert not key(used_quota=1).unused
    assert (some.last_four, key(hint="…").last_four) == ("…wXyZ", "…")


def test_numbers_are_strict() -> None:
    for wrong in ("5", 5.0, True, 2**63):
        with pytest.raises(ValidationError):
            wanted(remain_quota=wrong)
