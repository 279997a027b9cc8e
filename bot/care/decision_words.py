"""Who decides about keys that nobody here asked for, as their cards say it. Drawn from the row of the card alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.approvals.cards.role_names import role_names
from bot.languages import joined, tr
from bot.slack.blocks import mention_all


def with_mention(body: Mapping[str, Any], sentence: str) -> str:
    """The sentence at the top of a card, behind those whom it mentions."""
    called = mention_all(body.get("called", ()))
    return joined(called, sentence) if called else sentence


def decision_text(body: Mapping[str, Any], choices: str) -> str:
    """Who decides, what each choice does, and what happens without a decision. Cards of old name nobody."""
    names: Sequence[str] = body.get("deciders", ())
    nothing = tr("There is no time limit: it stays on the Home of those who decide.")
    if not names:
        return joined(choices, nothing)
    people = role_names(names)
    who = tr("*Who decides*: {people}.", people=people)
    if others := body.get("others", ()):
        who = tr("*Who decides*: {people}. {others} may as well.", people=people, others=role_names(others))
    return joined(who, choices, nothing)
