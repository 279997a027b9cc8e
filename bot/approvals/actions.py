"""What people do to a waiting request: approve, offer less, accept, deny, withdraw, take, nudge, review.

Each is one transaction on the locked row: judge the person with today's roles, compare-and-set, record, start what
follows. A refusal is recorded too, so the transaction returns the error and it is raised once committed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.announcement import Announcements
from bot.approvals.calls import Calls
from bot.approvals.cards.notifications import Notifications
from bot.approvals.conflicts import not_open, not_waiting
from bot.approvals.models import ApprovalRequest, Judgement, Status, Vote
from bot.approvals.narrowed import narrowed
from bot.approvals.request_audit import record
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.errors import ApprovalConflict, BotError, InputError, PermissionDenied
from bot.languages import joined, tr, trn
from bot.operations import Offer, Operation
from bot.permissions.models import Actor, ActorKind, Approval, Ask, Eligibility, Given
from bot.permissions.policy import binding_terms, decide, may_approve, may_deny
from bot.permissions.rules import Policy
from bot.permissions.stages import missing
from bot.slack.blocks import mention

# What a transaction answers: the row after it, or the error to raise once it is committed.
Answer = ApprovalRequest | BotError


@dataclass(frozen=True, kw_only=True)
class RequestActions:
    """The buttons of a card, as methods. `requester` is the requester as Slack shows them now."""

    database: Database
    engine: Engine
    policy: Callable[[], Policy]
    notifications: Notifications
    announcements: Announcements
    calls: Calls
    operations: Mapping[str, Operation]
    clock: Callable[[], float]

    async def approve(
        self, request_id: int, approver: Actor, requester: Actor, *, offer: Offer | None = None
    ) -> ApprovalRequest:
        """Count one approval, or make a counter-offer. Raises PermissionDenied and ApprovalConflict."""
        return await self._run(self._approve, request_id, approver, requester, offer)

    async def deny(self, request_id: int, approver: Actor, requester: Actor, *, reason: str) -> ApprovalRequest:
        """Say no, with a reason. Raises PermissionDenied and ApprovalConflict."""
        return await self._run(self._deny, request_id, approver, requester, reason)

    async def take(self, request_id: int, approver: Actor, requester: Actor) -> ApprovalRequest:
        """Show the others who looks. Raises PermissionDenied and ApprovalConflict."""
        return await self._run(self._take, request_id, approver, requester)

    async def withdraw(self, request_id: int, actor: Actor) -> ApprovalRequest:
        """The requester takes the wish back. Raises PermissionDenied and ApprovalConflict."""
        return await self._run(self._withdraw, request_id, actor)

    async def accept(self, request_id: int, actor: Actor) -> ApprovalRequest:
        """The requester accepts a counter-offer. Raises PermissionDenied and ApprovalConflict."""
        return await self._run(self._accept, request_id, actor)

    async def take_back(self, request_id: int, actor: Actor) -> ApprovalRequest:
        """Whoever made a counter-offer takes it back: the request waits again. Raises as `accept` does."""
        return await self._run(self._take_back, request_id, actor)

    async def nudge(self, request_id: int, actor: Actor) -> ApprovalRequest:
        """The requester reminds those who may decide. Raises PermissionDenied and ApprovalConflict."""
        return await self._run(self._nudge, request_id, actor)

    async def reviewed(self, request_id: int, approver: Actor, requester: Actor) -> ApprovalRequest:
        """Somebody who could have decided has looked at a break-glass request afterwards."""
        return await self._run(self._reviewed, request_id, approver, requester)

    async def check(self, request_id: int, approver: Actor, requester: Actor, *, what: str) -> None:
        """Before a window for `what` opens: raises what doing it would raise now, and records a refusal."""
        await self._run(self._check, request_id, approver, requester, what)

    async def _run(self, work: Callable[..., Answer], *arguments: Any) -> ApprovalRequest:
        answer = await self.database.run(work, *arguments)
        if isinstance(answer, BotError):
            raise answer
        return answer

    def _locked(self, c: sa.Connection, request_id: int) -> ApprovalRequest:
        # Whoever decides in the same moment in which it was asked: the record says first that it was.
        return self.announcements.announce(c, store.get(c, request_id, lock=True))

    def may_look(self, request: ApprovalRequest, actor: Actor, requester: Actor) -> bool:
        """Whether somebody may see the card: their own, one they may answer, or any with the right to list them all."""
        if actor.kind is not ActorKind.MEMBER:
            return False
        mine = (actor.slack_user_id, actor.team_id) == (request.requester_id, request.requester_team)
        every = Ask(actor=actor, operation="request.list", own=False)
        return (
            mine
            or decide(self.policy(), every).allowed
            or any(
                self.may_answer(request, actor, requester, what=what).allowed for what in ("approve", "deny", "review")
            )
        )

    def may_answer(
        self, request: ApprovalRequest, approver: Actor, requester: Actor, *, what: str = "approve"
    ) -> Eligibility:
        """Whether somebody may do `what` to this request now, by today's policy and roles."""
        judgement = request.judgement
        if request.approval is None:
            return Eligibility(allowed=False, sentence=tr("Nobody has to approve this request."))
        ask = Ask(
            actor=requester,
            operation=request.operation,
            own=judgement.own,
            facts=judgement.facts,
            receiver=request.counted_for,
        )
        # A review follows an executed request, so it does not expire.
        now = request.asked_at if what == "review" else self.clock()
        policy, approval, asked_at = self.policy(), request.approval, request.asked_at
        if what == "approve":
            given = request.given
            return may_approve(
                policy, approver=approver, ask=ask, approval=approval, given=given, asked_at=asked_at, now=now
            )
        rule = judgement.decision.rule
        return may_deny(policy, approver=approver, ask=ask, approval=approval, asked_at=asked_at, now=now, rule=rule)

    def _check(self, c: sa.Connection, request_id: int, approver: Actor, requester: Actor, what: str) -> Answer:
        # A refusal is recorded, too, after that it was asked.
        request = self.announcements.announce(c, store.get(c, request_id))
        return not_open(request) or self._not_allowed(c, request, approver, requester, what) or request

    def _approve(
        self, c: sa.Connection, request_id: int, approver: Actor, requester: Actor, offer: Offer | None
    ) -> Answer:
        request = self._locked(c, request_id)
        if any(vote.by == approver.slack_user_id for vote in request.votes) and request.status is Status.PENDING:
            number = request.number
            return ApprovalConflict(
                tr("You have approved request {number} already; it needs somebody else too.", number=number)
            )
        error = not_open(request) or self._not_allowed(c, request, approver, requester, "approve")
        if error is not None:
            return error
        request = self._bound(request, requester)
        approval, now = _terms(request), self.clock()
        if offer is not None:
            return self._offer(c, request, approver, requester, offer)
        votes = (*request.votes, Vote(by=approver.slack_user_id, team=approver.team_id, at=now))
        record(c, Fact.APPROVED, request, at=now, actor=approver.slack_user_id, votes=len(votes), of=approval.count)
        lacking = missing(approval, tuple(Given(by=vote.by, at=vote.at) for vote in votes))
        if lacking:
            request = store.change(c, request, votes=votes, judgement=request.judgement)
            request, called = self.calls.stage_opened(c, request)
            sentence = trn(
                "{who} approved; {count} more needed.",
                "{who} approved; {count} more needed.",
                lacking,
                who=mention(approver.slack_user_id),
            )
            self.notifications.story(c, request, joined(sentence, called))
            self.notifications.announce(c, request)
            return request
        return self._grant(c, request, approver.slack_user_id, now, votes=votes)

    def _grant(
        self, c: sa.Connection, request: ApprovalRequest, by: str, now: float, **changes: Any
    ) -> ApprovalRequest:
        decided = {"decided_by": by, "decided_at": now, **changes}
        request = store.move(c, request, Status.APPROVED, **decided)
        if request.judgement.facts.budgets or self.policy().counts_needed(request.operation):
            ledger.lock(c)
        ledger.grant(c, request, at=now)
        self.notifications.story(c, request, tr("{who} approved. Applying now.", who=mention(by)))
        self.engine.start(c, "run", f"req:{request.id}:run", str(request.id))
        self.notifications.announce(c, request)
        return request

    def _offer(
        self, c: sa.Connection, request: ApprovalRequest, approver: Actor, requester: Actor, offer: Offer
    ) -> Answer:
        approval, now = _terms(request), self.clock()
        operation = self.operations[request.operation]
        try:
            wanted = operation.with_offer(operation.input_model.model_validate(request.input), offer)
            judgement = self._judged_again(request, requester, offer)
        except (InputError, ApprovalConflict) as error:
            return error
        by = approver.slack_user_id
        record(c, Fact.COUNTERED, request, at=now, actor=by, offer=offer.model_dump(mode="json", exclude_none=True))
        votes = (*request.votes, Vote(by=by, team=approver.team_id, at=now))
        changes: dict[str, Any] = {"counter_offer": offer, "votes": votes}
        lacking = missing(approval, tuple(Given(by=vote.by, at=vote.at) for vote in votes))
        if approval.counter_offer == "stand" and not lacking:
            record(c, Fact.APPROVED, request, at=now, actor=by, votes=len(votes), of=approval.count)
            return self._grant(
                c, request, by, now, input=wanted.model_dump(mode="json"), judgement=judgement, **changes
            )
        request = store.move(c, request, Status.OFFERED, decided_by=by, **changes)
        sentence = tr(
            "{who} approved with changes; {requester} accepts the offer or withdraws.",
            who=mention(by),
            requester=mention(request.requester_id),
        )
        self.notifications.story(c, request, sentence)
        self.notifications.announce(c, request)
        return request

    def _accept(self, c: sa.Connection, request_id: int, actor: Actor) -> Answer:
        request, now = self._locked(c, request_id), self.clock()
        error = not_waiting(request) or self._not_requester(c, request, actor, "accept")
        if error is not None:
            return error
        offer = request.counter_offer
        if request.status is not Status.OFFERED or offer is None:
            return ApprovalConflict(tr("Request {number} holds no offer to accept.", number=request.number))
        operation = self.operations[request.operation]
        wanted = operation.with_offer(operation.input_model.model_validate(request.input), offer)
        record(c, Fact.ACCEPTED, request, at=now, actor=actor.slack_user_id)
        request = self._bound(request, actor)
        try:
            judgement = self._judged_again(request, actor, offer)
        except (InputError, ApprovalConflict) as refused:
            return refused
        stored = {"input": wanted.model_dump(mode="json"), "judgement": judgement}
        if lacking := missing(_terms(request), request.given):
            request = store.move(c, request, Status.PENDING, **stored)
            request, called = self.calls.stage_opened(c, request)
            sentence = trn(
                "{who} accepted the offer; {count} more needed.",
                "{who} accepted the offer; {count} more needed.",
                lacking,
                who=mention(actor.slack_user_id),
            )
            self.notifications.story(c, request, joined(sentence, called))
            self.notifications.announce(c, request)
            return request
        return self._grant(c, request, request.decided_by or actor.slack_user_id, now, **stored)

    def _take_back(self, c: sa.Connection, request_id: int, actor: Actor) -> Answer:
        request, by = self._locked(c, request_id), actor.slack_user_id
        if error := not_waiting(request):
            return error
        if request.status is not Status.OFFERED:
            return ApprovalConflict(tr("Request {number} holds no offer to take back.", number=request.number))
        if by != request.decided_by or actor.kind is not ActorKind.MEMBER:
            self._record_refusal(c, request, actor, "take_back", None)
            who = mention(request.decided_by or "")
            return PermissionDenied(tr("Only {who}, who made the offer, can take it back.", who=who))
        record(c, Fact.RETRACTED, request, at=self.clock(), actor=by)
        votes = tuple(vote for vote in request.votes if vote.by != by)
        request = store.move(c, request, Status.PENDING, counter_offer=None, decided_by=None, votes=votes)
        self.notifications.story(c, request, tr("{who} took the offer back.", who=mention(by)))
        self.notifications.announce(c, request)
        self.notifications.tell(c, request)
        return request

    def _bound(self, request: ApprovalRequest, requester: Actor) -> ApprovalRequest:
        """The request under the stricter of its stored terms and today's, which bind it from now on."""
        judgement, given = request.judgement, request.given
        ask = Ask(actor=requester, operation=request.operation, own=judgement.own, facts=judgement.facts)
        terms = binding_terms(self.policy(), ask=ask, approval=_terms(request), given=given)
        decision = replace(judgement.decision, approval=terms)
        return request.model_copy(update={"judgement": judgement.model_copy(update={"decision": decision})})

    def _judged_again(self, request: ApprovalRequest, requester: Actor, offer: Offer) -> Judgement:
        """The judgement of what is offered, as a whole. Raises InputError and ApprovalConflict."""
        facts = narrowed(request, offer, now=self.clock())
        ask = Ask(actor=requester, operation=request.operation, own=request.judgement.own, facts=facts)
        today = decide(self.policy(), ask)
        if today.outcome == "deny":
            sentence = tr("The policy does not allow what would be granted instead.")
            raise ApprovalConflict(joined(sentence, today.sentence))
        return request.judgement.model_copy(update={"facts": facts})

    def _deny(self, c: sa.Connection, request_id: int, approver: Actor, requester: Actor, reason: str) -> Answer:
        request, now = self._locked(c, request_id), self.clock()
        error = not_open(request) or self._not_allowed(c, request, approver, requester, "deny")
        if error is not None:
            return error
        by = approver.slack_user_id
        record(c, Fact.DENIED, request, at=now, actor=by, reason=reason)
        request = store.move(c, request, Status.DENIED, decided_by=by, decided_at=now, settled_at=now, denial=reason)
        self.notifications.story(c, request, tr("{who} denied it.", who=mention(by)))
        self.notifications.announce(c, request)
        return request

    def _take(self, c: sa.Connection, request_id: int, approver: Actor, requester: Actor) -> Answer:
        request = self._locked(c, request_id)
        error = not_open(request) or self._not_allowed(c, request, approver, requester, "take")
        if error is not None:
            return error
        record(c, Fact.TAKEN, request, at=self.clock(), actor=approver.slack_user_id)
        request = store.change(c, request, taken_by=approver.slack_user_id)
        self.notifications.announce(c, request)
        return request

    def _withdraw(self, c: sa.Connection, request_id: int, actor: Actor) -> Answer:
        request, now = self._locked(c, request_id), self.clock()
        error = not_waiting(request) or self._not_requester(c, request, actor, "withdraw")
        if error is not None:
            return error
        record(c, Fact.WITHDRAWN, request, at=now, actor=actor.slack_user_id)
        request = store.move(
            c, request, Status.WITHDRAWN, decided_by=actor.slack_user_id, decided_at=now, settled_at=now
        )
        self.notifications.story(c, request, tr("{who} withdrew it.", who=mention(actor.slack_user_id)))
        self.notifications.announce(c, request)
        return request

    def _nudge(self, c: sa.Connection, request_id: int, actor: Actor) -> Answer:
        request, now = self._locked(c, request_id), self.clock()
        error = not_waiting(request) or self._not_requester(c, request, actor, "nudge")
        if error is not None:
            return error
        if now - (request.progress.nudged_at or 0.0) < NUDGE_PAUSE:
            number = request.number
            return ApprovalConflict(
                tr("Request {number} was reminded of within the hour; give them a moment.", number=number)
            )
        store.record_progress(c, request.id, nudged_at=now)
        who = mention(actor.slack_user_id)
        sentence = tr("{who} asks for a decision on request {number}.", who=who, number=request.number)
        self.calls.remind(c, request, sentence, name=f"nudge{int(now)}", by_person=True)
        return request

    def _reviewed(self, c: sa.Connection, request_id: int, approver: Actor, requester: Actor) -> Answer:
        request = self._locked(c, request_id)
        if error := self._not_allowed(c, request, approver, requester, "review"):
            return error
        if request.reviewed_by is not None:
            by = mention(request.reviewed_by)
            return ApprovalConflict(tr("{who} has reviewed request {number} already.", who=by, number=request.number))
        record(c, Fact.REVIEWED, request, at=self.clock(), actor=approver.slack_user_id)
        request = store.change(c, request, reviewed_by=approver.slack_user_id)
        self.notifications.announce(c, request)
        return request

    def _not_allowed(
        self, c: sa.Connection, request: ApprovalRequest, approver: Actor, requester: Actor, what: str
    ) -> BotError | None:
        verdict = self.may_answer(request, approver, requester, what=what)
        if verdict.allowed:
            return None
        self._record_refusal(c, request, approver, what, verdict.rule)
        return PermissionDenied(verdict.sentence, rule=verdict.rule)

    def _not_requester(self, c: sa.Connection, request: ApprovalRequest, actor: Actor, what: str) -> BotError | None:
        if (actor.slack_user_id, actor.team_id) == (request.requester_id, request.requester_team):
            return None
        self._record_refusal(c, request, actor, what, None)
        return PermissionDenied(_ONLY[what].filled(who=mention(request.requester_id), number=request.number))

    def _record_refusal(
        self, c: sa.Connection, request: ApprovalRequest, actor: Actor, what: str, rule: str | None
    ) -> None:
        details = {"tried": what, "rule": rule, "kind": actor.kind.value, "team": actor.team_id}
        record(c, Fact.REFUSED, request, at=self.clock(), actor=actor.slack_user_id, **details)


NUDGE_PAUSE = 3600.0
# What only the requester can do.
_ONLY = {
    "accept": tr("Only {who}, who asked, can accept request {number}."),
    "withdraw": tr("Only {who}, who asked, can withdraw request {number}."),
    "nudge": tr("Only {who}, who asked, can remind approvers of request {number}."),
}


def _terms(request: ApprovalRequest) -> Approval:
    approval = request.approval
    assert approval is not None  # noqa: S101  who may not answer it was turned away before
    return approval
