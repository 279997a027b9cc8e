"""The refills of allowances: each is a granted request of its own, asked by Keydesk, once per key and period.

A row before a call, here too: the request is stored in the transaction that marks the allowance, and everything after
that (run, read-back, record) is as for any other. Calls no gateway.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.approvals import ledger
from bot.approvals.budgets import Budgets
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import ApprovalRequest, Judgement, NewRequest, Origin, OriginKind
from bot.gateway.models import Key
from bot.gateway.numbers import gateway_of
from bot.keys import allowances, budgets, lineage, locks, owners
from bot.keys.owners import OwnedKey
from bot.languages import tr
from bot.operations import Allowance, is_refilled
from bot.permissions.models import BudgetLeft, Decision, Facts

ALLOWANCE = "key.allowance"
# The checkpoint of a refill: for which days it is, and how much it adds.
REFILL = "refill"


@dataclass(frozen=True, kw_only=True)
class Refills:
    """Begins a refill. `clock`: Unix seconds; `gateway_now`: the clock of a key's gateway."""

    granted: GrantedRequests
    budgets: Budgets
    clock: Callable[[], float]
    gateway_now: Callable[[int], float]

    def begin(
        self,
        c: sa.Connection,
        allowance: Allowance,
        key: Key,
        known: Sequence[BudgetLeft] = (),
        *,
        delay: float = 0.0,
    ) -> ApprovalRequest | None:
        """Ask for a refill of a key as it was last read. None: it is not refilled now, or another replica was first.

        `known`: the budgets that it counts against. Where those that stand have less than the refill, it is no more
        than that; with nothing it waits. `delay`: as GrantedRequests takes it.
        """
        owner = owners.find(c, key.id) if owners.owner_of(c, key.id, key.created_time) else None
        if owner is None or allowance.refill_id is not None or not self._is_in_use(c, allowance, key):
            return None
        # The row before the lock of what is counted, as everywhere. Without budgets `save` below takes it.
        row = allowances.find(c, key.id, lock=True) if known else None
        if row is not None and row.version != allowance.version:
            return None
        standing = self._left(c, known, gateway_of(key.id))
        most = min((one.left or 0 for one in standing), default=allowance.terms.amount)
        if most <= 0:
            return None
        # Before the request: whoever changes the row first is the one who asks.
        marked = allowances.save(c, allowance, allowance)
        if marked is None:
            return None
        request, _ = self.granted.insert(c, self._request(marked, key, owner, standing, most), delay=delay)
        budgets.note(c, request.id, [one.number for one in known])
        allowances.save(c, marked, replace(marked, refill_id=request.id))
        return request

    def _left(self, c: sa.Connection, known: Sequence[BudgetLeft], gateway: str) -> tuple[BudgetLeft, ...]:
        if not known:
            return ()
        ledger.lock(c)
        return self.budgets.left(c, known, gateway=gateway)

    def _is_in_use(self, c: sa.Connection, allowance: Allowance, key: Key) -> bool:
        if key.created_time != allowance.born_at or not is_refilled(key, now=self.gateway_now(key.id)):
            return False
        return locks.lock_of(c, key.id, key.created_time) is None and lineage.taken(c, key.id) is None

    def _request(
        self, allowance: Allowance, key: Key, owner: OwnedKey, standing: tuple[BudgetLeft, ...], most: int
    ) -> NewRequest:
        number, terms = f"#{allowance.request_id}", allowance.terms
        sentence = tr("It was granted with the allowance in request {number}.", number=number)
        units = min(terms.amount, most)
        facts = Facts(
            increase=units,
            allowance=terms.amount,
            allowance_period=terms.period.seconds,
            budgets=standing or None,
        )
        wanted: dict[str, Any] = {
            "key_id": int(key.id),
            "terms": terms.model_dump(mode="json"),
            "owner_id": owner.owner_id,
            "refill": True,
        }
        if units < terms.amount:
            wanted["most"] = units
        return NewRequest(
            delivery_id=f"allowance:{key.id}:{key.created_time}:{allowance.version}",
            origin=Origin(kind=OriginKind.ALLOWANCE, request_id=allowance.request_id),
            operation=ALLOWANCE,
            requester_id=owner.owner_id,
            requester_team=owner.owner_team,
            channel_id="",
            key_id=int(key.id),
            key_name=key.name,
            reason=tr("Refill by the allowance in request {number}", number=number),
            input=wanted,
            before=None,
            summary=(),
            judgement=Judgement(
                decision=Decision(outcome="allow", rule=allowance.rule, sentence=sentence), facts=facts, own=True
            ),
            asked_at=self.clock(),
        )
