"""Budgets where nobody decides: a rule that allows does not hold for more than is left, and a condition speaks of it.

What is left was counted by the caller, who hands it in as `Facts.budgets`. An allowance of a key is not held back here:
its refills are, one by one.
"""

import math

from bot.languages import tr, trc
from bot.permissions.condition import Condition, Why
from bot.permissions.models import Ask, BudgetLeft, Facts
from bot.permissions.source_map import Path
from bot.permissions.toml_document import TomlDocument
from bot.units import short_quota

NAME = "within_budget"
# What gives quota once. Enabling a key without a limit gives nothing that it did not have.
_GIVES = frozenset({"key.create", "key.quota", "key.enable", "key.adopt", "key.transfer"})


def exceeded(ask: Ask) -> BudgetLeft | None:
    """A budget that has less left than this would give; None where it fits."""
    facts = ask.facts
    if not facts.budgets or ask.operation not in _GIVES:
        return None
    unlimited = facts.unlimited_quota and ask.operation != "key.enable"
    return _short(facts, math.inf if unlimited else facts.increase or 0)


def _short(facts: Facts, units: float) -> BudgetLeft | None:
    if units <= 0:
        return None
    return next((one for one in facts.budgets or () if one.left is None or units > one.left), None)


def shortage(ask: Ask) -> tuple[str, ...]:
    """Why it does not fit, as half a sentence; nothing where it does. The condition below says the same."""
    short = exceeded(ask)
    return () if short is None else (_short_words(short),)


def _short_words(budget: BudgetLeft) -> str:
    whose = _whose(budget)
    if budget.left is None:
        return tr("it is not known whether the budget of {whose} counts, because Slack does not say", whose=whose)
    return tr(
        "of the budget of {whose} {left} units are left until {day}",
        whose=whose,
        left=short_quota(budget.left),
        day=budget.until,
    )


def _whose(budget: BudgetLeft) -> str:
    if budget.role:
        return trc("whose budget", "everybody in {role}", role=budget.role)
    return trc("whose budget", "this person")


def read_within_budget(document: TomlDocument, path: Path, name: str, value: object) -> Condition | None:
    """`within_budget = true`: there is a budget, and what is added fits. `false`: there is one, and it does not."""
    wanted = document.flag(path, value, name)
    if wanted is None:
        return None

    def why_not(facts: Facts) -> Why:
        if facts.allowance is not None:
            return lambda: tr("an allowance goes on, and a budget is for what is added once")
        if facts.increase is None:
            return lambda: tr("no change of quota is spoken of")
        if not facts.budgets:
            return lambda: tr("there is no budget")
        short = _short(facts, math.inf if facts.unlimited_quota else facts.increase)
        if wanted and short is not None:
            return lambda: _short_words(short)
        if not wanted and short is None:
            return lambda: tr("it fits in the budget")
        return None

    return Condition(name=name, value=wanted, why_not=why_not)
