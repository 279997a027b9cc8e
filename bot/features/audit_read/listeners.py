"""`/apikey audit [KEY]`. Reads only: permission is checked, and a refusal is itself a line of the record."""

from bot.approvals import store
from bot.audit import read
from bot.deps import Deps
from bot.features.audit_read.views import ROWS, audit_page
from bot.features.forms.key_command import find_keys, one_key, split_key
from bot.gateway.models import KeyId
from bot.keys import owners
from bot.permissions.models import Ask
from bot.permissions.policy import decide
from bot.slack.blocks import escape
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router

NAME = "audit.read"


class Listeners:
    """The command."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def read(self, delivery: Delivery) -> Ack:
        """The newest lines: of one key, or of everything with the right to any."""
        deps = self._deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        text, _ = split_key(delivery.text)
        key_id, about = await self._about(delivery, text) if text else (None, "everything")
        own = key_id is not None and await deps.database.read(owners.owner_of, KeyId(key_id)) == actor.slack_user_id
        decision = decide(deps.policy(), Ask(actor=actor, operation=NAME, own=own))
        if not decision.allowed:
            await deps.flow.refuse(actor, NAME, decision, key_id=key_id)
        lines = await deps.database.read(read, key_id=key_id, limit=ROWS)
        about_requests = {int(line["request_id"]) for line in lines if line["request_id"]}
        requests = await deps.database.read(store.several, about_requests)
        return Ephemeral.of(audit_page(lines, about=about, requests=requests, units_per_usd=deps.units_per_usd))

    async def _about(self, delivery: Delivery, text: str) -> tuple[int, str]:
        """Which key is meant. A number that the record knows needs no gateway: it outlives the key."""
        number = text.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 19:
            key_id = int(number)
            if await self._deps.database.read(read, key_id=key_id, limit=1):
                return key_id, f"key {key_id}"
        key = one_key(await find_keys(self._deps, text, deadline=self._deps.left(delivery)), text)
        return int(key.id), f"key {key.id} ({escape(key.name)})"


def register(router: Router, deps: Deps) -> None:
    """Name the command."""
    router.command("audit", Listeners(deps).read, usage="[KEY]", help="who did what, when and why")
