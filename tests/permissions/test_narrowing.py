"""Approved with changes: every field may only shrink."""

import math
from typing import Any

import pytest

from bot.permissions import Facts, growth

ASKED = Facts(
    remain_quota=100_000,
    increase=100_000,
    unlimited_quota=False,
    lifetime=7 * 86_400.0,
    models=frozenset({"gpt-4o", "o3"}),
    group="vip",
    addresses=("10.0.0.0/8", "11.0.0.0/8"),
    allow_ips=True,
    cross_group_retry=False,
    gateway="prod",
    allowance=100,
    allowance_period=86_400,
)


def but(facts: Facts = ASKED, **changes: Any) -> Facts:
    return Facts(**{**vars(facts), **changes})


@pytest.mark.parametrize(
    "less",
    [
        {},
        {"remain_quota": 99_999, "increase": 99_999},
        {"remain_quota": 0},
        {"lifetime": 86_400.0},
        {"lifetime": 7 * 86_400.0 + 1},
        {"models": frozenset({"o3"})},
        {"addresses": ("10.0.0.0/7",)},
        {"addresses": ("10.1.2.3", "::ffff:11.0.0.1")},
        {"allowance": 50},
        {"allowance": 0},
        {"allowance": 100, "allowance_period": 2 * 86_400},
        {"models": None, "addresses": None, "lifetime": None, "remain_quota": None, "group": None},
    ],
)
def test_what_shrinks_is_taken(less: dict[str, Any]) -> None:
    assert growth(ASKED, but(**less)) == ()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"remain_quota": 100_001}, "the quota would be 100,001, more than 100k"),
        ({"increase": 200_000}, "the raise would be 200k, more than 100k"),
        ({"unlimited_quota": True}, "the key would be unlimited"),
        ({"lifetime": 365 * 86_400.0}, "the lifetime would be 365 days, more than 7 days"),
        ({"lifetime": math.inf}, "the lifetime would be without end, more than 7 days"),
        ({"models": frozenset({"o3", "o4"})}, "the model o4 was not asked for"),
        ({"models": frozenset()}, "the key could use every model"),
        ({"group": ""}, "the group would be another one"),
        ({"gateway": "test"}, "the gateway would be another one"),
        ({"addresses": ()}, "the key could be used from every address"),
        ({"addresses": None, "allow_ips": False}, "the key could be used from every address"),
        ({"addresses": ("10.0.0.1", "12.0.0.1")}, "the address 12.0.0.1 was not asked for"),
        ({"addresses": ("example.com",)}, "the addresses cannot be compared"),
        ({"cross_group_retry": True}, "the key would try other groups"),
        ({"extended": True}, "enabling it would add time"),
        ({"allowance": 101}, "the allowance would be more"),
        ({"allowance": 50, "allowance_period": 43_200}, "the allowance would be more"),
    ],
)
def test_what_grows_is_told(more: dict[str, Any], told: str) -> None:
    assert growth(ASKED, but(**more)) == (told,)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"remain_quota": 1}, "the quota was not part of the request"),
        ({"increase": 1}, "the raise was not part of the request"),
        ({"lifetime": 1.0}, "the expiry was not part of the request"),
        ({"models": frozenset({"o3"})}, "the models were not part of the request"),
        ({"addresses": ("10.0.0.1",)}, "the addresses were not part of the request"),
        ({"group": "vip"}, "the group would be another one"),
        ({"allowance": 1, "allowance_period": 1}, "an allowance was not part of the request"),
    ],
)
def test_what_was_not_asked_for_cannot_be_offered(given: dict[str, Any], told: str) -> None:
    assert growth(Facts(), Facts(**given)) == (told,)


def test_where_everything_was_asked_for_anything_is_less() -> None:
    asked = Facts(models=frozenset(), addresses=(), allow_ips=False, lifetime=math.inf, unlimited_quota=True)
    offered = Facts(
        models=frozenset({"o3"}), addresses=("10.0.0.1",), allow_ips=True, lifetime=1.0, unlimited_quota=False
    )
    assert growth(asked, offered) == ()


def test_any_amount_is_less_than_no_limit() -> None:
    asked = but(unlimited_quota=True, remain_quota=0, increase=None)
    assert growth(asked, but(unlimited_quota=False, remain_quota=5, increase=5)) == ()
    assert growth(but(unlimited_quota=False, remain_quota=0), but(remain_quota=5)) != ()


def test_several_fields_are_told_together() -> None:
    assert len(growth(ASKED, but(remain_quota=1_000_000, group="auto", unlimited_quota=True))) == 3
