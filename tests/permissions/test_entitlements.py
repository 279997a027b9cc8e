"""What somebody may do, from the rules alone."""

import pytest

from bot.permissions import Actor, ActorKind, parse_policy
from bot.permissions.entitlements import (
    condition_words,
    entitlements,
    outcome_words,
    plain_condition,
    roles_of_terms,
    schedule_words,
    schedules_behind,
    who_decides_for,
    who_may_any,
)
from tests.permissions.helpers import approving, member, policy, rule

ANN = member("U0ANN", "S0ENG")


def shown(text: str, actor: Actor = ANN) -> list[tuple[str, str, list[str], bool]]:
    found = entitlements(policy(text), actor)
    return [(one.operation, one.whose, [each.name for each in one.rules], one.certain) for one in found]


def test_rules_are_told_until_one_decides_everything() -> None:
    free = rule("free", rest="when = { remain_quota_at_most = 5 }\nallow = true")
    assert shown(free + approving(name="rest") + rule("never")) == [("key.create", "own", ["free", "rest"], True)]
    assert shown(free) == [("key.create", "own", ["free"], False)]


def test_a_right_on_everything_is_told_once() -> None:
    everything = rule("see", do='["key.show", "key.create"]', rest='on = "any"\nallow = true')
    assert shown(everything) == [("key.create", "own", ["see"], True), ("key.show", "any", ["see"], True)]
    both = rule("mine", do='["key.show"]') + rule("all", do='["key.show"]', rest='on = "any"\nallow = true')
    assert shown(both) == [("key.show", "own", ["mine"], True), ("key.show", "any", ["all"], True)]


def test_what_is_only_denied_or_for_others_is_left_out() -> None:
    assert shown(rule(rest='deny = "No."') + rule("s", '["manager"]')) == []
    guest = Actor(slack_user_id="U0ANN", kind=ActorKind.GUEST, groups=frozenset({"S0ENG"}))
    assert shown(rule(), guest) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rule(), "at once"),
        (rule(rest='deny = "No."'), "refused"),
        (approving("count = 2"), "decided by 2 people of manager"),
        (approving("break_glass = true"), "at once with a reason, reviewed by manager"),
    ],
)
def test_what_a_rule_does_is_told(text: str, words: str) -> None:
    assert outcome_words(policy(text).rules[0]) == words


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("keys_at_most = 5", "keys_at_most = 5"),
        (
            'granted_at_most = "$1", per = "1d", counted_over = "role"',
            "granted_at_most = 500k per 1 day over the whole role",
        ),
        ('keys_at_most = 5, counted_over = "team"', "keys_at_most = 5 over the whole workspace"),
        ("unlimited_quota = false", "unlimited_quota = false"),
        ("allow_ips_required = true", "allow_ips_required = true"),
        ('group_in = ["vip", ""]', "group_in = vip, “”"),
        ('reason_matches = "OPS"', "reason_matches = “OPS”"),
        ('lifetime_at_most = "2w"', "lifetime_at_most = 14 days"),
    ],
)
def test_a_condition_is_told_in_words(when: str, words: str) -> None:
    (condition,) = policy(rule(rest=f"when = {{ {when} }}\nallow = true")).rules[0].conditions
    assert condition_words(condition) == words


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("keys_at_most = 1", "this person would have at most 1 living key"),
        ('keys_at_most = 5, counted_over = "team"', "the whole workspace would have at most 5 living keys"),
        ('granted_at_most = "$1", per = "1d"', "this person would be granted at most 500k units ($1.00) in 1 day"),
        (
            'allowance_at_most = "$1", per = "1d"',
            "all allowances of this person are at most 500k units ($1.00) in 1 day",
        ),
        ("remain_quota_at_most = 500_000", "the key would have at most 500k units ($1.00) left"),
        ("increase_at_most = 500_000", "at most 500k units ($1.00) is added"),
        ('lifetime_at_most = "2w"', "the key would live at most 14 days"),
        ('lifetime_over = "2w"', "the key would live longer than 14 days"),
        ("unlimited_quota = true", "the quota has no limit"),
        ("unlimited_quota = false", "the quota has a limit"),
        ("allow_ips_required = true", "only named addresses may use the key"),
        ("within_budget = true", "it fits in what is left of the budget"),
        ("within_budget = false", "it does not fit in what is left of the budget"),
        ('models_within = ["gpt-*", "o3"]', "its models are among gpt-* or o3"),
        ('group_in = ["vip", ""]', "its group is vip or “”"),
        ('reason_matches = "OPS"', "the reason fits OPS"),
        ('channel_in = ["C0123ABCD"]', "it is asked in the channel C0123ABCD"),
    ],
)
def test_a_condition_is_told_plainly_to_who_writes_no_policy(when: str, words: str) -> None:
    (condition,) = policy(rule(rest=f"when = {{ {when} }}\nallow = true")).rules[0].conditions
    assert plain_condition(condition, 500_000) == words


def test_who_may_do_something_to_any_key_without_asking_is_named_in_the_order_of_the_rules() -> None:
    any_key = "on = 'any'\nallow = true"
    rules = policy(
        rule("asks", who='["manager"]', do='["key.disable"]', rest="on = 'any'\napproval = { from = ['security'] }")
        + rule("plug", who='["security", "admin"]', do='["key.disable"]', rest=any_key)
        + rule("own", who='["engineer"]', do='["key.disable"]')
        + rule("again", who='["manager", "security"]', do='["key.disable", "key.enable"]', rest=any_key)
    )
    assert who_may_any(rules, "key.disable") == ("security", "admin", "manager")
    assert who_may_any(rules, "key.delete") == ()


DECIDING = """
[roles]
engineer = ["S0ENG"]
sales = ["S0SALES"]
manager = ["S0MAN", "U0BOSS"]
[[rules]]
name = "managers decide for engineers"
who = ["engineer"]
do = ["key.create"]
approval = { from = ["manager"], expires = "1d" }
[[rules]]
name = "the boss decides for sales"
who = ["sales"]
do = ["key.quota"]
approval = { stages = [{ from = ["U0BOSS"] }, { from = ["S0CFO"] }], expires = "1d" }
[[rules]]
name = "security decides about locked keys"
who = ["*"]
do = ["key.unlock"]
approval = { from = ["S0SEC"], expires = "1d" }
[[rules]]
name = "small ones are free"
who = ["sales"]
do = ["key.create"]
allow = true
"""


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        ({"engineer"}, {"S0MAN", "U0BOSS"}),
        ({"sales"}, {"U0BOSS"}),
        ({"U0NOBODY"}, {"S0MAN", "U0BOSS"}),
    ],
)
def test_who_decides_for_somebody(names: set[str], ids: set[str]) -> None:
    assert who_decides_for(parse_policy(DECIDING), names) == ids


def test_roles_with_a_schedule_are_told_with_who_stands_in() -> None:
    read = policy(
        '[roles.oncall]\nmembers = ["pagerduty:P0ABC12"]\nfallback = ["security"]\n'
        '[roles.alone]\nmembers = ["pagerduty:P0OTHER", "U0X"]\n'
    )
    assert schedules_behind(read, ("oncall", "security", "U0X", "oncall")) == {"oncall": ("pagerduty:P0ABC12",)}
    assert schedule_words(read, ("oncall", "alone")) == (
        "oncall: whoever is on call in pagerduty:P0ABC12, and S0SEC while that is not known.",
        "alone: whoever is on call in pagerduty:P0OTHER, and nobody while that is not known.",
    )


def test_the_roles_of_terms_are_those_of_every_stage_and_escalation() -> None:
    stages = '{ from = ["manager"], escalate = { to = ["admin"], after = "4h" } }, { from = ["security"] }'
    [read] = policy(rule(rest=f"approval = {{ stages = [{stages}] }}")).rules
    assert roles_of_terms(read.approval) == ("manager", "admin", "security")
    assert roles_of_terms(None) == ()
