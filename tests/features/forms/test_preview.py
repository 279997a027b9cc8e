"""The live line of a form: what would be decided."""

from typing import Any

import pytest

from bot.features.forms.preview import UNFINISHED, decision_block, decision_text
from bot.permissions.models import Approval, Decision, Stage
from bot.slack.form_problem import LIVE_LINE

APPROVAL = Approval(stages=(Stage(roles=("manager",)),), expires=86_400)


def decision(outcome: str, **more: Any) -> Decision:
    return Decision(outcome=outcome, rule="r", sentence="Not <now>.", **{"approval": None, "trail": (), **more})  # type: ignore[arg-type]  # as decided


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (decision("allow"), "*Granted at once*"),
        (decision("needs_approval", approval=APPROVAL), "*Needs approval* by "),
        (
            decision("needs_approval", approval=Approval(stages=APPROVAL.stages, expires=60, break_glass=True)),
            "*Done at once, reviewed afterwards*",
        ),
        (decision("deny"), "*Not allowed:* Not &lt;now&gt;."),
    ],
)
def test_each_decision_has_its_line(of: Decision, words: str) -> None:
    assert words in decision_text(of)
    assert "rule" not in decision_text(of)


def test_the_line_has_a_name_so_that_drawing_it_moves_nothing_else() -> None:
    block = decision_block()
    assert (block["block_id"], block["elements"][0]["text"]) == (LIVE_LINE, UNFINISHED)
