"""Names every way to change a quota, also the button that asks for what a month costs. No decisions here."""

from dataclasses import dataclass
from typing import Any

from bot.care.messages import MORE
from bot.deps import Deps
from bot.features.forms.key_command import KeyCommand
from bot.features.forms.key_form import KeyForm, register_key_form
from bot.features.key_quota import views
from bot.features.key_quota.operation import OPERATION
from bot.gateway.models import Key
from bot.keys.spending import forecast
from bot.permissions.models import Actor
from bot.slack.delivery import Delivery
from bot.slack.router import Router


@dataclass(frozen=True)
class MonthOfQuota:
    """The form, filled in with what a month costs at the usual pace; empty while that is not known."""

    deps: Deps
    form: KeyForm

    async def build(self, delivery: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        """The form for a key that was just read."""
        del rest
        return await self.form.build(delivery, actor, key, "" if key.unlimited_quota else await self._month(key))

    async def _month(self, key: Key) -> str:
        now, units = self.deps.reader.server_now(key.id), self.deps.dollars.of(key.id)
        spent = (await self.deps.known.spending([key.id], now=now)).get(int(key.id))
        coming = None if spent is None else forecast(spent, remain=key.remain_quota, now=now)
        if coming is None or coming.per_month <= 0:
            return ""
        # Whole dollars, rounded up, where it is as much as one.
        return f"+${-(-coming.per_month // units)}" if coming.per_month >= units else f"+{coming.per_month}"


def register(router: Router, deps: Deps) -> None:
    """The command, the buttons, the form."""
    form = register_key_form(router, deps, OPERATION, views)
    router.action(MORE, KeyCommand(deps, OPERATION.description, MonthOfQuota(deps, form).build).by_button)
