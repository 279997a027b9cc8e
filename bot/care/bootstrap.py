"""Makes every kind of care and names its ways in. Called by services.py: `drawers` first, `build` once all is there.

A new kind is a line in DRAWERS when it posts messages, and a line in BUILDERS.
"""

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from bot.approvals.models import FINAL, ApprovalRequest, Status
from bot.care import messages, refills, rounds
from bot.care.anomaly import messages as anomaly_messages
from bot.care.anomaly import rounds as anomaly_rounds
from bot.care.drift import answers as drift
from bot.care.drift import messages as drift_messages
from bot.care.kind import CareKind, CareParts
from bot.care.leavers import departures as leavers
from bot.care.leavers import messages as leaver_messages
from bot.care.schedule import CareSchedule
from bot.care.undecided import home_rows
from bot.care.unknown_keys import messages as unknown_key_messages
from bot.care.unknown_keys import rounds as unknown_keys
from bot.care.weekly import messages as weekly_messages
from bot.care.weekly import rounds as weekly_rounds
from bot.durable.engine import Job
from bot.gateway.dollars import Dollars
from bot.gateway.writes import WriteResult
from bot.languages import Sentence
from bot.operations import Operation
from bot.permissions.models import Actor
from bot.slack.blocks import Block
from bot.slack.outbox import Drawer, Outbox
from bot.slack.router import Router

# Each is given the `dollars`, and says what draws its kinds of posts.
DRAWERS: tuple[Callable[..., dict[str, Drawer]], ...] = (
    messages.drawers,
    leaver_messages.drawers,
    anomaly_messages.drawers,
    unknown_key_messages.drawers,
    weekly_messages.drawers,
    drift_messages.drawers,
)
# Kinds of posts in the security channel → what people call them, when the channel does not take them.
SECURITY_POSTS: Mapping[str, Sentence] = {
    **leaver_messages.SECURITY_POSTS,
    **unknown_key_messages.SECURITY_POSTS,
    **drift_messages.SECURITY_POSTS,
}
# In the order of their rounds. Each registers its buttons, if it has any.
BUILDERS: tuple[Callable[[CareParts, Router], CareKind], ...] = (
    rounds.build,
    refills.build,
    leavers.build,
    anomaly_rounds.build,
    unknown_keys.build,
    weekly_rounds.build,
    drift.build,
)


def drawers(*, dollars: Dollars) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {kind: draw for each in DRAWERS for kind, draw in each(dollars=dollars).items()}


def retold(*, channel: str, clock: Callable[[], float]) -> dict[str, Callable[[sa.Connection, Outbox, str], None]]:
    """Kind of a direct message → what says it elsewhere when Slack does not take it, by its subject."""

    def unread(c: sa.Connection, outbox: Outbox, subject: str) -> None:
        messages.say_unread(c, outbox, subject, channel=channel, now=clock())

    return {messages.OWNER: unread}


class Care:
    """All kinds of care of one process."""

    def __init__(self, parts: CareParts, router: Router) -> None:
        self.parts = parts
        kinds = [build(parts, router) for build in BUILDERS]
        self.jobs: dict[str, Job] = {name: job for kind in kinds for name, job in kind.jobs.items()}
        self.schedule = CareSchedule(kinds=kinds)
        self._listeners = [kind.key_changed for kind in kinds if kind.key_changed is not None]
        self._written = [kind.written for kind in kinds if kind.written is not None]

    async def home_rows(self, actor: Actor) -> list[Block]:
        """Rows about keys that wait for a decision of this person."""
        return await self.parts.deps.database.read(home_rows, actor, self.parts)

    def follow(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """A request moved (approvals/cards/notifications.py)."""
        if request.key_id is None or not (request.status in FINAL or not request.origin.by_person):
            return
        for listener in self._listeners:
            listener(c, request.key_id)

    def settled(self, c: sa.Connection, request: ApprovalRequest, _operation: Operation, _result: WriteResult) -> None:
        """A run has ended (approvals/execution.py): it wrote its key, if it came so far."""
        wrote = request.status is Status.SUCCEEDED or bool(request.progress.checkpoints)
        if wrote and request.key_id is not None:
            self._wrote(c, request.key_id)

    def batch_changed(self, c: sa.Connection, key_id: int, _operation: str) -> None:
        """A key was changed in a batch: what was said about it is drawn anew."""
        self._wrote(c, key_id)
        for listener in self._listeners:
            listener(c, key_id)

    def _wrote(self, c: sa.Connection, key_id: int) -> None:
        for listener in self._written:
            listener(c, key_id)
