"""Every way in to `key.rotate` has a name: the command, the button, the form and the changes in it."""

from types import SimpleNamespace
from typing import Any

from bot.features.key_rotate import OPERATION, register
from bot.slack.router import Router


def test_the_command_the_button_and_the_form_are_named() -> None:
    router = Router()
    deps: Any = SimpleNamespace()
    register(router, deps)
    assert router.names("command") == {"rotate"}
    assert router.names("view") == {OPERATION.name} == {"key.rotate"}
    assert OPERATION.name in router.names("action")
    [entry] = router.help_entries()
    assert (entry.word, entry.help) == ("rotate", OPERATION.description.help)
