"""Names every way to an allowance; without an amount the form shows the one that the key has. No decisions here."""

from dataclasses import dataclass
from typing import Any

from bot.deps import Deps
from bot.features.forms.again import register_again
from bot.features.forms.allowance_fields import as_typed
from bot.features.forms.key_command import register_key_command
from bot.features.forms.key_form import KeyForm
from bot.features.key_allowance import views
from bot.features.key_allowance.operation import OPERATION
from bot.gateway.models import Key
from bot.keys import allowances
from bot.permissions.models import Actor
from bot.slack.delivery import Delivery
from bot.slack.router import Router
from bot.typed_text import clean_line


@dataclass(frozen=True)
class PresentAllowance:
    """The form, filled in with the terms of now where the command says none."""

    deps: Deps
    form: KeyForm

    async def build(self, delivery: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        """The form for a key that was just read."""
        if not clean_line(rest):
            known = await self.deps.database.read(allowances.find, key.id, key.created_time)
            rest = as_typed(known.terms) if known is not None and known.stands else ""
        return await self.form.build(delivery, actor, key, rest)


def register(router: Router, deps: Deps) -> None:
    """The command, the button, the changes in the form and its submission."""
    form = KeyForm(deps, OPERATION, views)
    register_key_command(router, deps, OPERATION.description, PresentAllowance(deps, form).build)
    register_again(router, deps, OPERATION, form.refilled)
    router.modal_action(OPERATION.name, form.redraw)
    router.view(OPERATION.name, form.submit)
