"""*Keep* and *Enable again*. Their value is a key's number, which gives no right: the row says who was asked."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.care import told
from bot.care.idle import store
from bot.care.idle.judgement import IdleFacts, IdleState, kept
from bot.care.kind import CareParts
from bot.care.messages import ENABLE_AGAIN, KEEP, key_number
from bot.care.notice import CareOutcome, Crossing
from bot.errors import ApprovalConflict
from bot.keys import inventory_store
from bot.languages import tr
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router

_NOT_ASKED = tr("Nobody asks you about this key any more. `/apikey list` shows your keys as they are.")


@dataclass(frozen=True, kw_only=True)
class IdleButtons:
    """What the owner of an idle key may answer; *Disable* and *Delete* are those of every key."""

    parts: CareParts

    async def keep(self, delivery: Delivery) -> Ack:
        """It is needed: asked again after the same time."""
        deps = self.parts.deps
        actor = await deps.actor(delivery, fresh=True)
        await deps.flow.admit_member(actor, "key.show")
        if not await deps.database.run(self._keep, key_number(delivery), actor.slack_user_id):
            raise ApprovalConflict(_NOT_ASKED)
        return None

    def _keep(self, c: sa.Connection, key_id: int, person: str) -> bool:
        row, known = store.find(c, key_id), inventory_store.find(c, key_id)
        if (
            row is None
            or known is None
            or row.state is not IdleState.ASKED
            or not row.owner_id == person == known.owner_id
        ):
            return False
        now = self.parts.deps.reader.server_now(key_id)
        facts = IdleFacts(now=now, watched_since=0.0, terms=self.parts.terms(), billed=lambda: None)
        if not store.save(c, row, kept(row, known, facts)):
            return False
        rows = [one for one in told.still_open(c, [key_id]) if one.kind is Crossing.IDLE]
        told.close(c, self.parts.outbox, [(one, CareOutcome.KEPT) for one in rows])
        return True

    async def enable_again(self, delivery: Delivery) -> Ack:
        """Take back what silence did: a request like any other, without a form."""
        key_id, deps = key_number(delivery), self.parts.deps
        row = await deps.database.read(store.find, key_id)
        late = row is None or row.state is not IdleState.DISABLED or deps.reader.server_now(key_id) > row.due
        if row is None or late or row.owner_id != delivery.user_id:
            raise ApprovalConflict(_NOT_ASKED)
        reason = tr("It was disabled because nobody had answered, and is needed.")
        await self.parts.requests.by_click(delivery, "key.enable", reason=reason, key_id=key_id)
        return None


def register(router: Router, buttons: IdleButtons) -> None:
    """Name both."""
    router.action(KEEP, buttons.keep)
    router.action(ENABLE_AGAIN, buttons.enable_again)
