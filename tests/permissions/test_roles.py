"""Who has which role, and by what a rule can name somebody."""

import pytest

from bot.permissions import Actor, ActorKind
from tests.permissions.helpers import member, policy, rule

ROLES = policy("").roles


def test_roles_come_from_groups_and_ids() -> None:
    assert ROLES.of(member("U0BOSS", "S0ENG", "S0X")) == {"engineer", "manager"}
    assert ROLES.held(member("U0BOSS", "S0X")) == {"manager", "U0BOSS", "S0X", "*"}
    assert ROLES.of(member("U01")) == frozenset()


def test_only_a_known_role_can_be_supposed() -> None:
    assert ROLES.of(Actor(slack_user_id="U01", assumed_roles=frozenset({"admin", "king"}))) == {"admin"}


@pytest.mark.parametrize("kind", [kind for kind in ActorKind if kind is not ActorKind.MEMBER])
def test_whoever_is_no_full_member_has_none(kind: ActorKind) -> None:
    actor = Actor(slack_user_id="U0BOSS", kind=kind, groups=frozenset({"S0ENG"}), assumed_roles=frozenset({"admin"}))
    assert ROLES.of(actor) == ROLES.held(actor) == frozenset()


def test_only_whom_a_role_or_rule_names_counts() -> None:
    read = policy(rule(who='["engineer", "U0ANN"]'))
    assert read.counts(member("U0ANN"))
    assert read.counts(member("U0X", "S0ENG"))
    assert not read.counts(member("U0X", "S0OTHER"))
    assert policy(rule(who='["*"]')).counts(member("U0X"))


def test_a_rule_that_only_denies_gives_nothing_and_who_decides_counts() -> None:
    denying = rule(who='["*"]').replace("allow = true", 'deny = "No."')
    assert not policy(denying).counts(member("U0X", "S0ENG"))
    deciding = rule(who='["U01"]').replace("allow = true", 'approval = { from = ["engineer"] }')
    assert policy(deciding).counts(member("U0X", "S0ENG"))
