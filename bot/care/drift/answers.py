"""The buttons under a change that was made outside: accept it, or have it put back by requests like any other.

Accepting is for those who may disable any key without asking. Putting back is judged for whoever clicks, operation by
operation, and the quota goes back by as much as was added, whatever was spent meanwhile.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals.flow import Asked
from bot.approvals.models import ApprovalRequest
from bot.audit import Fact, append
from bot.care.drift import store
from bot.care.drift.comparison import put_back, reading_of
from bot.care.drift.messages import ACCEPT, PUT_BACK
from bot.care.drift.rounds import NEXT, DriftRounds
from bot.care.drift.store import KeyDrift
from bot.care.kind import CareKind, CareParts
from bot.care.rights import admit_for_any_key
from bot.deps import BACKGROUND_SECONDS
from bot.durable.engine import Again
from bot.errors import ApprovalConflict, BotError
from bot.gateway.errors import GatewayCallError
from bot.gateway.models import KeyId
from bot.languages import tr
from bot.permissions.models import Actor, ActorKind
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router

# Until Slack, or the gateway, is asked again before the next part is put back.
SILENT_SECONDS = 15.0
_ANSWERED = tr("This was answered already; the message says how.")


@dataclass(kw_only=True, eq=False)
class DriftAnswers:
    """What people do about a key that was changed outside."""

    parts: CareParts
    rounds: DriftRounds

    async def accept(self, delivery: Delivery) -> Ack:
        """The key may stay as it is."""
        actor = await admit_for_any_key(self.parts.deps, delivery)
        key_id = _number(delivery.action_value)
        error = await self.parts.deps.database.run(self._accept, key_id, actor.slack_user_id)
        if error is not None:
            raise error
        return None

    def _accept(self, c: sa.Connection, key_id: int, by: str) -> BotError | None:
        store.lock(c)
        row = store.find(c, key_id)
        if row is None or not row.is_open or row.requests:
            return ApprovalConflict(_ANSWERED)
        store.put(c, key_id, drift=None, outcome="accepted", answered_by=by)
        append(c, fact=Fact.DRIFTED, at=self.parts.deps.clock(), actor=by, key_id=key_id, details={"accepted": True})
        self.rounds.draw(c, row.card)
        return None

    async def put_back(self, delivery: Delivery) -> Ack:
        """Ask for what brings the key back to what was agreed: one request after the other, since each is judged by
        the record as it is, and the next would find it changed.
        """
        deps = self.parts.deps
        actor = await deps.actor(delivery, fresh=True)
        await deps.flow.admit(actor, "key.update")
        row = await deps.database.read(store.find, _number(delivery.action_value))
        if row is None or not row.is_open or row.requests:
            raise ApprovalConflict(_ANSWERED)
        made = await self._ask_first(actor, row, deadline=deps.left(delivery))
        await deps.database.run(self._asked, row.key_id, made, actor.slack_user_id)
        return None

    async def next(self, argument: str) -> Again | None:
        """The durable job: a part was put back, and another is asked for, for whoever clicked."""
        deps = self.parts.deps
        row = await deps.database.read(store.find, int(argument))
        if row is None or not row.is_open or not row.requests or any(row.requests.values()):
            return None
        actor = await deps.directory.actor(row.answered_by or "", self.parts.requests.team_id, fresh=True)
        if actor.kind is ActorKind.UNKNOWN:
            return Again(SILENT_SECONDS)
        try:
            made = await self._ask_first(actor, row, deadline=BACKGROUND_SECONDS)
        except GatewayCallError:
            return Again(SILENT_SECONDS)
        except BotError:
            made = {}  # recorded where it was refused; the buttons are back, and say why
        await deps.database.run(self._asked, row.key_id, made, actor.slack_user_id)
        return None

    async def _ask_first(self, actor: Actor, row: KeyDrift, *, deadline: float) -> dict[str, int]:
        """Ask for the first of what is to be put back. Its request by operation, and 0 for those that follow."""
        fresh = await self.parts.deps.reader.get_key(KeyId(row.key_id), deadline=deadline)
        wishes = put_back(row.key_id, row.drift, reading_of(fresh))
        operation = next(iter(wishes))
        request = await self._ask(actor, row, operation, wishes[operation], deadline=deadline)
        return {**dict.fromkeys(wishes, 0), operation: request.id}

    async def _ask(
        self, actor: Actor, row: KeyDrift, operation: str, wanted: dict[str, object], *, deadline: float
    ) -> ApprovalRequest:
        deps, asks = self.parts.deps, self.parts.deps.operations[operation]
        return await deps.flow.submit(
            Asked(
                actor=actor,
                operation=asks,
                wanted=asks.input_model.model_validate(wanted),
                reason=tr("It was changed outside Keydesk, and is put back."),
                channel_id=self.parts.security_channel,
                # The same for two clicks; another one when the first came to nothing.
                delivery_id=f"drift:{row.key_id}:{row.card}:{row.tries}:{operation}",
                deadline=deadline,
            )
        )

    def _asked(self, c: sa.Connection, key_id: int, made: dict[str, int], by: str) -> None:
        row = store.find(c, key_id)
        if row is None or not row.is_open:
            return
        store.put(c, key_id, requests=made or None, answered_by=by)
        self.rounds.draw(c, row.card)
        # One that was granted at once may have ended before it was written down here.
        self.rounds.key_changed(c, key_id)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0


def build(parts: CareParts, router: Router) -> CareKind:
    """The round and the buttons."""
    rounds = DriftRounds(parts=parts, in_batch=parts.in_batch)
    answers = DriftAnswers(parts=parts, rounds=rounds)
    router.action(ACCEPT, answers.accept)
    router.action(PUT_BACK, answers.put_back)
    return CareKind(
        name="drift",
        round=rounds.round,
        jobs={NEXT: answers.next},
        key_changed=rounds.key_changed,
        written=rounds.written,
    )
