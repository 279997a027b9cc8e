"""The box *It is urgent* of a form: where a rule lets break-glass be used, and by those alone who tick it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.languages import tr, trc
from bot.slack.blocks import option, plain
from bot.slack.inputs import State, checkboxes, input_block, ticked

URGENT, ON = "break_glass", "on"


def is_urgent(state: State) -> bool:
    """Whether the box is ticked."""
    return ON in ticked(state, URGENT)


@dataclass(frozen=True, kw_only=True)
class Live:
    """The live line of a form. `box`: a rule lets what is filled in be done at once by break-glass."""

    text: str
    box: bool = False

    def onto(self, view: Mapping[str, Any], state: State) -> dict[str, Any]:
        """The form with the box above its live line; its button says what a ticked one does."""
        if not self.box:
            return dict(view)
        words = tr("It is urgent: do it now, reviewers are told")
        box = checkboxes([option(words, ON)], initial=[ON] if is_urgent(state) else [])
        hint = tr("It is done before anybody approves it. Say why above; those who could have approved it look at it.")
        block = input_block(URGENT, trc("label of a box", "Break-glass"), box, hint=hint, optional=True, dispatch=True)
        blocks = list(view["blocks"])
        drawn = {**view, "blocks": [*blocks[:-1], block, blocks[-1]]}
        return {**drawn, "submit": plain(trc("button", "Do it now"), 24)} if is_urgent(state) else drawn
