"""Who reviews whose keys: whoever decides what their owner asks for, and those who may disable any key."""

import pytest

from bot.permissions import Actor, ActorKind, parse_policy
from bot.permissions.reviewers import may_review, reviewers_of, security_of

POLICY = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
intern = ["U0INA"]
manager = ["S0MANAGERS"]
lead = ["U0LEA"]
security = ["S0SECURITY"]
all = ["*"]

[[rules]]
name = "small keys are free"
who = ["engineer"]
do = ["key.create"]
when = { remain_quota_at_most = 500_000 }
allow = true

[[rules]]
name = "security looks at deletes"
who = ["engineer"]
do = ["key.delete"]
approval = { from = ["security"] }

[[rules]]
name = "leads decide for interns"
who = ["intern"]
do = ["key.quota"]
approval = { stages = [ { from = ["lead"] }, { from = ["manager"] } ] }

[[rules]]
name = "managers decide"
who = ["engineer", "intern"]
do = ["key.create", "key.quota"]
approval = { from = ["manager"] }

[[rules]]
name = "everybody decides for managers"
who = ["manager"]
do = ["key.create"]
approval = { from = ["all", "security"] }

[[rules]]
name = "security pulls the plug"
who = ["security", "all", "U0ONCALL"]
do = ["key.disable"]
on = "any"
allow = true
""")


@pytest.mark.parametrize(
    ("held", "roles"),
    [
        ({"engineer"}, ("manager",)),
        ({"intern", "U0INA"}, ("lead",)),
        ({"engineer", "intern"}, ("lead",)),
        ({"manager"}, ("security",)),
        ({"security"}, ()),
        (set(), ()),
    ],
)
def test_the_first_rule_that_has_requests_approved_says_who(held: set[str], roles: tuple[str, ...]) -> None:
    assert reviewers_of(POLICY, frozenset(held)) == roles


def test_security_is_who_may_disable_any_key_but_not_everybody() -> None:
    assert security_of(POLICY) == ("security", "U0ONCALL")


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (Actor(slack_user_id="U0M", groups=frozenset({"S0MANAGERS"})), True),
        (Actor(slack_user_id="U0S", groups=frozenset({"S0SECURITY"})), True),
        (Actor(slack_user_id="U0ONCALL"), True),
        (Actor(slack_user_id="U0E", groups=frozenset({"S0ENGINEERS"})), False),
        (Actor(slack_user_id="U0M", groups=frozenset({"S0MANAGERS"}), kind=ActorKind.GUEST), False),
    ],
)
def test_those_who_are_asked_and_security_may_review(actor: Actor, may: bool) -> None:
    assert may_review(POLICY, actor, ("manager",)) is may
