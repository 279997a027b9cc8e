"""Every way in to `key.transfer` has a name: the command, the button, the form and the changes in it."""

from types import SimpleNamespace
from typing import Any

from bot.features.key_transfer import OPERATION, register
from bot.slack.router import Router


def test_the_command_the_button_and_the_form_are_named() -> None:
    router = Router()
    deps: Any = SimpleNamespace()
    register(router, deps)
    assert router.names("command") == {"give"}
    assert router.names("view") == {OPERATION.name} == {"key.transfer"}
    assert OPERATION.name in router.names("action")
    [entry] = router.help_entries()
    assert (entry.word, entry.usage, entry.help) == ("give", "KEY @person", OPERATION.description.help)
