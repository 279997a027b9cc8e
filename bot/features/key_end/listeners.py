"""Names every way to end a key. No decisions here."""

from bot.deps import Deps
from bot.features.forms.key_form import register_key_form
from bot.features.key_end import views
from bot.features.key_end.operation import OPERATION
from bot.slack.router import Router


def register(router: Router, deps: Deps) -> None:
    """The command, the button, the form."""
    register_key_form(router, deps, OPERATION, views)
