"""Names every way to disable a key. No decisions here."""

from bot.deps import Deps
from bot.features.forms.key_form import register_key_form
from bot.features.key_disable import views
from bot.features.key_disable.operation import OPERATION
from bot.slack.router import Router


def register(router: Router, deps: Deps) -> None:
    """The command, the button, the form."""
    register_key_form(
        router,
        deps,
        OPERATION,
        views,
        word="disable",
        usage="KEY…",
        help="take keys out of use and prove that they are; also `all of @person`, `created before 2026-03-01`",
    )
