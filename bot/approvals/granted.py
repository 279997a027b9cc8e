"""The one place that stores a request which needs no person's decision, and starts its run in the same transaction.

The policy allows it, or allows it with a review afterwards (break-glass); it ends a rotation that was granted before;
it refills a key by an allowance that was granted before; the policy's [alerts] table disables a leaked key at once, or
its [care] table a key whose owner has left; or a review decided it.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, NewRequest, OriginKind, Status
from bot.approvals.record_check import INPUT, input_digest
from bot.approvals.request_audit import record
from bot.audit import Fact
from bot.durable.engine import Engine


@dataclass(frozen=True, kw_only=True)
class GrantedRequests:
    """Stores requests as approved, once per delivery id."""

    engine: Engine
    notifications: Notifications

    def insert(self, c: sa.Connection, new: NewRequest, *, delay: float = 0.0) -> tuple[ApprovalRequest, bool]:
        """The stored request, and whether it is new. A repeat returns the first one and starts nothing. `delay`: until
        its run, for whoever runs it at once together with others, and may die.
        """
        break_glass = new.judgement.decision.approval is not None
        request, is_new = store.insert(
            c, new, status=Status.APPROVED, lapses_at=None, decided_at=new.asked_at, break_glass=break_glass
        )
        if not is_new:
            return request, False
        ledger.grant(c, request, at=new.asked_at)
        record_asked(c, request)
        fact = Fact.BROKE_GLASS if break_glass else Fact.APPROVED
        record(c, fact, request, at=new.asked_at, actor=None, rule=new.judgement.decision.rule)
        self.engine.start(c, "run", f"req:{request.id}:run", str(request.id), delay=delay)
        self.notifications.announce(c, request)
        return request, True


def record_asked(c: sa.Connection, request: ApprovalRequest) -> None:
    """The first line of a request in the record: who asked, why, and what led to it."""
    origin = request.origin
    details: dict[str, object] = {"rule": request.judgement.decision.rule, INPUT: input_digest(request.input)}
    if origin.kind is OriginKind.ROTATION_END:
        details["rotation"] = origin.request_id
    if origin.kind is OriginKind.ALLOWANCE:
        details["allowance"] = origin.request_id
    if origin.alert_id is not None:
        details["alert"] = origin.alert_id
    if origin.person_id is not None:
        details["left"] = origin.person_id
    if origin.review_id is not None:
        details["review"] = origin.review_id
    if origin.by_person and request.reason:
        details["why"] = request.reason
    actor = request.requester_id if origin.by_person else None
    record(c, Fact.ASKED, request, at=request.asked_at, actor=actor, **details)
