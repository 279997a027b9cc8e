"""The form for a budget, how its answer is read, and the list of budgets."""

from collections.abc import Sequence
from typing import Any

from bot.features.budget_change.operation import OPERATION, ChangeBudget
from bot.features.forms import fields as form
from bot.features.forms.allowance_fields import (
    ALLOWANCE,
    REFILL_FIELD,
    ROLLOVER,
    TypedAllowance,
    parse_typed,
    period_choices,
    read_terms,
)
from bot.features.forms.fields import AT_EACH_CHARACTER, FormReader, Prefill, amounts_hint
from bot.features.forms.preview import decision_block
from bot.keys.budget_text import budget_text, given_text
from bot.languages import joined, tr, trc
from bot.operations import Budget, Frozen, role_of
from bot.slack.blocks import Block, Message, bold_name, code, context, mention, modal, option, section
from bot.slack.inputs import checkboxes, input_block, text_input

_TEXT = tr(
    "It counts what all keys of these people are given: quota of new keys, more quota, refills. Within it the policy "
    "may let them help themselves; beyond it nothing is given without a person's approval."
)
_NOW = tr(
    "Another amount counts at once, less what was given in this period. Another period begins when this one has ended."
)


class OpenForm(Frozen):
    """What the form remembers: for whom it is, where it was opened, what was typed."""

    holder: str
    channel: str
    rest: str = ""


def whose(holder: str) -> str:
    """The holder, as mrkdwn."""
    role = role_of(holder)
    return tr("everybody in {role}", role=bold_name(role)) if role else mention(holder)


def build_modal(seen: OpenForm, known: str, *, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal. `known`: the budget as it is, "" = there is none."""
    shown = parse_typed(seen.rest)
    now = joined(tr("For {whose}.", whose=whose(seen.holder)), known or tr("There is no budget yet."))
    blocks = [
        section(now),
        section(joined(_TEXT, _NOW) if known else _TEXT),
        *_fields(shown, units_per_usd),
        form.reason_block(Prefill(reason=shown.reason)),
        decision_block(live),
    ]
    return modal(OPERATION.name, OPERATION.title, blocks, submit=form.ASK, private_metadata=seen.model_dump_json())


def _fields(shown: TypedAllowance, units_per_usd: int) -> list[Block]:
    none = trc("choice: how often a budget begins anew", "No budget")
    text = text_input(initial=shown.amount, placeholder=tr("100k or $5"), max_length=60) | AT_EACH_CHARACTER
    kept = option(tr("Keep it for the next period"), "on", description=tr("If not ticked, each period begins anew"))
    hint = joined(tr("Leave it empty only with “No budget”."), amounts_hint(units_per_usd))
    box = checkboxes([kept], initial=["on"] if shown.rollover else [])
    periods = period_choices(shown.choice, never=none)
    return [
        input_block(REFILL_FIELD, tr("Period"), periods, hint=tr("Weeks begin on Monday."), dispatch=True),
        input_block(ALLOWANCE, tr("Amount per period"), text, hint=hint, optional=True, dispatch=True),
        input_block(ROLLOVER, tr("What is left at the end"), box, optional=True, dispatch=True),
    ]


def parse_submission(reader: FormReader, seen: OpenForm) -> tuple[ChangeBudget, str]:
    """The wish and its reason. Raises InputError."""
    return ChangeBudget(holder=seen.holder, terms=read_terms(reader)), reader.reason()


def known_text(known: tuple[Budget, int | None] | None, *, units_per_usd: int) -> str:
    """A budget as it is: its terms and what is left; "" where there is none."""
    if known is None:
        return ""
    terms = budget_text(known[0].terms, units_per_usd=units_per_usd)
    return tr("{terms}: {given}.", terms=terms, given=given_text(*known, units_per_usd=units_per_usd))


def budget_list(found: Sequence[tuple[Budget, int | None]], *, units_per_usd: int) -> Message:
    """The answer to the bare command."""
    title = tr("*Budgets*") if found else tr("There is no budget that you may see.")
    lines = [
        tr("• {whose}: {budget}", whose=whose(one[0].holder), budget=known_text(one, units_per_usd=units_per_usd))
        for one in found
    ]
    hint = tr("{command} asks for one.", command=code("/apikey budget @person $20 per month"))
    return Message(title, [section("\n".join([title, *lines])), context(hint)])
