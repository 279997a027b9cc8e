"""What the live line of a form knows: the words on its button, and the box *It is urgent*.

The box is there where a rule lets break-glass be used, and for those alone who tick it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.features.forms.fields import ASK
from bot.languages import tr, trc
from bot.slack.blocks import option, plain
from bot.slack.inputs import State, checkboxes, input_block, ticked

# What the button says, by whether it is done at once.
_CREATE = {True: trc("button of a form", "Create key"), False: trc("button of a form", "Request key")}
_CHANGE = {True: trc("button of a form", "Apply change"), False: trc("button of a form", "Request change")}
URGENT, ON = "break_glass", "on"


def is_urgent(state: State) -> bool:
    """Whether the box is ticked."""
    return ON in ticked(state, URGENT)


@dataclass(frozen=True, kw_only=True)
class Live:
    """The live line of a form. `box`: a rule lets what is filled in be done at once by break-glass.

    `at_once`: nobody has to approve it; None where that is not known.
    """

    text: str
    box: bool = False
    at_once: bool | None = None

    def onto(self, view: Mapping[str, Any], state: State) -> dict[str, Any]:
        """The form with a button that says what it does, and with the box above its live line."""
        view = {**view, **self._button(view)}
        if not self.box:
            return view
        words = tr("It is urgent: do it now, reviewers are told")
        box = checkboxes([option(words, ON)], initial=[ON] if is_urgent(state) else [])
        hint = tr("It is done before anybody approves it. Say why above; those who could have approved it look at it.")
        block = input_block(URGENT, trc("label of a box", "Break-glass"), box, hint=hint, optional=True, dispatch=True)
        blocks = list(view["blocks"])
        drawn = {**view, "blocks": [*blocks[:-1], block, blocks[-1]]}
        return {**drawn, "submit": plain(trc("button", "Do it now"), 24)} if is_urgent(state) else drawn

    def _button(self, view: Mapping[str, Any]) -> dict[str, Any]:
        # The forms of other operations say on their button what they do, whoever decides.
        if self.at_once is None or view.get("submit") != plain(ASK, 24):
            return {}
        words = _CREATE if view["callback_id"] == "key.create" else _CHANGE
        return {"submit": plain(words[self.at_once], 24)}
