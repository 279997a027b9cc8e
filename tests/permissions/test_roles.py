"""Who has which role, and by what a rule can name somebody."""

import pytest

from bot.errors import ConfigurationError
from bot.permissions import Actor, ActorKind, parse_policy
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


ONCALL = """
[roles]
security = ["S0SEC", "U0SAM"]
everyone = ["*"]

[roles.oncall]
members  = ["pagerduty:P0ABC12", "U0LEAD"]
fallback = ["security", "S0ADMINS"]
"""
SCHEDULE = "pagerduty:P0ABC12"


def test_a_role_may_be_a_schedule_with_a_fallback() -> None:
    roles = parse_policy(ONCALL).roles
    assert roles.members["oncall"] == {SCHEDULE, "U0LEAD"}
    assert roles.fallbacks == {SCHEDULE: frozenset({"S0SEC", "U0SAM", "S0ADMINS"})}
    assert roles.of(member("U0ANN", SCHEDULE)) == {"oncall", "everyone"}
    assert "oncall" not in roles.of(member("U0SAM", "S0ADMINS")), "whether the fallback stands in is not said here"
    assert parse_policy('[roles]\noncall = ["pagerduty:P0ABC12"]').roles.fallbacks == {SCHEDULE: frozenset()}


def test_people_of_fallbacks_are_looked_at_in_slack() -> None:
    read = parse_policy(ONCALL)
    assert read.group_ids() == {"S0SEC", "S0ADMINS"}
    assert read.user_ids() == {"U0SAM", "U0LEAD"}


def test_two_roles_of_one_schedule_have_one_fallback() -> None:
    twin = ONCALL.partition("[roles.oncall]")[2]
    assert parse_policy(f"{ONCALL}[roles.pager]{twin}").roles.fallbacks.keys() == {SCHEDULE}
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(ONCALL + f'[roles.pager]\nmembers = ["{SCHEDULE}"]')
    assert "has another fallback in the role oncall; write the same in both" in caught.value.problems[0]


A = '[roles.a]\nmembers = ["pagerduty:P0ABC12"]\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[roles.a]\nmembers = ["pagerduty:p0abc12"]', "is no schedule: write pagerduty:P0ABC12"),
        ('[roles.a]\nmembers = ["PagerDuty P0ABC12"]', "is no schedule: write pagerduty:P0ABC12"),
        ('[roles.a]\nfallback = ["S0SEC"]', "2:1: a fallback is for a role with a schedule (pagerduty:P0ABC12)"),
        ('[roles.a]\nfallback = ["S0SEC"]', "the role has no members"),
        ('[roles.a]\nmembers = ["U0X"]\nfallback = ["S0SEC"]', "a fallback is for a role with a schedule"),
        (f'{A}fallback = ["*"]', "no schedule and not everybody"),
        (f'[roles]\nb = ["*"]\n{A}fallback = ["b"]', "not everybody"),
        (f'{A}fallback = ["a"]', "no schedule and not everybody"),
        (f'{A}fallback = ["pagerduty:P0X00"]', "no schedule and not everybody"),
        (f'[roles]\nsec = ["U0X"]\n{A}fallback = ["secs"]', "did you mean “sec”"),
        (f'{A}fallback = "S0SEC"', "fallback must be a list of texts"),
        ('[roles.a]\nmembers = ["U0X"]\nwho = ["S0SEC"]', "a role has no key “who”"),
        ('[roles.a]\nmembers = "U0X"', "a role must be a list of texts"),
        (f"[roles]\na = {[f'pagerduty:P{n:05}' for n in range(21)]}", "there are more than 20 schedules"),
    ],
)
def test_a_schedule_that_is_written_wrongly_gets_a_sentence(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text)
    assert any(told in problem for problem in caught.value.problems), caught.value.problems


def test_a_schedule_outside_a_role_is_told_where_it_belongs() -> None:
    with pytest.raises(ConfigurationError) as caught:
        policy(rule(who=f'["{SCHEDULE}"]'))
    assert f'write [roles.oncall] members = ["{SCHEDULE}"] and name that role here' in caught.value.problems[0]
