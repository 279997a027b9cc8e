"""Budgets in words."""

from dataclasses import replace

import pytest

from bot.keys.budget_text import budget_line, budget_text, given_text, left_text
from bot.operations import AllowanceTerms
from bot.periods import Period
from bot.permissions.models import BudgetLeft
from bot.slack.blocks import isolate
from tests.keys.test_budgets import budget

UNITS = 500_000
HER = BudgetLeft(number=1, role="", amount=1_000_000, left=250_000, until="2026-04-01")


@pytest.mark.parametrize("period", list(Period))
def test_terms_say_how_often_and_what_is_kept(period: Period) -> None:
    terms = AllowanceTerms(amount=UNITS, period=period)
    words = f"500k units ($1.00) every {period}"
    assert budget_text(terms, units_per_usd=UNITS) == words
    kept = terms.model_copy(update={"rollover": True})
    assert budget_text(kept, units_per_usd=UNITS) == f"{words}, and what is left stays"
    assert budget_text(None, units_per_usd=UNITS) == "none"


def test_what_was_given_and_is_left() -> None:
    one = budget("U0ADA", amount=UNITS, carried=0)
    text = given_text(one, 100_000, units_per_usd=UNITS)
    assert text == "100k units ($0.20) were given; 400k units ($0.80) are left before 2026-04-01"
    assert "without a limit" in given_text(one, None, units_per_usd=UNITS)


def test_whoever_decides_reads_how_far_it_goes_beyond() -> None:
    text = left_text(HER, 250_000, units_per_usd=UNITS)
    assert text == "Of the budget of 1M units ($2.00), 250k units ($0.50) are left before 2026-04-01."
    assert left_text(HER, None, units_per_usd=UNITS) == text
    assert left_text(HER, 300_000, units_per_usd=UNITS).endswith("This goes 50k units ($0.10) beyond it.")
    role = replace(HER, role="data")
    assert left_text(role, 1, units_per_usd=UNITS).startswith("Of the 1M units ($2.00) of everybody in data,")
    assert "Slack does not say" in left_text(replace(role, left=None), 1, units_per_usd=UNITS)


def test_a_line_has_a_bar() -> None:
    text, bar = budget_line(HER, units_per_usd=UNITS).split("\n")
    assert text == "All your keys: 250k units ($0.50) of 1M units ($2.00) are left before 2026-04-01."
    assert "75 % used" in bar
    role = budget_line(replace(HER, role="data", amount=0, left=0), units_per_usd=UNITS)
    assert role.startswith(f"Everybody in *{isolate('data')}*: 0 units ($0.00) of")
    assert "\n" not in role
    assert "Slack does not say" in budget_line(replace(HER, role="data", left=None), units_per_usd=UNITS)
