"""A waiting request whose wish a batch has fulfilled: it ends, so that nobody is asked to decide it any more."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.announcement import Announcements
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, Outcome, Status
from bot.approvals.request_audit import record
from bot.audit import Fact
from bot.languages import tr


@dataclass(frozen=True, kw_only=True)
class Overtaken:
    """What a batch's change of a key means for those who wait for the same."""

    notifications: Notifications
    announcements: Announcements
    clock: Callable[[], float]

    def key_changed(self, c: sa.Connection, key_id: int, operation: str) -> None:
        """A batch did `operation` to the key, in this transaction."""
        for request in store.waiting_for_key(c, key_id):
            if request.operation == operation and not _wants_more(request):
                self._end(c, request)

    def _end(self, c: sa.Connection, request: ApprovalRequest) -> None:
        # It may have been stored a moment ago: the record says first that it was asked.
        request = self.announcements.announce(c, request)
        now, sentence = self.clock(), tr("It is done already, by a batch of keys.")
        record(c, Fact.WITHDRAWN, request, at=now, actor=None)
        outcome = Outcome(sentence=sentence, notes=(sentence,))
        request = store.move(c, request, Status.WITHDRAWN, outcome=outcome, decided_at=now, settled_at=now)
        self.notifications.story(c, request, tr("It is done already, by a batch of keys, so nobody need decide it."))
        self.notifications.announce(c, request)
        self.notifications.tell(c, request)


def _wants_more(request: ApprovalRequest) -> bool:
    """Whether it asks for time or quota beside: no batch gives those."""
    facts = request.judgement.facts
    return facts.extended or bool(facts.increase)
