"""The registry: every list of operations follows from it, and adding one is a folder and two lines."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.features import FEATURES, FOLDERS, OPERATIONS
from bot.operations import Description, Registry
from bot.slack.router import Router
from tests.features.kit import block_ids
from tests.features.test_supposed_fields import forms

ROOT = Path(__file__).parents[2]

OPERATION = '''"""What touching a key means: nothing."""

from typing import Any

from bot.features.forms.fields import REASON
from bot.languages import tr
from bot.operations import Description, Effect, Frozen, Inspection, Look, Operation, Work
from bot.permissions.models import Actor


class TouchKey(Frozen):
    """A wish to touch a key."""

    key_id: int


class KeyTouch(Operation):
    """`key.touch`."""

    description = Description(
        name="key.touch", title="Touch API key", command="touch", usage="KEY", help="touch a key", button="Touch",
        asks=tr("{who} asks to touch key {name}"),
        you_ask=tr("you asked to touch key {name}"),
        done=tr("Key {name} was touched."), effect=Effect.CHANGES, fields=(REASON,),
    )
    input_model = TouchKey

    async def inspect(self, look: Look, actor: Actor, wanted: TouchKey) -> Inspection:
        raise NotImplementedError

    async def run(self, work: Work, wanted: TouchKey) -> Any:
        raise NotImplementedError


OPERATION = KeyTouch()
'''
LISTENERS = '''"""Names every way to touch a key."""

from typing import Any

from bot.deps import Deps
from bot.features.forms.key_form import register_key_form
from bot.features.key_touch.operation import OPERATION
from bot.slack.router import Router


def register(router: Router, deps: Deps) -> None:
    views: Any = None
    register_key_form(router, deps, OPERATION, views)
'''
INIT = '''"""Touch a key."""

from bot.features.key_touch.listeners import register
from bot.features.key_touch.operation import OPERATION

__all__ = ["OPERATION", "register"]
'''
# The only edits outside of the folder: file, the line before, the new line.
LINES = (
    ("bot/features/__init__.py", '    "key_delete",\n', '    "key_touch",\n'),
    ("bot/permissions/models.py", '    "key.delete",\n', '    "key.touch",\n'),
)
SHOW = """
import json
from types import SimpleNamespace
from bot.features import FEATURES, OPERATIONS
from bot.features.audit_read.words import Line, sentence
from bot.features.help.listeners import message
from bot.permissions import parse_policy
from bot.permissions.lint import lint
from bot.slack.router import Router

router = Router()
for register in FEATURES:
    register(router, SimpleNamespace())
line = Line(fact="asked", actor="U0ADA", details={"operation": "key.touch"}, request=None, units_per_usd=1,
            operations=OPERATIONS)
rule = '[roles]\\na = ["U0ADA"]\\n[[rules]]\\nname = "r"\\nwho = ["a"]\\ndo = ["%s"]\\nallow = true\\n'
print(json.dumps({
    "help": [entry.word for entry in router.help_entries()],
    "page": json.dumps(message(router).blocks),
    "command": "touch" in router.names("command"), "view": "key.touch" in router.names("view"),
    "action": "key.touch" in router.names("action"),
    "lint": [finding.sentence for finding in lint(parse_policy(rule % "key.list"))],
    "pattern": sorted(parse_policy(rule % "key.t*").rules[0].do),
    "audit": sentence(line), "why": OPERATIONS.named("touch").name,
    "buttons": [one.button for one in OPERATIONS.buttons], "table": OPERATIONS.table(),
}))
"""


def test_an_operation_is_one_folder_and_two_lines(tmp_path: Path) -> None:
    # With what is compiled: its times stay, so it is used.
    shutil.copytree(ROOT / "bot", tmp_path / "bot")
    folder = tmp_path / "bot" / "features" / "key_touch"
    folder.mkdir()
    for name, text in (("operation", OPERATION), ("listeners", LISTENERS), ("__init__", INIT)):
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    for file, before, line in LINES:
        path = tmp_path / file
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, file
        path.write_text(text.replace(before, before + line), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    shown = json.loads(ran.stdout)
    assert "touch" in shown["help"]
    assert "touch a key" in shown["page"]
    assert shown["command"]
    assert shown["view"]
    assert shown["action"]
    assert "nobody may do key.touch" in shown["lint"]
    assert shown["pattern"] == ["key.touch"]
    assert shown["audit"] == "<@U0ADA> asked for `key.touch`"
    assert shown["why"] == "key.touch"
    assert "Touch" in shown["buttons"]
    assert "| `key.touch` | `/apikey touch KEY` | touch a key | `reason` |" in shown["table"]


def test_the_documentation_is_what_the_registry_says() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs" / "operations.md").read_text(encoding="utf-8") == OPERATIONS.table()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_fields_are_those_that_the_form_asks_for(operation: str) -> None:
    asked = {block_id for name, view in forms() if name == operation for block_id in block_ids(view)}
    assert asked == set(OPERATIONS[operation].description.fields)


def test_every_command_of_an_operation_is_registered_with_its_help() -> None:
    described = {one.command: (one.usage, one.help) for one in OPERATIONS.descriptions.values() if one.command}
    router = Router()
    for register in FEATURES:
        register(router, object())  # type: ignore[arg-type]
    assert {entry.word: (entry.usage, entry.help) for entry in router.help_entries() if entry.word in described} == (
        described
    )


def test_an_operation_is_found_by_its_name_and_by_its_command() -> None:
    assert OPERATIONS.named("key.create") is OPERATIONS.named("new")
    assert OPERATIONS.named("nothing") is None
    assert next(one.button for one in OPERATIONS.buttons) == "Reveal"
    assert {name for name, one in OPERATIONS.descriptions.items() if one.creates} == {"key.create", "key.rotate"}
    assert len(FOLDERS) == len(set(FOLDERS))


def test_two_operations_of_one_name_are_a_mistake() -> None:
    twin = Description(name="key.twin", help="")
    with pytest.raises(ValueError, match="one name"):
        Registry([], [twin, twin])
