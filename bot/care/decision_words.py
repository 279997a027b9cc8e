"""Who decides about keys that nobody here asked for, as their cards say it. Drawn from the row of the card alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.languages import joined, tr
from bot.languages.formats import all_of
from bot.permissions.roles import is_person
from bot.slack.blocks import code, mention, mention_all


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
    people = all_of(mention(name) if is_person(name) else code(name) for name in names)
    return joined(tr("*Who decides*: {people}.", people=people), choices, nothing)
