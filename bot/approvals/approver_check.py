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
from bot.permissions.models import Actor, ActorKind, Approval, Ask
from bot.permissions.policy import possible_approvers
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy
from bot.permissions.stages import roles_who_may_answer

JOB = "approvers"
# People of large groups who are looked at; the first one who can approve ends the look.
MOST_PEOPLE = 200
# Of those whom `sees_somebody` looks at, in the transaction of a new request.
MOST_SEEN = 10
# While Slack does not say who somebody is nothing is said of them, for so long; then they count as it says: as nobody.
PATIENCE, PAUSE = 120.0, 5.0
# While nobody can approve: people mend the group or the policy.
SOON, LONGEST = 30.0, 900.0


class LastSeen(Protocol):
    """What Slack said within the last minute. Asks nothing."""

    def seen_people(self, ids: Iterable[str], /) -> frozenset[str]:
        """The people behind ids of people and groups, as far as they were seen."""

    def seen_actor(self, slack_user_id: str, /) -> Actor:
        """Who somebody is, UNKNOWN when they were not seen."""


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
    seen: LastSeen
    notifications: Notifications
    clock: Callable[[], float]

    def sees_somebody(self, request: ApprovalRequest) -> bool:
        """Whether somebody who was seen just now can approve a request. Nearly always, and then no job need look."""
        approval = request.approval
        ids = frozenset[str]() if approval is None else self._ids(request, approval)
        if approval is None or EVERYBODY in ids:
            return True
        ask = _ask(request, self.seen.seen_actor(request.requester_id))
        people = sorted(self.seen.seen_people(ids))[:MOST_SEEN]
        return any(self._can(request, approval, ask, self.seen.seen_actor(person)) for person in people)

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
        ids = self._ids(request, approval)
        if EVERYBODY in ids:
            return True
        people = await self.people(ids)
        if people is None:
            return None if patient else False
        requester = await self.who_is(request.requester_id, request.requester_team)
        ask, unsure = _ask(request, requester), requester.kind is ActorKind.UNKNOWN
        for person in sorted(people)[:MOST_PEOPLE]:
            one = await self.who_is(person, "")
            if self._can(request, approval, ask, one):
                return True
            unsure = unsure or one.kind is ActorKind.UNKNOWN
        return None if unsure and patient else False

    def _ids(self, request: ApprovalRequest, approval: Approval) -> frozenset[str]:
        roles = roles_who_may_answer(approval, request.given, asked_at=request.asked_at, now=self.clock())
        return self.policy().roles.ids(roles)

    def _can(self, request: ApprovalRequest, approval: Approval, ask: Ask, person: Actor) -> bool:
        given, asked_at = request.given, request.asked_at
        found = possible_approvers(
            self.policy(), [person], ask=ask, approval=approval, given=given, asked_at=asked_at, now=self.clock()
        )
        return bool(found)

    def _note(self, c: sa.Connection, request_id: int, can: bool) -> None:
        request = store.get(c, request_id, lock=True)
        if request.status is not Status.PENDING or can is (request.progress.no_approver_since is None):
            return
        since = None if can else self.clock()
        progress = store.record_progress(c, request.id, no_approver_since=since)
        request = request.model_copy(update={"progress": progress})
        self.notifications.announce(c, request)
        self.notifications.tell(c, request)


def _ask(request: ApprovalRequest, requester: Actor) -> Ask:
    judgement = request.judgement
    return Ask(
        actor=requester,
        operation=request.operation,
        own=judgement.own,
        facts=judgement.facts,
        receiver=request.counted_for,
    )
