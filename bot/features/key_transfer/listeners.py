"""Names every way to give a key away. No decisions here."""

from bot.deps import Deps
from bot.features.forms.new_owner import register_owner_form
from bot.features.key_transfer import views
from bot.features.key_transfer.operation import OPERATION
from bot.slack.router import Router


def register(router: Router, deps: Deps) -> None:
    """The command, the button, the form."""
    register_owner_form(router, deps, OPERATION, views)
