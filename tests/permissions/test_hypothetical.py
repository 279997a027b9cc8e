"""People and facts made up from words."""

import math
from typing import Any

import pytest

from bot.permissions import ActorKind, Facts, parse_policy
from bot.permissions.hypothetical import hypothetical_actor, hypothetical_facts
from tests.permissions.helpers import NOW, ROLES

POLICY = parse_policy(ROLES + 'guest = ["U0X"]')
KEY = Facts(
    remain_quota=100, unlimited_quota=False, lifetime=50.0, models=frozenset({"o3"}), group="vip", allow_ips=True
)


def facts(operation: str, key: Facts | None = None, **fields: str) -> Facts:
    return hypothetical_facts(operation, fields, now=NOW, key=key)


def test_somebody_is_made_of_roles_ids_and_kinds() -> None:
    actor = hypothetical_actor(POLICY, ["engineer", "U0ANN", "S0X", "manager"])
    assert (actor.slack_user_id, actor.groups, actor.kind) == ("U0ANN", frozenset({"S0X"}), ActorKind.MEMBER)
    assert POLICY.roles.of(actor) == {"engineer", "manager"}
    assert hypothetical_actor(POLICY, ["pagerduty:P0ABC12"]).groups == {"pagerduty:P0ABC12"}
    assert hypothetical_actor(POLICY, ["bot"]).kind is ActorKind.BOT
    assert hypothetical_actor(POLICY, ["guest"]).kind is ActorKind.MEMBER  # a role of that name comes first
    assert POLICY.roles.of(hypothetical_actor(POLICY, ["nobody"])) == frozenset()


@pytest.mark.parametrize("name", ["enginer", "member", "", "u0ann", "*"])
def test_an_unknown_name_gets_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="is no role of the policy and no Slack id"):
        hypothetical_actor(POLICY, [name])


def test_an_untouched_form_makes_a_limited_key_for_every_model() -> None:
    assert facts("key.create") == Facts(
        unlimited_quota=False, models=frozenset(), group="", allow_ips=False, addresses=()
    )


def test_a_whole_form_is_read() -> None:
    told = {
        "name": "x", "remain_quota": "$5", "unlimited_quota": "on", "expired_time": "30d", "model_limits": "a, b\nc",
        "allow_ips": "10.0.0.1 ::1/128", "group": "vip", "cross_group_retry": "on", "reason": "r", "channel": "C01",
    }  # fmt: skip
    assert hypothetical_facts("key.create", told, now=NOW) == Facts(
        remain_quota=2_500_000, unlimited_quota=True, lifetime=30 * 86_400, models=frozenset("abc"), group="vip",
        allow_ips=True, increase=2_500_000, reason="r", channel="C01", addresses=("10.0.0.1", "::1/128"),
        cross_group_retry=True,
    )  # fmt: skip


def test_what_is_not_touched_stays_as_the_key_has_it() -> None:
    assert facts("key.update", KEY, name="x") == Facts(
        remain_quota=100, unlimited_quota=False, lifetime=50, models=frozenset({"o3"}), group="vip", allow_ips=True,
        increase=0,
    )  # fmt: skip
    assert facts("key.update", KEY, allow_ips="", model_limits="", group="").models == frozenset()
    assert facts("key.update", name="x") == Facts()


@pytest.mark.parametrize(
    ("key", "told", "remain", "increase"),
    [
        (KEY, {"delta": "+50"}, 150, 50),
        (KEY, {"delta": "-50"}, 50, -50),
        (None, {"delta": "+50"}, None, 50),
        (None, {"delta": "+50", "remain_quota": "80"}, 80, 50),
        (KEY, {"delta": "+50", "remain_quota": "80"}, 80, 50),
        (KEY, {"remain_quota": "80"}, 80, -20),
        (None, {"remain_quota": "80"}, 80, None),
        (None, {}, None, None),
    ],
)
@pytest.mark.parametrize("operation", ["key.quota", "key.enable"])
def test_a_change_of_quota_has_an_outcome(
    operation: str, key: Facts | None, told: dict[str, Any], remain: int | None, increase: int | None
) -> None:
    read = facts(operation, key, **told)
    assert (read.remain_quota, read.increase) == (remain, increase)


def test_a_new_expiry_extends_a_key_only_when_it_is_enabled() -> None:
    assert facts("key.enable", expired_time="30d").extended
    assert not facts("key.enable").extended
    assert not facts("key.update", expired_time="30d").extended


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [
        ({}, None),
        ({"expired_time": "never"}, math.inf),
        ({"expired_time": "7d"}, 7 * 86_400),
        ({"expired_time": "custom", "expired_time_at": "2027-01-15T08:00:00+00:00"}, 0),
        ({"expired_time_at": "2027-01-15T09:00:00+01:00"}, 0),
        ({"expired_time_at": "2027-01-16T08:00"}, 86_400),
    ],
)
def test_an_expiry_is_a_lifetime_from_now(told: dict[str, Any], lifetime: float | None) -> None:
    assert facts("key.create", **told).lifetime == lifetime


@pytest.mark.parametrize(
    ("operation", "told", "complaint"),
    [
        (
            "key.create",
            {"remain": "1"},
            "key.create has no field “remain”; it has name, remain_quota, unlimited_quota, ",
        ),
        ("key.list", {"remain_quota": "1"}, "key.list has no field “remain_quota”; it has reason, channel$"),
        ("key.create", {"delta": "+1"}, "key.create has no field “delta”; it has name, "),
        ("key.disable", {"overlap": "1h"}, "key.disable has no field “overlap”; it has "),
        ("key.rotate", {"overlap": "soon"}, "overlap: “soon” is not a duration"),
        ("key.update", {"cross_group_retry": "maybe"}, "cross_group_retry: write on or off, not “maybe”"),
        ("key.create", {"remain_quota": "1e5"}, "remain_quota: “1e5” is not an amount"),
        ("key.quota", {"delta": "0"}, "delta: A change of 0"),
        ("key.create", {"expired_time": "soon"}, "expired_time: “soon” is not a duration"),
        ("key.create", {"expired_time": "custom"}, "expired_time_at: write a date"),
        ("key.create", {"expired_time_at": "31.12.2030"}, "expired_time_at: write a date"),
        ("key.create", {"unlimited_quota": "maybe"}, "unlimited_quota: write on or off, not “maybe”"),
        ("key.create", {"allow_ips": "10.0.0.1, home"}, "“home” is no IP address and no CIDR"),
    ],
)
def test_a_wrong_field_gets_a_sentence(operation: str, told: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        facts(operation, **told)


def test_fields_that_no_rule_speaks_of_are_taken() -> None:
    assert facts("key.rotate", KEY, overlap="24h") == facts("key.rotate", KEY, overlap="0") == facts("key.rotate", KEY)
    assert facts("key.delete", KEY, confirm="production") == facts("key.delete", KEY)


def test_what_looks_at_no_key_has_only_reason_and_channel() -> None:
    assert facts("audit.read", KEY, reason="r", channel="C01") == Facts(reason="r", channel="C01")


COUNTING = """
[[rules]]
name = "counts"
who = ["*"]
do = ["key.create", "key.allowance"]
when = { keys_at_most = 5, granted_at_most = "$2", allowance_at_most = "$3", per = "1m" }
allow = true

[gateways.prod]
base_url = "https://prod.example.com"
access_token = "TOKEN_PROD"
units_per_usd = 100
"""


def test_what_was_counted_before_may_be_told() -> None:
    policy = parse_policy(COUNTING)
    told = {"keys_so_far": "3", "granted_so_far": "$1"}
    found = {
        one.count.what: one.value for one in hypothetical_facts("key.create", told, now=NOW, policy=policy).counts or ()
    }
    assert found == {"keys": 3, "granted": 500_000, "allowance": 0}
    with pytest.raises(ValueError, match="keys_so_far: write how many keys there are, not “many”"):
        hypothetical_facts("key.create", {"keys_so_far": "many"}, now=NOW, policy=policy)
    with pytest.raises(ValueError, match="granted_so_far: “lots” is not an amount"):
        hypothetical_facts("key.create", {"granted_so_far": "lots"}, now=NOW, policy=policy)


def test_dollars_are_those_of_the_gateway_that_is_told() -> None:
    policy = parse_policy(COUNTING)
    made = hypothetical_facts("key.create", {"remain_quota": "$1", "gateway": "prod"}, now=NOW, policy=policy)
    assert (made.remain_quota, made.gateway) == (100, "prod")
    raised = hypothetical_facts("key.quota", {"delta": "+$1"}, now=NOW, key=Facts(gateway="prod"), policy=policy)
    assert raised.increase == 100
    assert hypothetical_facts("key.quota", {"delta": "+$1"}, now=NOW, policy=policy).increase == 500_000
    with pytest.raises(ValueError, match="There is no gateway “pord”; did you mean “prod”"):
        hypothetical_facts("key.create", {"gateway": "pord"}, now=NOW, policy=policy)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"allowance": "$2"}, (1_000_000, 2_592_000, 1_000_000, 1_000_000)),
        ({"allowance": "$2", "refill": "week", "rollover": "on"}, (1_000_000, 604_800, 1_000_000, 1_000_100)),
        ({"refill": "never"}, (0, 2_592_000, 0, 100)),
    ],
)
def test_an_allowance_may_be_told(told: dict[str, str], found: tuple[int, int, int, int]) -> None:
    key = Facts(remain_quota=100)
    made = hypothetical_facts("key.allowance", told, now=NOW, key=key)
    assert (made.allowance, made.allowance_period, made.increase, made.remain_quota) == found
    assert hypothetical_facts("key.allowance", told, now=NOW).remain_quota is None


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"refill": "month"}, "allowance: say how much is refilled"),
        ({"refill": "year", "allowance": "$2"}, "refill: write never, day, week, month, not “year”"),
        ({"allowance": "much"}, "allowance: “much” is not an amount"),
    ],
)
def test_an_allowance_that_is_none_is_told(told: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        hypothetical_facts("key.allowance", told, now=NOW)


def test_a_new_key_may_be_refilled_with_its_quota() -> None:
    made = facts("key.create", remain_quota="$2", refill="week")
    assert (made.allowance, made.allowance_period, made.increase) == (1_000_000, 604_800, 1_000_000)
    assert facts("key.create", remain_quota="$2", refill="never").allowance is None
    assert facts("key.create", refill="week").allowance is None
    with pytest.raises(ValueError, match="refill: write never"):
        facts("key.create", remain_quota="$2", refill="year")


def test_every_model_is_every_model_whatever_the_list_says() -> None:
    assert facts("key.update", key=KEY, every_model="yes", model_limits="o3").models == frozenset()
    assert facts("key.update", key=KEY, every_model="no", model_limits="o3").models == frozenset({"o3"})


def test_what_is_left_of_a_budget_can_be_told() -> None:
    told = facts("key.create", budget_left="$1").budgets
    assert told is not None
    assert [(one.left, one.role) for one in told] == [(500_000, "")]
    assert facts("key.create").budgets is None
    with pytest.raises(ValueError, match="budget_left"):
        facts("key.create", budget_left="lots")
