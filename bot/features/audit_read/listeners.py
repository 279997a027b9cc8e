"""`/apikey audit [KEY | @person]`. Reads only: permission is checked, and a refusal is itself a line of the record."""

import re
from dataclasses import dataclass, replace

from bot.approvals import store
from bot.audit import read
from bot.deps import Deps
from bot.errors import GatewayError
from bot.features.audit_read.views import NEWEST, OLDER, ROWS, audit_page
from bot.gateway.numbers import shown_number
from bot.keys import owners
from bot.keys.lookup import one
from bot.keys.reference import KeyReference
from bot.languages import tr
from bot.operations import Description
from bot.permissions.models import Actor
from bot.slack.blocks import mention, plain_name
from bot.slack.delivery import Ack, Delivery, Ephemeral, Kind
from bot.slack.inputs import MENTION
from bot.slack.router import Router
from bot.typed_text import clean_line

DESCRIPTION = Description(
    name="audit.read", command="audit", usage="[KEY | @person]", help=tr("who did what, when and why")
)
NAME = DESCRIPTION.name
# What the button to older lines holds, after the key or the person.
_BEFORE = re.compile(r"(?:^|\s)before:(?P<line>[0-9]{1,15})\s*\Z")


@dataclass(frozen=True)
class AuditReadListeners:
    """The command."""

    deps: Deps

    async def read(self, delivery: Delivery) -> Ack:
        """The newest lines, or those before one: of one key, or of one person or everything with the right to any."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        clicked = delivery.kind is Kind.ACTION
        text, before = _before(delivery.action_value if clicked else delivery.text)
        person = MENTION.fullmatch(clean_line(text))
        rights = {
            own: deps.access.decide_unread(actor, NAME, own=own, channel=delivery.channel_id) for own in (True, False)
        }
        if clean_line(text) and not any(right.allowed for right in rights.values()):
            # The same for every key, so it tells nothing of one.
            await deps.flow.refuse(actor, NAME, rights[True])
        if person is not None:
            key_id, about = None, mention(person["id"])
        else:
            key_id, about = await self._about(delivery, actor, text) if clean_line(text) else (None, "")
        own = key_id is not None and await deps.database.read(owners.owner_of, key_id) == actor.slack_user_id
        decision = rights[own]
        if not decision.allowed:
            if key_id is not None:
                await deps.access.turn_away(actor, NAME, [], text, channel=delivery.channel_id)
            await deps.flow.refuse(actor, NAME, decision)
        of_person = None if person is None else person["id"]
        lines = await deps.database.read(read, key_id=key_id, actor=of_person, before=before, limit=ROWS + 1)
        about_requests = {int(line["request_id"]) for line in lines if line["request_id"]}
        requests = await deps.database.read(store.several, about_requests)
        page = audit_page(
            lines,
            about=about,
            text=mention(of_person) if of_person else "" if key_id is None else str(key_id),
            later=before is not None,
            requests=requests,
            dollars=deps.dollars,
            operations=deps.operations,
        )
        return replace(Ephemeral.of(page), in_place=clicked)

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
            return number, tr("key {number}", number=shown_number(number))
        if not matches:
            await deps.access.turn_away(actor, NAME, [], text, channel=delivery.channel_id)
        key = one(matches, text).key
        return int(key.id), tr("key {number} ({name})", number=shown_number(key.id), name=plain_name(key.name))


def _before(text: str) -> tuple[str, int | None]:
    """What is asked about, and the number of the line before which the lines are to be."""
    found = _BEFORE.search(text)
    return (text.strip(), None) if found is None else (text[: found.start()].strip(), int(found["line"]))


def register(router: Router, deps: Deps) -> None:
    """Name the command."""
    listeners = AuditReadListeners(deps)
    router.command(DESCRIPTION.command, listeners.read, usage=DESCRIPTION.usage, help=DESCRIPTION.help)
    for action_id in (OLDER, NEWEST):
        router.action(action_id, listeners.read)
