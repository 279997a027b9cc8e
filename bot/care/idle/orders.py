"""Disables what nobody answered for, as the policy says, and follows what became of it.

An order is placed only where the question has reached somebody. The owner is told once the gateway was read back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import FINAL, ApprovalRequest, Status
from bot.care import told
from bot.care.idle import store
from bot.care.idle.judgement import (
    AGAIN_SECONDS,
    IdleCare,
    IdleFacts,
    IdleJudgement,
    IdleState,
    kept,
    was_disabled,
)
from bot.care.notice import Crossing
from bot.db.engine import Database
from bot.gateway.models import EffectiveState, Key
from bot.keys import inventory_store
from bot.languages import tr

RULE = "[care] idle_answer"
# Keys that are disabled in one round: each is some calls to the gateway, which people need as well.
MOST_ORDERS = 50


class Orders(Protocol):
    """The part of care.requests.CareRequests that is needed here."""

    def by_policy(
        self,
        c: sa.Connection,
        operation: str,
        key: Key,
        /,
        *,
        delivery_id: str,
        rule: str,
        sentence: str,
        reason: str,
        own: bool,
    ) -> ApprovalRequest: ...


@dataclass(frozen=True, kw_only=True)
class IdleOrders:
    """Wants requests, and reads what became of them."""

    database: Database
    requests: Orders
    clock: Callable[[], float]

    async def place(self, due: Sequence[tuple[inventory_store.KnownKey, IdleCare]]) -> None:
        """Have these keys disabled, some in each round; the others are due in the next one too."""
        if due:
            await self.database.run(self._place, due[:MOST_ORDERS])

    def _place(self, c: sa.Connection, due: Sequence[tuple[inventory_store.KnownKey, IdleCare]]) -> None:
        for known, row in due:
            if not told.arrived(c, row.key_id, Crossing.IDLE):
                continue
            request = self.requests.by_policy(
                c,
                "key.disable",
                known.key,
                delivery_id=f"idle:{row.key_id}:{row.version}",
                rule=RULE,
                sentence=tr("The policy disables idle keys whose owner does not answer."),
                reason=tr("It was idle, and its owner did not say that it is needed."),
                own=True,
            )
            store.save(c, row, replace(row, state=IdleState.ORDERED, request_id=request.id))

    async def done(self, facts: IdleFacts, gateway_now: Callable[[int], float]) -> list[tuple[str, IdleJudgement]]:
        """What owners are to be told of orders that were carried out; those that failed are placed again later.

        `gateway_now`: the clock of a key's gateway.
        """
        rows = await self.database.read(store.ordered, limit=10 * MOST_ORDERS)
        return await self.database.run(self._done, rows, facts, gateway_now) if rows else []

    def _done(
        self,
        c: sa.Connection,
        rows: Sequence[IdleCare],
        facts: IdleFacts,
        gateway_now: Callable[[int], float],
    ) -> list[tuple[str, IdleJudgement]]:
        requests = requests_store.several(c, [row.request_id for row in rows if row.request_id is not None])
        known = inventory_store.several(c, [row.key_id for row in rows])
        found = []
        for row in rows:
            request, key = requests.get(row.request_id or 0), known.get(row.key_id)
            if key is None or request is None or request.status not in FINAL:
                continue
            mine = replace(facts, now=gateway_now(row.key_id))
            if request.status is not Status.SUCCEEDED:
                again = replace(row, state=IdleState.ASKED, due=mine.now + AGAIN_SECONDS, request_id=None)
                store.save(c, row, again)
            elif key.key.state(mine.now) is not EffectiveState.ACTIVE:
                found.append((row.owner_id, was_disabled(row, key, now=mine.now)))
            elif self.clock() - (request.settled_at or 0.0) > AGAIN_SECONDS:
                # It was enabled before anybody could be told.
                store.save(c, row, kept(row, key, mine))
        return found
