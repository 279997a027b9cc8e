"""Budgets in words. Functions of values."""

from collections.abc import Mapping

from bot.keys.text import quantity_bar
from bot.languages import Sentence, joined, said, tr, trc
from bot.operations import AllowanceTerms, Budget
from bot.periods import Period
from bot.permissions.models import BudgetLeft
from bot.slack.blocks import bold_name
from bot.units import format_quota

_TERMS: Mapping[tuple[Period, bool], Sentence] = {
    (Period.DAY, False): tr("{amount} every day"),
    (Period.DAY, True): tr("{amount} every day, and what is left stays"),
    (Period.WEEK, False): tr("{amount} every week"),
    (Period.WEEK, True): tr("{amount} every week, and what is left stays"),
    (Period.MONTH, False): tr("{amount} every month"),
    (Period.MONTH, True): tr("{amount} every month, and what is left stays"),
}


def budget_text(terms: AllowanceTerms | None, *, units_per_usd: int) -> str:
    """`10M units ($20.00) every month`, or `none`."""
    if terms is None:
        return trc("a budget", "none")
    return _TERMS[terms.period, terms.rollover].filled(amount=format_quota(terms.amount, units_per_usd))


def given_text(budget: Budget, given: int | None, *, units_per_usd: int) -> str:
    """What was given in its period, and what is left."""
    day = budget.span.until.isoformat()
    if given is None:
        return tr("something without a limit was given; nothing is left before {day}", day=day)
    return tr(
        "{given} were given; {left} are left before {day}",
        given=format_quota(given, units_per_usd),
        left=format_quota(budget.left(given), units_per_usd),
        day=day,
    )


def budget_line(budget: BudgetLeft, *, units_per_usd: int) -> str:
    """For whose it is: what is left of how much, with a bar."""
    amount = format_quota(budget.amount, units_per_usd)
    if budget.left is None:
        return tr("It is not known whether the budget of {role} counts: Slack does not say.", role=budget.role)
    used = max(0, budget.amount - budget.left)
    bar = quantity_bar(used, budget.amount)
    left, day = format_quota(budget.left, units_per_usd), budget.until
    if budget.role:
        text = tr(
            "Everybody in {role}: {left} of {amount} are left before {day}.",
            role=bold_name(budget.role),
            left=left,
            amount=amount,
            day=day,
        )
    else:
        text = tr("All your keys: {left} of {amount} are left before {day}.", left=left, amount=amount, day=day)
    return f"{text}\n{bar}" if bar else text


def left_text(budget: BudgetLeft, added: int | None, *, units_per_usd: int) -> str:
    """For whoever decides: what a budget had left when this was asked, and by how much it goes beyond."""
    amount = format_quota(budget.amount, units_per_usd)
    if budget.left is None:
        return said(tr("Slack does not say whether the budget of {role} counts.", role=budget.role))
    left, day = format_quota(budget.left, units_per_usd), budget.until
    if budget.role:
        text = tr(
            "Of the {amount} of everybody in {role}, {left} are left before {day}.",
            amount=amount,
            role=budget.role,
            left=left,
            day=day,
        )
    else:
        text = tr("Of the budget of {amount}, {left} are left before {day}.", amount=amount, left=left, day=day)
    if added is None or added <= budget.left:
        return said(text)
    beyond = format_quota(added - budget.left, units_per_usd)
    return joined(text, tr("This goes {amount} beyond it.", amount=beyond))
