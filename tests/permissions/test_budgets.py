"""Beyond a budget no rule gives anything at once, and a condition says whether it fits."""

from typing import Any

import pytest

from bot.errors import ConfigurationError
from bot.permissions.budgets import exceeded
from bot.permissions.models import Actor, Ask, BudgetLeft, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import parse_policy

HER = BudgetLeft(number=1, role="", amount=100, left=40, until="2026-04-01")
ROLE = BudgetLeft(number=2, role="data", amount=900, left=300, until="2026-04-01")
UNKNOWN = BudgetLeft(number=3, role="data", amount=900, left=None, until="2026-04-01")
ADA = Actor(slack_user_id="U0ADA")


def policy(when: str, more: str = "") -> Any:
    return parse_policy(f"""
[[rules]]
name = "r"
who = ["*"]
do = ["key.create", "key.quota", "key.enable", "key.allowance", "key.update"]
when = {{ {when} }}
allow = true
{more}
""")


@pytest.mark.parametrize(
    ("operation", "facts", "beyond"),
    [
        ("key.create", {"increase": 40}, None),
        ("key.create", {"increase": 41}, HER),
        ("key.create", {"increase": 41, "budgets": (ROLE,)}, None),
        ("key.create", {"increase": 301, "budgets": (ROLE,)}, ROLE),
        ("key.create", {"increase": 1, "budgets": (UNKNOWN,)}, UNKNOWN),
        ("key.create", {"increase": 1, "budgets": ()}, None),
        ("key.create", {"increase": 1, "budgets": None}, None),
        ("key.quota", {"increase": 0, "unlimited_quota": True}, HER),
        ("key.quota", {"increase": -5}, None),
        ("key.enable", {"increase": 0, "unlimited_quota": True}, None),
        ("key.update", {"increase": 0, "unlimited_quota": True}, None),
        ("key.allowance", {"increase": 900}, None),
        ("key.adopt", {}, None),
    ],
)
def test_what_is_given_at_once_must_fit_in_every_budget(
    operation: str, facts: dict[str, Any], beyond: BudgetLeft | None
) -> None:
    ask = Ask(actor=ADA, operation=operation, facts=Facts(**{"budgets": (HER, ROLE), **facts}))
    assert exceeded(ask) == beyond
    if operation in {"key.create", "key.quota"}:
        free = policy("unlimited_quota = true" if facts.get("unlimited_quota") else "increase_at_most = 1000")
        assert decide(free, ask).allowed is (beyond is None)


def test_people_may_decide_beyond_it_and_the_reason_is_said_once() -> None:
    more = """
[[rules]]
name = "people"
who = ["*"]
do = ["key.create"]
approval = { from = ["U0MIRA"], expires = "1d" }
"""
    ask = Ask(actor=ADA, operation="key.create", facts=Facts(increase=41, budgets=(HER,)))
    words = "of the budget of this person 40 units are left until 2026-04-01"
    for when in ("increase_at_most = 1000", "within_budget = true"):
        decision = decide(policy(when, more), ask, why=True)
        assert (decision.outcome, decision.rule) == ("needs_approval", "people")
        assert decision.trail == (("r", words),)


@pytest.mark.parametrize(
    ("wanted", "facts", "words"),
    [
        ("true", {"increase": 40}, None),
        ("true", {"increase": 41}, "of the budget of this person 40 units are left until 2026-04-01"),
        ("true", {"increase": 301, "budgets": (ROLE,)}, "of the budget of everybody in data 300 units are left until 2026-04-01"),
        ("true", {"increase": 1, "budgets": (UNKNOWN,)}, "it is not known whether the budget of everybody in data counts, because Slack does not say"),
        ("true", {"increase": 1, "unlimited_quota": True}, "of the budget of this person 40 units are left until 2026-04-01"),
        ("true", {"increase": 1, "budgets": None}, "there is no budget"),
        ("false", {"increase": 1, "budgets": None}, "there is no budget"),
        ("true", {}, "no change of quota is spoken of"),
        ("true", {"increase": 1, "allowance": 1}, "an allowance goes on, and a budget is for what is added once"),
        ("false", {"increase": 41}, None),
        ("false", {"increase": 40}, "it fits in the budget"),
    ],
)  # fmt: skip
def test_the_condition_says_whether_it_fits(wanted: str, facts: dict[str, Any], words: str | None) -> None:
    [condition] = policy(f"within_budget = {wanted}").rules[0].conditions
    why = condition.why_not(Facts(**{"budgets": (HER,), **facts}))
    assert (None if why is None else why()) == words


def test_the_condition_is_true_or_false() -> None:
    with pytest.raises(ConfigurationError, match="within_budget"):
        policy('within_budget = "yes"')
