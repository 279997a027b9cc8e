"""What follows a request that people must decide: its line in the record, its timers, its card, who is called.

Whoever asked waits for one row. Everything else is made from that row right after the answer, for all that came
meanwhile in one transaction. `announced` is part of the row, so a process that dies in between leaves it to its next
start or to another replica, and nobody can decide a request before it is announced (actions.py).
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.approver_check import JOB as APPROVERS
from bot.approvals.approver_check import ApproverCheck
from bot.approvals.calls import AN_HOUR, MOST_OF_ONE_PERSON, Calls
from bot.approvals.cards.notifications import Notifications
from bot.approvals.granted import record_asked
from bot.approvals.models import ApprovalRequest
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.permissions.models import Approval

logger = logging.getLogger(__name__)

# Some 5 ms of the writer, in which an answer waits.
MOST_AT_ONCE = 16
# What a process that died has left is looked for so often.
LOOK_SECONDS = 5.0
MOST_KEPT = 1_000


@dataclass(kw_only=True, eq=False)
class Announcements:
    """One background task. `soon` hands it what was stored here; without that it looks for what others have left."""

    database: Database
    engine: Engine
    calls: Calls
    notifications: Notifications
    approver_check: ApproverCheck
    clock: Callable[[], float]
    # What does not fit is found as what others have left.
    _stored: deque[ApprovalRequest] = field(default_factory=lambda: deque(maxlen=MOST_KEPT), init=False)
    _looked_at: float = field(default_factory=time.monotonic, init=False)
    _bell: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin; what an earlier process has left comes first."""
        self._task = asyncio.get_running_loop().create_task(self._serve())

    async def stop(self) -> None:
        """Announce no more; the next start does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def soon(self, request: ApprovalRequest) -> None:
        """A request was stored."""
        self._stored.append(request)
        self._bell.set()

    async def _serve(self) -> None:
        while True:
            await self.run()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._bell.wait()

    async def run(self) -> None:
        """Announce what was stored here, or else what others have left. What fails is tried again at a later look."""
        self._bell.clear()
        # Also where more is stored here all the time.
        look = not self._stored or time.monotonic() - self._looked_at >= LOOK_SECONDS
        try:
            while found := self._taken() or (await self._left() if look else []):
                if not await self._announce_each(found):
                    return
        except (sa.exc.SQLAlchemyError, ValueError):
            # Also for a row that cannot be read: what is stored here later is announced all the same.
            logger.exception("stored requests could not be looked for; looking again")

    def _taken(self) -> list[ApprovalRequest]:
        return [self._stored.popleft() for _ in range(min(MOST_AT_ONCE, len(self._stored)))]

    async def _left(self) -> list[ApprovalRequest]:
        self._looked_at = time.monotonic()
        return await self.database.read(store.unannounced, most=MOST_AT_ONCE)

    async def _announce_each(self, found: list[ApprovalRequest]) -> int:
        """How many it did. Each by itself, so that one that fails keeps none back; on SQLite they share a commit."""
        work = (self.database.run(self._announce, request) for request in found)
        errors = await asyncio.gather(*work, return_exceptions=True)
        for request, error in zip(found, errors, strict=True):
            if error is not None:
                logger.error("request %s could not be announced; trying again", request.number, exc_info=error)
        return errors.count(None)

    def _announce(self, c: sa.Connection, request: ApprovalRequest) -> None:
        self.announce(c, request)

    def announce(self, c: sa.Connection, request: ApprovalRequest) -> ApprovalRequest:
        """Announce a request unless it was, in a transaction in which nobody else changes it."""
        approval = request.approval
        if request.announced or approval is None:
            return request
        recent = store.recent_before(c, request, since=request.asked_at - AN_HOUR, most=MOST_OF_ONE_PERSON)
        calls = recent < MOST_OF_ONE_PERSON
        progress = self.calls.on_card(c, approval, request) if calls else request.progress
        announced = store.record_announcement(c, request, progress)
        if announced is None:
            return request
        record_asked(c, announced)
        self._start_timers(c, announced, approval)
        if calls and approval.notify in {"dm", "both"}:
            self.calls.start(c, announced, "asked")
        self.notifications.announce(c, announced)
        return announced

    def _start_timers(self, c: sa.Connection, request: ApprovalRequest, approval: Approval) -> None:
        since = self.clock() - request.asked_at
        if not self.approver_check.sees_somebody(request):
            self.engine.start(c, APPROVERS, f"req:{request.id}:approvers", str(request.id))
        self.engine.start(
            c, "lapse", f"req:{request.id}:expire", str(request.id), delay=max(0.0, approval.expires - since)
        )
        if approval.remind is not None:
            self.engine.start(c, "remind", f"req:{request.id}:remind:1", f"{request.id}:1", delay=approval.remind)
        for number, after in enumerate(sorted({e.after for stage in approval.stages for e in stage.escalations})):
            delay = max(0.0, after - since)
            self.engine.start(c, "redraw", f"req:{request.id}:escalate:{number}", str(request.id), delay=delay)
