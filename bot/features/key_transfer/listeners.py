"""Names every way to give a key away, also the button by which somebody takes one over. No decisions here."""

from typing import Any

from bot.care.leavers.messages import TAKE_OVER
from bot.deps import Deps
from bot.features.forms.key_command import KeyCommand
from bot.features.forms.new_owner import register_owner_form
from bot.features.key_transfer import views
from bot.features.key_transfer.operation import OPERATION
from bot.gateway.models import Key
from bot.languages import said, tr
from bot.permissions.models import Actor
from bot.slack.delivery import Delivery
from bot.slack.router import Router


def register(router: Router, deps: Deps) -> None:
    """The command, the buttons, the form."""
    form = register_owner_form(router, deps, OPERATION, views)

    async def take_over(delivery: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        """The form with whoever clicked as the new owner; they may choose somebody else."""
        del rest
        why = said(tr("The owner has left."))
        return await form.build(delivery, actor, key, f"<@{actor.slack_user_id}> {why}")

    router.action(TAKE_OVER, KeyCommand(deps, OPERATION.description, take_over).by_button)
