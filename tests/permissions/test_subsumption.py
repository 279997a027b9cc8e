"""Which rule leaves nothing to another."""

import pytest

from bot.permissions.rules import parse_policy
from bot.permissions.subsumption import covers

TEXT = """
[roles]
engineer = ["S0ENG", "U0ADA"]
ada = ["U0ADA"]

[[rules]]
name = "above"
who = %s
do = ["key.create"]
%s
allow = true

[[rules]]
name = "below"
who = ["%s"]
do = ["key.create"]
%s
allow = true
"""


@pytest.mark.parametrize(
    ("who", "when", "below", "narrow", "covered"),
    [
        ('["engineer"]', "", "engineer", "", True),
        ('["engineer"]', "", "ada", "", True),
        ('["ada"]', "", "engineer", "", False),
        ('["*"]', "", "engineer", "", True),
        ('["engineer"]', "when = { remain_quota_at_most = 10 }", "engineer", "", False),
        ('["engineer"]', "when = { remain_quota_at_most = 10 }", "engineer",
         "when = { remain_quota_at_most = 5 }", True),
        ('["engineer"]', "when = { remain_quota_at_most = 10 }", "engineer",
         "when = { remain_quota_at_most = 11 }", False),
        ('["engineer"]', 'when = { models_within = ["a", "b"] }', "engineer",
         'when = { models_within = ["a"] }', True),
    ],
)  # fmt: skip
def test_a_rule_is_covered_only_by_one_that_matches_whenever_it_does(
    who: str, when: str, below: str, narrow: str, covered: bool
) -> None:
    policy = parse_policy(TEXT % (who, when, below, narrow))
    above, rule = policy.rules
    assert covers(above, rule, "key.create", below, policy.roles) is covered
    assert not covers(above, rule, "key.delete", below, policy.roles)
