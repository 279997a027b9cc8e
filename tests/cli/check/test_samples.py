"""The samples are what this version draws: each drawing function of the rooms is used, and the sandbox's Slack takes it."""

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli.check.samples import Sample, samples
from keydesk_sandbox.fake_slack.blocks import message_problems, view_problems
from keydesk_sandbox.fake_slack.blocks.surfaces import Surface

BOT = Path(__file__).parents[3] / "bot"
ROOMS = ("approvals/cards", "features", "alerts/cards", "incident")
# What draws and is not here: sentences of ours in one section, and what is made of other samples' functions.
PLAIN = {
    ("alerts/cards/modal.py", "said"),
    ("incident/views.py", "said"),
    ("features/help/listeners.py", "message"),
    ("approvals/cards/lock_notices.py", "draw_unlocked"),
    ("incident/listeners.py", "draw"),
    ("incident/listeners.py", "draw_alarm"),
    ("incident/listeners.py", "draw_owner"),
}


def drawing_functions() -> set[tuple[str, str]]:
    """Public functions of modules that make a message, or a view by themselves."""
    found = set()
    for room in ROOMS:
        for path in (BOT / room).rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _draws(node):
                    found.add((str(path.relative_to(BOT)), node.name))
    return found


def _draws(node: ast.FunctionDef) -> bool:
    returns = ast.unparse(node.returns) if node.returns is not None else ""
    called = {one.func.id for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
    return returns in {"Message", "Message | None"} or (
        returns == "dict[str, Any]" and bool(called & {"modal", "home"})
    )


def test_every_drawing_function_is_used() -> None:
    called: set[tuple[str, str]] = set()

    def note(frame: Any, event: str, _argument: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(BOT):
            called.add((str(path.relative_to(BOT)), frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        list(samples())
    finally:
        sys.setprofile(before)
    drawing = drawing_functions()
    assert len(drawing) > 20
    assert drawing - called == PLAIN


def test_their_names_tell_them_apart() -> None:
    names = [sample.name for sample in samples()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("sample", list(samples()), ids=lambda sample: sample.name)
def test_slacks_rules_allow_it(sample: Sample) -> None:
    arguments = sample.arguments()
    if "view" in arguments:
        kind: Surface = "home" if arguments["view"]["type"] == "home" else "modal"
        assert view_problems(arguments["view"], kind) == []
    else:
        assert message_problems(arguments["message"]["blocks"], "/message/blocks") == []
