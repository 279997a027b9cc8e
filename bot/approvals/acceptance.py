"""A key is given to somebody who accepts it: after the grant its new owner is asked, and only their yes starts the run.

Judged at the click: the person themselves, still a full member, in time, once, and by what the rules count of them
now. Without an answer the key stays where it is. What was granted counts for them from their yes on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.counts import Counts
from bot.approvals.ledger import Members
from bot.approvals.models import Acceptance, ApprovalRequest, Outcome, Status
from bot.approvals.request_audit import record
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.errors import ApprovalConflict, BotError
from bot.languages import joined, tr
from bot.permissions.models import Actor, ActorKind, Ask
from bot.permissions.policy import decide
from bot.permissions.rules import Policy
from bot.slack.blocks import mention

JOB = "acceptance"
SECONDS = 7 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class Acceptances:
    """Asks the new owner of a key, takes the answer, and ends what got none. `actor_of`: as Slack shows them now."""

    database: Database
    engine: Engine
    policy: Callable[[], Policy]
    counts: Counts
    actor_of: Callable[[str, str], Awaitable[Actor]]
    notifications: Notifications
    clock: Callable[[], float]

    def ask(self, c: sa.Connection, request_id: int) -> ApprovalRequest:
        """Ask the new owner, once; they have a week. Who asked for the key for themselves has said yes by that."""
        request = store.get(c, request_id, lock=True)
        if request.status is not Status.APPROVED or request.progress.acceptance is not None:
            return request
        if request.counted_for == request.requester_id:
            return self._accepted(c, request, Acceptance(until=self.clock() + SECONDS))
        store.record_progress(c, request.id, acceptance=Acceptance(until=self.clock() + SECONDS))
        self.engine.start(c, JOB, f"req:{request.id}:acceptance", str(request.id), delay=SECONDS)
        request = store.get(c, request.id)
        self.notifications.announce(c, request)
        return request

    async def accept(self, request_id: int, actor: Actor) -> ApprovalRequest:
        """The new owner wants the key. Raises ApprovalConflict for everybody else, and for a late or second answer."""
        request = await self.database.read(store.find, request_id)
        if request is None:
            raise ApprovalConflict(_nothing())
        requester = await self.actor_of(request.requester_id, request.requester_team)
        members = await self.counts.members(request.operation)
        return _raised(await self.database.run(self._accept, request_id, actor, requester, members))

    async def decline(self, request_id: int, actor: Actor) -> ApprovalRequest:
        """The new owner does not want the key. Raises ApprovalConflict as `accept` does."""
        return _raised(await self.database.run(self._decline, request_id, actor))

    async def lapse(self, argument: str) -> None:
        """The durable job: a week is over."""
        await self.database.run(self._lapse, int(argument))

    def _accept(
        self, c: sa.Connection, request_id: int, actor: Actor, requester: Actor, members: Members
    ) -> ApprovalRequest | BotError:
        request = store.find(c, request_id, lock=True)
        error = self._not_theirs(c, request, actor, "accept_key")
        if request is None or error is not None:
            return error or ApprovalConflict(_nothing())
        if (why := self._too_much(c, request, requester, members)) is not None:
            return ApprovalConflict(joined(tr("You cannot take this key now."), why))
        assert request.progress.acceptance is not None  # noqa: S101  it was asked for
        request = self._accepted(c, request, request.progress.acceptance)
        self.notifications.story(c, request, tr("{who} accepted the key.", who=mention(actor.slack_user_id)))
        self.engine.start(c, "run", f"req:{request.id}:run:accepted", str(request.id))
        self.notifications.announce(c, request)
        return request

    def _accepted(self, c: sa.Connection, request: ApprovalRequest, acceptance: Acceptance) -> ApprovalRequest:
        # Of two at the same instant, on two replicas, the run of the later one finds the earlier one.
        ledger.lock(c)
        now = self.clock()
        accepted = acceptance.model_copy(update={"accepted_at": now})
        progress = store.record_progress(c, request.id, acceptance=accepted)
        request = request.model_copy(update={"progress": progress})
        ledger.grant(c, request, at=now)
        record(c, Fact.ACCEPTED, request, at=now, actor=request.counted_for, key=request.key_id)
        return request

    def _decline(self, c: sa.Connection, request_id: int, actor: Actor) -> ApprovalRequest | BotError:
        request = store.find(c, request_id, lock=True)
        error = self._not_theirs(c, request, actor, "decline_key")
        if request is None or error is not None:
            return error or ApprovalConflict(_nothing())
        record(c, Fact.DECLINED, request, at=self.clock(), actor=actor.slack_user_id)
        who = mention(actor.slack_user_id)
        return self._end(c, request, tr("{who} declined the key, so it stays where it is.", who=who))

    def _lapse(self, c: sa.Connection, request_id: int) -> None:
        request = store.find(c, request_id, lock=True)
        acceptance = None if request is None else request.progress.acceptance
        if request is None or acceptance is None or not request.waits_for_acceptance:
            return
        record(c, Fact.LAPSED, request, at=self.clock(), actor=None)
        who = mention(request.counted_for)
        request = self._end(c, request, tr("{who} did not accept the key in time, so it stays where it is.", who=who))
        # An edit of the old message calls nobody.
        self.notifications.ask_new_owner(c, request, again=":lapsed")

    def _end(self, c: sa.Connection, request: ApprovalRequest, sentence: str) -> ApprovalRequest:
        now = self.clock()
        record(c, Fact.FAILED, request, at=now, actor=None, why=sentence)
        request = store.move(c, request, Status.FAILED, settled_at=now, outcome=Outcome(sentence=sentence))
        self.notifications.announce(c, request)
        return request

    def _not_theirs(
        self, c: sa.Connection, request: ApprovalRequest | None, actor: Actor, tried: str
    ) -> BotError | None:
        """Why this person's answer does not count; None when it does."""
        acceptance = None if request is None else request.progress.acceptance
        if request is None or acceptance is None:
            return ApprovalConflict(_nothing())
        if actor.slack_user_id != request.counted_for or actor.kind is not ActorKind.MEMBER:
            told = {"tried": tried, "kind": actor.kind.value}
            record(c, Fact.REFUSED, request, at=self.clock(), actor=actor.slack_user_id, **told)
            if actor.slack_user_id != request.counted_for:
                return ApprovalConflict(_nothing())
            silent = tr("Slack does not say who you are. Try again in a minute.")
            members = tr("Only full members of this workspace own keys.")
            return ApprovalConflict(silent if actor.kind is ActorKind.UNKNOWN else members)
        if not request.waits_for_acceptance:
            return ApprovalConflict(tr("This was answered already; the message above says how it ended."))
        if self.clock() >= acceptance.until:
            return ApprovalConflict(tr("It is too late to answer: the key stays where it is. It can be given again."))
        return None

    def _too_much(self, c: sa.Connection, request: ApprovalRequest, requester: Actor, members: Members) -> str | None:
        """Why the rules, with what the new owner has now, do not let it happen; None when they do."""
        ledger.lock(c)
        judgement = request.judgement
        gateway, known = judgement.facts.gateway or "", judgement.facts.budgets
        counts = self.counts.within(c, request.operation, request.counted_for, members, gateway=gateway) or None
        left = known and self.counts.budgets.left(c, known, gateway=gateway)
        facts = replace(judgement.facts, counts=counts, budgets=left or None)
        ask = Ask(actor=requester, operation=request.operation, own=judgement.own, facts=facts)
        decision = decide(self.policy(), ask)
        fine = decision.allowed or (decision.outcome == "needs_approval" and request.approval is not None)
        return None if fine else decision.sentence


def _nothing() -> str:
    return tr("There is no key that waits for your answer here.")


def _raised(answer: ApprovalRequest | BotError) -> ApprovalRequest:
    if isinstance(answer, BotError):
        raise answer
    return answer
