"""Who certainly stands behind names, and whether an approval can ever come."""

from bot.permissions.membership import Membership
from bot.permissions.rules import Policy, parse_policy

TEXT = """
[roles]
boss = ["U0BOSS"]
team = ["S0TEAM"]
none = ["S0EMPTY"]

[[rules]]
name = "r"
who = %s
do = ["key.create"]
approval = %s
"""


def policy(who: str, approval: str) -> Policy:
    return parse_policy(TEXT % (who, approval))


def membership(of: Policy) -> Membership:
    return Membership(of.roles, {"S0TEAM": ["U0ADA", "U0BEN"], "S0EMPTY": []})


def test_nobody_and_apart_are_said_only_when_certain() -> None:
    known = membership(policy('["team"]', '{ from = ["boss"] }'))
    assert known.none(("none",))
    assert not known.none(("team",))
    assert known.apart(("boss",), ("team",))
    assert not known.apart(("*",), ("team",))


def test_who_is_on_call_is_never_certain() -> None:
    on_call = '\n[roles.oncall]\nmembers = ["pagerduty:P0ABC12"]\nfallback = ["boss"]\n'
    read = parse_policy(TEXT % ('["team"]', '{ from = ["oncall"], count = 5 }') + on_call)
    known = membership(read)
    assert not known.none(("oncall",))
    assert known.stuck(read.rules[0]) is None


def test_an_approval_that_can_come_is_not_stuck() -> None:
    of = policy('["team"]', '{ from = ["boss"] }')
    assert membership(of).stuck(of.rules[0]) is None


def test_too_few_people_are_told() -> None:
    of = policy('["team"]', '{ from = ["boss"], count = 2 }')
    assert "fewer than it asks for" in (membership(of).stuck(of.rules[0]) or "")


def test_who_would_be_the_only_approver_of_an_own_request_is_told() -> None:
    of = policy('["boss"]', '{ from = ["boss"] }')
    assert "U0BOSS" in (membership(of).stuck(of.rules[0]) or "")
    of = policy('["boss"]', '{ from = ["boss"], self_approval = true }')
    assert membership(of).stuck(of.rules[0]) is None
