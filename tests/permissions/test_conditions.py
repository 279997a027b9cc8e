"""The conditions of a rule's `when`: when each holds, and the words for why it does not."""

import math
from typing import Any

import pytest

from bot.permissions import Facts, decide
from bot.permissions.conditions import NAMES, WITHOUT_RECORD_CONDITIONS
from tests.permissions import table_conditions as tables
from tests.permissions.helpers import Row, ask_of, cases_of, policy, rule

CASES = cases_of(tables.QUOTA, tables.LIFETIME, tables.COUNTING, tables.LISTS, tables.ASKING)
DAY = 86_400.0
# Condition, what is known of the ask, the words that stand in the trail.
WORDS = [
    ("remain_quota_at_most = 10", {"unlimited_quota": True}, "the key would be unlimited"),
    ("remain_quota_at_most = 10", {}, "no quota is spoken of"),
    ("remain_quota_at_most = 10", {"remain_quota": 11}, "the key would have 11 units, more than 10"),
    ("increase_at_most = 10", {"unlimited_quota": True}, "the key would be unlimited"),
    ("increase_at_most = 10", {}, "no change of quota is spoken of"),
    ("increase_at_most = 10", {"increase": 11}, "the change is +11 units, more than 10"),
    ('lifetime_at_most = "1d"', {}, "no expiry is spoken of"),
    ('lifetime_at_most = "1d"', {"lifetime": 2 * DAY}, "the key would live 2 days, longer than 1 day"),
    ('lifetime_at_most = "1d"', {"lifetime": math.inf}, "the key would never expire, longer than 1 day"),
    ('lifetime_over = "1d"', {}, "no expiry is spoken of"),
    ('lifetime_over = "1d"', {"lifetime": DAY}, "the key would live 1 day, not over 1 day"),
    ("unlimited_quota = true", {}, "nothing says whether the key is unlimited"),
    ("unlimited_quota = true", {"unlimited_quota": False}, "the key would not be unlimited"),
    ("unlimited_quota = false", {"unlimited_quota": True}, "the key would be unlimited"),
    ('models_within = ["a*"]', {}, "no models are spoken of"),
    ('models_within = ["a*"]', {"models": frozenset()}, "the key could use every model"),
    ('models_within = ["a*"]', {"models": frozenset({"a1", "c", "b"})}, "the model b is not among a*"),
    ('group_in = ["vip"]', {}, "no group is spoken of"),
    ('group_in = ["vip"]', {"group": "default"}, "the group would be default, not one of vip"),
    ('group_in = ["vip"]', {"group": ""}, "the group would be the account's own, which the gateway has not told, not one of vip"),
    ('group_in = ["vip"]', {"group": "", "account_group": "default"}, "the group would be the account's own (default), not one of vip"),
    ('group_in = ["vip"]', {"group": "", "account_group": ""}, "the group would be the account's own (without a name), not one of vip"),
    ('group_in = ["vip"]', {"group": "auto"}, "the group would be auto, which may be any that the gateway chooses, not one of vip"),
    ('group_in = ["", "a", "b", "c", "d", "e", "f"]', {"group": "g"}, "the group would be g, not one of “”, a, b, c, d and 2 more"),
    ('gateway_in = ["prod"]', {}, "no gateway is spoken of"),
    ('gateway_in = ["prod"]', {"gateway": "test"}, "the gateway would be test, not one of prod"),
    ('gateway_in = ["prod"]', {"gateway": ""}, "the gateway would be the only one, not one of prod"),
    ("allow_ips_required = true", {}, "no addresses are spoken of"),
    ("allow_ips_required = true", {"addresses": ()}, "the key could be used from every address"),
    ("allow_ips_required = true", {"allow_ips": False}, "the key could be used from every address"),
    ("allow_ips_required = true", {"addresses": ("10.0.0.0/7",)}, "10.0.0.0/7 lets in more than named addresses"),
    ('reason_matches = "JIRA-\\\\d+"', {"reason": "soon"}, "the reason does not match JIRA-\\d+"),
    ('channel_in = ["C0KEYS"]', {}, "it was not asked in a channel"),
    ('channel_in = ["C0KEYS"]', {"channel": "C0OTHER"}, "it was asked in another channel than C0KEYS"),
]  # fmt: skip


def why_not(when: str, facts: dict[str, Any]) -> str | None:
    [condition] = policy(rule(rest=f"when = {{ {when} }}\nallow = true")).rules[0].conditions
    why = condition.why_not(Facts(**facts))
    return None if why is None else why()


@pytest.mark.parametrize("row", CASES)
def test_a_condition_says(row: Row) -> None:
    one = policy(rule(who='["*"]', do='["*"]', rest=f'when = {{ {row.rule} }}\non = "any"\nallow = true'))
    decision = decide(one, ask_of(one, row), why=True)
    assert decision.outcome == row.answer
    assert (decision.trail == ()) == (row.answer == "allow")


@pytest.mark.parametrize(("when", "facts", "words"), WORDS)
def test_why_a_condition_does_not_hold_is_said_in_words(when: str, facts: dict[str, Any], words: str) -> None:
    assert why_not(when, facts) == words


def test_facts_that_were_stored_before_addresses_were_kept_say_whether_there_were_any() -> None:
    assert why_not("allow_ips_required = true", {"allow_ips": True}) is None


def test_the_words_are_shown_for_every_condition_but_those_that_count() -> None:
    """Those that count are in test_counting.py, those of budgets in test_budgets.py."""
    shown = {when.split(" ")[0] for when, _, _ in WORDS}
    assert shown == set(NAMES) - {"keys_at_most", "granted_at_most", "allowance_at_most", "within_budget"}
    assert shown >= WITHOUT_RECORD_CONDITIONS
