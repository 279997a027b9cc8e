"""`/apikey audit [KEY]`. Reads only: permission is checked, and a refusal is itself a line of the record."""

from dataclasses import dataclass

from bot.approvals import store
from bot.audit import read
from bot.deps import Deps
from bot.errors import GatewayError
from bot.features.audit_read.views import ROWS, audit_page
from bot.keys import owners
from bot.keys.lookup import one
from bot.keys.reference import KeyReference
from bot.languages import tr
from bot.operations import Description
from bot.permissions.models import Actor
from bot.slack.blocks import plain_name
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router
from bot.typed_text import clean_line

DESCRIPTION = Description(name="audit.read", command="audit", usage="[KEY]", help=tr("who did what, when and why"))
NAME = DESCRIPTION.name


@dataclass(frozen=True)
class AuditReadListeners:
    """The command."""

    deps: Deps

    async def read(self, delivery: Delivery) -> Ack:
        """The newest lines: of one key, or of everything with the right to any."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        text = delivery.text.strip()
        rights = {
            own: deps.access.decide_unread(actor, NAME, own=own, channel=delivery.channel_id) for own in (True, False)
        }
        if clean_line(text) and not any(right.allowed for right in rights.values()):
            # The same for every key, so it tells nothing of one.
            await deps.flow.refuse(actor, NAME, rights[True])
        key_id, about = await self._about(delivery, actor, text) if clean_line(text) else (None, "")
        own = key_id is not None and await deps.database.read(owners.owner_of, key_id) == actor.slack_user_id
        decision = rights[own]
        if not decision.allowed:
            if key_id is not None:
                await deps.access.turn_away(actor, NAME, [], text, channel=delivery.channel_id)
            await deps.flow.refuse(actor, NAME, decision)
        lines = await deps.database.read(read, key_id=key_id, limit=ROWS)
        about_requests = {int(line["request_id"]) for line in lines if line["request_id"]}
        requests = await deps.database.read(store.several, about_requests)
        page = audit_page(
            lines, about=about, requests=requests, units_per_usd=deps.units_per_usd, operations=deps.operations
        )
        return Ephemeral.of(page)

    async def _about(self, delivery: Delivery, actor: Actor, text: str) -> tuple[int, str]:
        """Which key is meant. A number that the record knows needs no gateway: it outlives the key."""
        deps, number = self.deps, KeyReference(text).number
        recorded = [] if number is None else await deps.database.read(read, key_id=number, limit=1)
        try:
            matches = await deps.lookup.whole(text, deadline=deps.left(delivery))
        except GatewayError:
            if not recorded:
                raise
            matches = []
        if number is not None and recorded and not any(match.key.id != number for match in matches):
            return number, tr("key {number}", number=number)
        if not matches:
            await deps.access.turn_away(actor, NAME, [], text, channel=delivery.channel_id)
        key = one(matches, text).key
        return int(key.id), tr("key {number} ({name})", number=key.id, name=plain_name(key.name))


def register(router: Router, deps: Deps) -> None:
    """Name the command."""
    router.command(DESCRIPTION.command, AuditReadListeners(deps).read, usage=DESCRIPTION.usage, help=DESCRIPTION.help)
