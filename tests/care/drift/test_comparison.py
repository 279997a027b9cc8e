"""What two readings tell: settings that differ, quota by the sum, and what puts it all back."""

from typing import Any

import pytest

from bot.care.drift.comparison import (
    NOTHING,
    Drift,
    differing,
    put_back,
    quota_change,
    reading_of,
    settings_of,
)
from bot.features import OPERATIONS
from tests.care.kit import NOON, key

BASE: dict[str, Any] = {"remain_quota": 900, "used_quota": 100}


def reading(**changes: Any) -> dict[str, Any]:
    return reading_of(key(1, **BASE | changes))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"name": "x"}, ["name"]),
        ({"expired_time": 5}, ["expired_time"]),
        ({"model_limits": "a"}, []),
        ({"model_limits_enabled": True, "model_limits": "a"}, ["model_limits_enabled", "model_limits"]),
        ({"allow_ips": "10.0.0.1"}, ["allow_ips"]),
        ({"group": "vip"}, ["group"]),
        ({"cross_group_retry": True}, ["cross_group_retry"]),
        ({"unlimited_quota": True}, ["unlimited_quota"]),
        ({"status": 2}, ["disabled"]),
        ({"status": 3}, []),
        ({"status": 4}, []),
        ({"remain_quota": 5}, []),
    ],
)
def test_settings_that_differ(changes: dict[str, Any], names: list[str]) -> None:
    assert differing(reading(), reading(**changes)) == names


@pytest.mark.parametrize(
    ("remain", "used", "change"),
    [
        (900, 100, 0),
        (500, 500, 0),  # usage
        (950, 50, 0),  # a refund
        (5900, 100, 5000),
        (100, 100, -800),
        (5500, 500, 5000),
        (900, 500, 0),  # a form that was saved while the key was in use
        (900, 0, 0),  # the counter was set back
        (901, 100, 1),
    ],
)
def test_quota_is_told_by_the_sum_and_usage_is_never_blamed(remain: int, used: int, change: int) -> None:
    assert quota_change(reading(), reading(remain_quota=remain, used_quota=used)) == change


def test_a_key_without_a_limit_has_no_quota_to_change() -> None:
    assert quota_change(reading(unlimited_quota=True), reading(unlimited_quota=True, remain_quota=9)) == 0
    assert quota_change(reading(), reading(unlimited_quota=True, remain_quota=9)) == 0


def test_changes_add_up_until_all_is_as_it_was_agreed() -> None:
    drift = NOTHING.changed_outside(reading(), reading(name="b", remain_quota=1900))
    assert drift == Drift(before={"name": key(1).name}, quota=1000)
    drift = drift.changed_outside(reading(name="b", remain_quota=1900), reading(name="c", remain_quota=1400))
    assert drift == Drift(before={"name": key(1).name}, quota=500)
    assert drift.agreed(reading(name="c"))["name"] == key(1).name
    assert not drift.changed_outside(reading(name="c", remain_quota=1400), reading())
    assert Drift.of_stored(drift.stored()) == drift
    assert (NOTHING.stored(), Drift.of_stored(None)) == (None, NOTHING)


def test_what_is_decided_here_is_agreed_and_a_raise_here_leaves_what_was_added_outside() -> None:
    drift = Drift(before={"name": "a", "group": "g"}, quota=500)
    after = drift.changed_here(reading(name="b"), reading(name="c", remain_quota=99_900))
    assert after == Drift(before={"group": "g"}, quota=500)


def test_the_limit_that_was_taken_away_is_remembered_with_its_sum() -> None:
    drift = NOTHING.changed_outside(reading(), reading(unlimited_quota=True, remain_quota=0))
    assert drift.before == {"unlimited_quota": False, "total": 1000}
    now = reading(unlimited_quota=True, remain_quota=0, used_quota=400)
    assert put_back(1, drift, now) == {"key.quota": {"key_id": 1, "unlimited_quota": False, "remain_quota": 600}}
    assert not drift.changed_outside(now, reading())
    assert not drift.changed_here(reading(unlimited_quota=True), reading())
    given = NOTHING.changed_outside(reading(unlimited_quota=True), reading())
    assert put_back(1, given, reading()) == {"key.quota": {"key_id": 1, "unlimited_quota": True}}


EVERYTHING = Drift(
    before={
        "name": "a",
        "expired_time": int(NOON),
        "model_limits_enabled": True,
        "model_limits": "x,y",
        "allow_ips": "10.0.0.1\n10.0.0.2",
        "group": "g",
        "cross_group_retry": True,
        "disabled": False,
    },
    quota=-5,
)


def test_everything_is_put_back_by_operations_that_take_it() -> None:
    wishes = put_back(1, EVERYTHING, reading(status=2))
    assert list(wishes) == ["key.update", "key.quota", "key.enable"]
    assert wishes["key.update"] == {
        "key_id": 1,
        "name": "a",
        "expiry": {"at": int(NOON)},
        "models": ["x", "y"],
        "allowed_ips": ["10.0.0.1", "10.0.0.2"],
        "group": "g",
        "cross_group_retry": True,
    }
    assert wishes["key.quota"] == {"key_id": 1, "delta": 5}
    for operation, wanted in wishes.items():
        OPERATIONS[operation].input_model.model_validate(wanted)
    other = Drift(before={"expired_time": -1, "model_limits_enabled": False, "disabled": True})
    assert put_back(1, other, reading(model_limits_enabled=True)) == {
        "key.update": {"key_id": 1, "expiry": {}, "every_model": True},
        "key.disable": {"key_id": 1},
    }


def test_each_operation_puts_its_part_back() -> None:
    left = EVERYTHING.without("key.update")
    assert left == Drift(before={"disabled": False}, quota=-5)
    assert left.without("key.quota") == Drift(before={"disabled": False})
    assert not left.without("key.quota").without("key.enable")


def test_the_settings_of_a_reading() -> None:
    assert settings_of(reading()).remain_quota == 900
