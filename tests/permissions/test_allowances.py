"""The time zone of allowances: read from the policy, and what is wrong with one."""

from dataclasses import replace
from datetime import UTC

import pytest

from bot.errors import ConfigurationError
from bot.permissions.models import Ask, Count, Counted, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import parse_policy
from tests.permissions.helpers import member


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


RULES = """
[roles]
engineer = ["S0ENG"]
manager = ["S0MGR"]
security = ["S0SEC"]
[[rules]]
name = "small"
who = ["engineer"]
do = ["key.create"]
when = { remain_quota_at_most = 100 }
allow = true
[[rules]]
name = "large"
who = ["engineer"]
do = ["key.create"]
when = { remain_quota_at_most = 1000 }
approval = { from = ["manager"], expires = "1d" }
%s
"""
ALLOWED = """
[[rules]]
name = "refills"
who = ["engineer"]
do = ["key.allowance"]
when = { allowance_at_most = 500, per = "30d" }
allow = true
"""
DECIDED = """
[[rules]]
name = "refills are looked at"
who = ["engineer"]
do = ["key.allowance"]
approval = { from = ["security"], expires = "1d" }
"""
COUNT = Count(what="allowance", per=30 * 86_400)


@pytest.mark.parametrize(
    ("rules", "quota", "refill", "before", "outcome", "approvals"),
    [
        ("", 100, False, 0, "allow", 0),
        ("", 100, True, 0, "deny", 0),
        (ALLOWED, 100, True, 0, "allow", 0),
        (ALLOWED, 100, True, 401, "deny", 0),
        (ALLOWED, 400, True, 0, "needs_approval", 1),
        (ALLOWED + DECIDED, 100, True, 401, "needs_approval", 1),
        # Both want somebody: a manager for the key, security for the refills.
        (ALLOWED + DECIDED, 600, True, 0, "needs_approval", 2),
        (ALLOWED + DECIDED, 2_000, True, 0, "deny", 0),
    ],
)
def test_a_new_key_that_is_refilled_needs_the_right_to_both(
    rules: str, quota: int, refill: bool, before: int, outcome: str, approvals: int
) -> None:
    policy = parse_policy(RULES % rules)
    counts = tuple(Counted(count=count, value=before) for count in policy.counts_needed("key.create")) or None
    facts = Facts(remain_quota=quota, unlimited_quota=False, increase=quota, counts=counts)
    if refill:
        facts = replace(facts, allowance=quota, allowance_period=30 * 86_400)
    ask = Ask(actor=member("U01", "S0ENG"), operation="key.create", facts=facts)
    decision = decide(policy, ask)
    assert decision.outcome == outcome
    assert (0 if decision.approval is None else decision.approval.count) == approvals
    assert ("The key would be refilled." in decision.sentence) == (
        refill and outcome != "allow" and quota != 400 and quota != 2_000
    )


def test_what_allowances_are_counted_for_a_new_key() -> None:
    assert parse_policy(RULES % ALLOWED).counts_needed("key.create") == (COUNT,)
    assert parse_policy(RULES % ALLOWED).counts_needed("key.quota") == ()


def test_for_a_new_key_without_an_allowance_nothing_is_counted() -> None:
    policy = parse_policy(RULES % ALLOWED)
    assert policy.counts_needed("key.create") == (COUNT,)
    assert policy.counts_needed("key.create", refilled=False) == ()
    assert policy.counts_needed("key.allowance", refilled=False) == (COUNT,)
