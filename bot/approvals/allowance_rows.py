"""What a request that was settled means for the allowance of its key, written with its outcome.

An allowance begins, changes and ends by `key.allowance`; its first refill is asked for at once, in the same
transaction, unless the days are covered by an earlier one. A new key may begin with one, filled for the present period.
It goes with a rotation to the new key, and ends with the key, or with its owner: whoever gets a key asks for an
allowance of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Any

import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, OriginKind, Status
from bot.approvals.refills import ALLOWANCE, REFILL, Refills
from bot.gateway.models import Key
from bot.gateway.writes import WriteResult
from bot.keys import allowances
from bot.operations import Allowance, AllowanceTerms, Coverage, Effect, Operation, is_refilled
from bot.periods import Span, day_of, span_of


@dataclass(frozen=True, kw_only=True)
class AllowanceRows:
    """`time_zone`: in which periods begin. `clock`: Unix seconds; `gateway_now`: the clock of a key's gateway."""

    refills: Refills
    notifications: Notifications
    time_zone: Callable[[], tzinfo]
    clock: Callable[[], float]
    gateway_now: Callable[[int], float]

    def follow(self, c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult) -> None:
        """After a request was settled."""
        if request.origin.kind is OriginKind.ALLOWANCE:
            self._refilled(c, request, result)
        elif request.status is not Status.SUCCEEDED or request.key_id is None:
            return
        elif operation.name == ALLOWANCE and result.key is not None:
            self._change(c, request, result.key)
        elif operation.effect is Effect.CREATES and result.key is not None:
            self._create(c, request, result.key)
        elif operation.effect is Effect.REPLACES and result.key is not None:
            self._move(c, request.key_id, result.key)
        elif operation.effect in {Effect.DELETES, Effect.GIVES}:
            self._end(c, request.key_id)

    def reconcile(self, c: sa.Connection, allowance: Allowance) -> Allowance | None:
        """The row without its refill under way, where that has ended by a way that leads past `follow`, or waits for a
        person to look. None: it is under way, or was changed meanwhile. What may have been added counts as added.
        """
        if allowance.refill_id is None:
            return allowance
        request = store.find(c, allowance.refill_id)
        by_hand = request is not None and request.outcome is not None and request.outcome.by_hand
        if request is not None and request.status not in {Status.FAILED, Status.SUCCEEDED} and not by_hand:
            return None
        after = replace(allowance, refill_id=None)
        covered = None if request is None else _coverage(c, request)
        return allowances.save(c, allowance, after if covered is None else replace(after, covered=covered))

    def _change(self, c: sa.Connection, request: ApprovalRequest, key: Key) -> None:
        before = allowances.find(c, key.id, lock=True)
        if before is not None and before.born_at != key.created_time:
            allowances.forget(c, key.id)
            before = None
        # What the first refill gives is written down with the refill.
        ledger.take_back(c, request.id)
        if request.input["terms"] is None:
            self._end(c, int(key.id))
            return
        new: dict[str, Any] = {
            "terms": AllowanceTerms.model_validate(request.input["terms"]),
            "request_id": request.id,
            "rule": request.judgement.decision.rule or "",
            "set_at": self.clock(),
            "ended_at": None,
            "failed_at": None,
        }
        if before is None:
            after = Allowance(key_id=int(key.id), born_at=key.created_time, **new)
        else:
            after = replace(before, **new)
        saved = allowances.save(c, before, after)
        if saved is not None and not saved.is_covered(self._today()):
            self.refills.begin(c, saved, key, request.judgement.facts.budgets or ())

    def _create(self, c: sa.Connection, request: ApprovalRequest, key: Key) -> None:
        """A new key begins filled, and its quota counts for the present period."""
        refill = request.input.get("refill")
        if refill is None:
            return
        allowances.forget(c, int(key.id))
        terms = AllowanceTerms(amount=request.input["remain_quota"], period=refill)
        covered = Coverage(span=span_of(terms.period, self._today()), terms=terms, owner_id=request.requester_id)
        new = Allowance(
            key_id=int(key.id),
            born_at=key.created_time,
            terms=terms,
            request_id=request.id,
            rule=request.judgement.decision.rule or "",
            set_at=self.clock(),
            covered=covered,
        )
        allowances.save(c, None, new)

    def _end(self, c: sa.Connection, key_id: int) -> None:
        before = allowances.find(c, key_id, lock=True)
        if before is not None and before.stands:
            allowances.save(c, before, replace(before, ended_at=self.clock()))

    def _move(self, c: sa.Connection, old_id: int, new: Key) -> None:
        """The successor of a rotated key goes on with its allowance, and with the days that are covered when that has
        ended: they count for whoever asks for another one. What a refill under way may have added counts as added.
        """
        before = allowances.find(c, old_id, lock=True)
        if before is None:
            return
        refill = None if before.refill_id is None else store.find(c, before.refill_id)
        covered = (None if refill is None else _coverage(c, refill)) or before.covered
        allowances.forget(c, old_id)
        allowances.forget(c, int(new.id))
        after = replace(before, key_id=int(new.id), born_at=new.created_time, refill_id=None, covered=covered)
        allowances.save(c, None, after)

    def _refilled(self, c: sa.Connection, request: ApprovalRequest, result: WriteResult) -> None:
        """Refilled: it covers its days. Failed: its owner is told, once until it works again. Not in use: quiet."""
        row = None if request.key_id is None else allowances.find(c, request.key_id, lock=True)
        if request.status is Status.SUCCEEDED:
            ledger.set_units(c, request.id, result.moved)
        if row is None or row.refill_id != request.id:
            return
        after = replace(row, refill_id=None)
        if request.status is Status.SUCCEEDED or result.moved:
            after = replace(after, covered=_coverage(c, request) or row.covered, failed_at=None)
        elif result.key is None or is_refilled(result.key, now=self.gateway_now(result.key.id)):
            after = replace(after, failed_at=self.clock())
            if row.failed_at is None:
                self.notifications.tell(c, request)
        allowances.save(c, row, after)

    def _today(self) -> date:
        return day_of(self.clock(), self.time_zone())


def _coverage(c: sa.Connection, request: ApprovalRequest) -> Coverage | None:
    """The days that a refill is for; None for one that had not begun."""
    mark = store.get(c, request.id).progress.checkpoints.get(REFILL)
    if mark is None:
        return None
    span = Span(first=date.fromisoformat(mark["first"]), until=date.fromisoformat(mark["until"]))
    terms = AllowanceTerms.model_validate(request.input["terms"])
    return Coverage(span=span, terms=terms, owner_id=request.requester_id)
