"""Every way in to `key.quota` has a name: the command, the button, the form and the changes in it."""

from types import SimpleNamespace
from typing import Any

from bot.features.key_quota import OPERATION, register
from bot.slack.router import Router


def test_the_command_the_button_and_the_form_are_named() -> None:
    router = Router()
    deps: Any = SimpleNamespace()
    register(router, deps)
    assert router.names("command") == {"quota"}
    assert router.names("view") == {OPERATION.name} == {"key.quota"}
    assert router.names("action") == {OPERATION.name, "key.more"}
    [entry] = router.help_entries()
    assert (entry.word, entry.help) == ("quota", OPERATION.description.help)
