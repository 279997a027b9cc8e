"""What happens to a request when nobody does anything: reminders, escalation, lapse. A late timer is a no-op."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.calls import Calls
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import WAITING, ApprovalRequest, Status
from bot.approvals.request_audit import record
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.languages import joined, tr
from bot.slack.blocks import mention, mention_all


@dataclass(frozen=True, kw_only=True)
class Timers:
    """The delayed jobs of the spine. Arguments are request ids, a reminder's also its number: `12:1`."""

    database: Database
    engine: Engine
    notifications: Notifications
    calls: Calls
    clock: Callable[[], float]

    async def lapse(self, argument: str) -> None:
        """Close a request that nobody decided in time."""
        await self.database.run(self._lapse, int(argument))

    def _lapse(self, c: sa.Connection, request_id: int) -> None:
        request = store.find(c, request_id, lock=True)
        if request is None or request.status not in WAITING:
            return
        now = self.clock()
        record(c, Fact.LAPSED, request, at=now, actor=None)
        offered = request.status is Status.OFFERED
        request = store.move(c, request, Status.EXPIRED, decided_at=now, settled_at=now)
        undecided = tr("Nobody decided in time, so the request expired.")
        unanswered = tr("The offer was not accepted in time, so the request expired.")
        self.notifications.story(c, request, unanswered if offered else undecided)
        self.notifications.announce(c, request)

    async def remind(self, argument: str) -> None:
        """Remind those who may decide, and set the next, later reminder."""
        request_id, number = (int(part) for part in argument.split(":"))
        await self.calls.schedules.look()
        await self.database.run(self._remind, request_id, number)

    def _remind(self, c: sa.Connection, request_id: int, number: int) -> None:
        request = store.find(c, request_id, lock=True)
        if request is None or request.status is not Status.PENDING or request.approval is None:
            return
        approval = request.approval
        sentence = tr(
            "Request {number} of {who} still waits for a decision (reminder {reminder}).",
            number=request.number,
            who=mention(request.requester_id),
            reminder=number,
        )
        record(c, Fact.REMINDED, request, at=self.clock(), actor=None, number=number)
        # A deleted card is posted again when it is redrawn; without a card nobody could answer the reminder.
        self.notifications.announce(c, request)
        self.calls.remind(c, request, sentence, name=str(number))
        self.engine.start(c, "approvers", f"req:{request.id}:approvers:{number}", str(request.id))
        if approval.remind is not None and number < approval.remind_most:
            delay = approval.remind * approval.remind_factor**number
            following = number + 1
            self.engine.start(
                c, "remind", f"req:{request.id}:remind:{following}", f"{request.id}:{following}", delay=delay
            )

    async def redraw(self, argument: str) -> None:
        """Draw the card again: who may answer has grown."""
        await self.calls.schedules.look()
        await self.database.run(self._redraw, int(argument))

    def _redraw(self, c: sa.Connection, request_id: int) -> None:
        request = store.find(c, request_id, lock=True)
        if request is not None and request.status is Status.PENDING:
            record(c, Fact.ESCALATED, request, at=self.clock(), actor=None)
            self.notifications.announce(c, request)
            self.engine.start(c, "approvers", f"req:{request.id}:approvers:v{request.version}", str(request.id))
            self._call_more(c, request)

    def _call_more(self, c: sa.Connection, request: ApprovalRequest) -> None:
        sentence: str = tr("Request {number} has waited long; more people may decide now.", number=request.number)
        more = sorted(self.calls.deciders(request) - set(request.progress.called) - {request.requester_id})
        if request.approval is not None and request.approval.notify == "dm":
            self.calls.start(c, request, f"escalate{request.version}")
        elif more:
            sentence = joined(mention_all(more), sentence)
        self.notifications.escalate(c, request, sentence)
