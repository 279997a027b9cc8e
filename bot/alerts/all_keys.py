"""*All keys* on the card of an alert: opens the window with every key that it names, and turns its pages.

Whoever may look at any key, or disable any, sees all of them; anybody else only their own.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.cards.all_keys import BACK, NEXT, ON_PAGE, keys_window, last_page
from bot.alerts.cards.card import ALL_KEYS
from bot.alerts.cards.key_state import Requests
from bot.alerts.models import Alert, KeySnapshot
from bot.deps import Deps
from bot.errors import ApprovalConflict
from bot.keys import inventory_store
from bot.keys.access import SHOW
from bot.languages import tr
from bot.permissions.models import Actor
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router

_DISABLE = "key.disable"


@dataclass(frozen=True)
class AllKeys:
    """The button and the two that turn pages. `channel`: of the alerts, which rules may name."""

    deps: Deps
    channel: str

    async def open(self, delivery: Delivery) -> Ack:
        """Show the first page."""
        await delivery.responder.open_modal(delivery, await self._window(delivery, _number(delivery.action_value), 0))
        return None

    async def turn(self, delivery: Delivery) -> Ack:
        """Another page. Only what we wrote into the window ourselves says whose keys somebody is shown."""
        alert_id = delivery.private_metadata.partition(":")[0] if delivery.written_at is not None else ""
        view = await self._window(delivery, _number(alert_id), _number(delivery.action_value))
        delivery.responder.later(delivery.responder.update_modal(delivery, view), delivery=delivery)
        return None

    async def _window(self, delivery: Delivery, alert_id: int, page: int) -> dict[str, Any]:
        actor = await self.deps.actor(delivery, fresh=True)
        await self.deps.flow.admit(actor, SHOW)
        found = await self.deps.database.read(self._alert, alert_id)
        if found is None:
            raise ApprovalConflict(tr("There is no such alert any more."))
        alert, requests = found
        visible = await self._visible(actor, alert)
        number = min(page, last_page(len(visible)))
        shown = visible[number * ON_PAGE : (number + 1) * ON_PAGE]
        return keys_window(alert, shown, requests, total=len(visible), number=number, now=self.deps.clock())

    async def _visible(self, actor: Actor, alert: Alert) -> list[int]:
        """The keys that this person may look at. Raises PermissionDenied (recorded) where that is none."""
        judged = [
            self.deps.access.decide_unread(actor, one, own=False, channel=self.channel) for one in (SHOW, _DISABLE)
        ]
        if any(decision.outcome != "deny" for decision in judged):
            return list(alert.keys)
        own = [key_id for key_id, seen in alert.keys.items() if seen.owner == actor.slack_user_id]
        if not own:
            await self.deps.flow.refuse(actor, SHOW, judged[0])
        return own

    def _alert(self, c: sa.Connection, alert_id: int) -> tuple[Alert, Requests] | None:
        """The alert with every key that it names, those beyond its findings as the list of all keys knows them."""
        alert = store.find(c, alert_id)
        if alert is None:
            return None
        whole = sightings.whole(c, alert)
        ids = dict.fromkeys((*whole.all_sure_keys, *whole.possible_keys))
        listed = inventory_store.several(c, [key_id for key_id in ids if key_id not in whole.keys])
        keys = {key_id: whole.keys.get(key_id) or KeySnapshot(key_id=key_id) for key_id in ids}
        for key_id, known in listed.items():
            owner, now = known.owner_id or "", self.deps.reader.server_now(key_id)
            seen = KeySnapshot.of(known.key, owner=owner, now=now, looked_at=known.read_at)
            keys[key_id] = seen.model_copy(update={"gone": known.gone_at is not None})
        return whole.model_copy(update={"keys": keys}), store.requests_of(c, whole)


def _number(text: str) -> int:
    """The number in a value; 0, which no row has, when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def register(router: Router, listeners: AllKeys) -> None:
    """Name the buttons."""
    router.action(ALL_KEYS, listeners.open)
    router.action(BACK, listeners.turn)
    router.action(NEXT, listeners.turn)
