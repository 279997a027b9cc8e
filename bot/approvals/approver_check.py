"""Whether anybody can approve a waiting request, by the rule that judges the click. If nobody can, card and requester
say so until somebody can: a group that has members may hold guests, people who have left, or the requester alone.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.permissions.models import Actor, ActorKind, Ask
from bot.permissions.policy import possible_approvers
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy
from bot.permissions.stages import roles_who_may_answer

JOB = "approvers"
# People of large groups who are looked at; the first one who can approve ends the look.
MOST_PEOPLE = 200
# While Slack does not say who somebody is nothing is said of them, for so long; then they count as it says: as nobody.
PATIENCE, PAUSE = 120.0, 5.0
# While nobody can approve: people mend the group or the policy.
SOON, LONGEST = 30.0, 900.0


class WhoIs(Protocol):
    """Who somebody is in Slack now."""

    def __call__(self, slack_user_id: str, user_team_id: str, /) -> Awaitable[Actor]: ...


@dataclass(frozen=True, kw_only=True)
class ApproverCheck:
    """`people`: the people behind ids of people and groups, None while Slack does not tell."""

    database: Database
    policy: Callable[[], Policy]
    people: Callable[[Iterable[str]], Awaitable[frozenset[str] | None]]
    who_is: WhoIs
    notifications: Notifications
    clock: Callable[[], float]

    async def run(self, argument: str) -> Again | None:
        """The durable job behind a waiting request, by its id."""
        request = await self.database.read(store.find, int(argument))
        if request is None or request.status is not Status.PENDING or request.approval is None:
            return None
        age = self.clock() - request.asked_at
        found = await self._can_somebody(request, patient=age < PATIENCE)
        if found is None:
            return Again(PAUSE)
        # Nearly always somebody can, and nothing was said of it: then nothing is written.
        if not found or request.progress.no_approver_since is not None:
            await self.database.run(self._note, request.id, found)
        return None if found else Again(min(LONGEST, SOON + age / 4))

    async def _can_somebody(self, request: ApprovalRequest, *, patient: bool) -> bool | None:
        """None: not known yet."""
        approval = request.approval
        assert approval is not None  # noqa: S101  the caller has looked
        given, now = request.given, self.clock()
        roles = roles_who_may_answer(approval, given, asked_at=request.asked_at, now=now)
        ids = self.policy().roles.ids(roles)
        if EVERYBODY in ids:
            return True
        people = await self.people(ids)
        if people is None:
            return None if patient else False
        requester = await self.who_is(request.requester_id, request.requester_team)
        judgement, unsure = request.judgement, requester.kind is ActorKind.UNKNOWN
        ask = Ask(
            actor=requester,
            operation=request.operation,
            own=judgement.own,
            facts=judgement.facts,
            receiver=request.counted_for,
        )
        for person in sorted(people)[:MOST_PEOPLE]:
            one = await self.who_is(person, "")
            if possible_approvers(
                self.policy(), [one], ask=ask, approval=approval, given=given, asked_at=request.asked_at, now=now
            ):
                return True
            unsure = unsure or one.kind is ActorKind.UNKNOWN
        return None if unsure and patient else False

    def _note(self, c: sa.Connection, request_id: int, can: bool) -> None:
        request = store.get(c, request_id, lock=True)
        if request.status is not Status.PENDING or can is (request.progress.no_approver_since is None):
            return
        since = None if can else self.clock()
        progress = store.record_progress(c, request.id, no_approver_since=since)
        request = request.model_copy(update={"progress": progress})
        self.notifications.announce(c, request)
        self.notifications.tell(c, request)
