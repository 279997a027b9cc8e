"""*Disable now* and *It is me*. Their value is a key's number, which gives no right."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot.care import told
from bot.care.anomaly import store
from bot.care.anomaly.judgement import MUTED_SECONDS
from bot.care.kind import CareParts
from bot.care.messages import DISABLE_NOW, MINE, key_number
from bot.care.notice import CareOutcome, Crossing
from bot.errors import ApprovalConflict
from bot.keys import inventory_store
from bot.languages import tr
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router

_NOT_ASKED = tr("Only the owner of a key can say so, while the message is open.")


@dataclass(frozen=True, kw_only=True)
class AnomalyButtons:
    """What the owner and security may answer."""

    parts: CareParts

    async def disable(self, delivery: Delivery) -> Ack:
        """Take the key out of use: a request like any other, without a form."""
        reason = tr("It spent far more than it usually does.")
        await self.parts.requests.by_click(delivery, "key.disable", reason=reason, key_id=key_number(delivery))
        return None

    async def mine(self, delivery: Delivery) -> Ack:
        """The owner knows why: nothing is said about this key for a day."""
        deps = self.parts.deps
        actor = await deps.actor(delivery, fresh=True)
        await deps.flow.admit_member(actor, "key.show")
        if not await deps.database.run(self._mute, key_number(delivery), actor.slack_user_id):
            raise ApprovalConflict(_NOT_ASKED)
        return None

    def _mute(self, c: sa.Connection, key_id: int, person: str) -> bool:
        row, known = store.find(c, key_id), inventory_store.find(c, key_id)
        rows = [one for one in told.still_open(c, [key_id]) if one.kind is Crossing.ANOMALY]
        if row is None or known is None or known.owner_id != person or not rows:
            return False
        if not store.save(c, row, replace(row, told=False, muted_until=self.parts.deps.clock() + MUTED_SECONDS)):
            return False
        told.close(c, self.parts.outbox, [(one, CareOutcome.MINE) for one in rows])
        return True


def register(router: Router, buttons: AnomalyButtons) -> None:
    """Name both."""
    router.action(DISABLE_NOW, buttons.disable)
    router.action(MINE, buttons.mine)
