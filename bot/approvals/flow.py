"""submit → review → execute → confirm: the one way from a wish to a changed gateway, the same for every operation.

This page is submit: judge a wish and store it as a row. When the policy grants it, its run (execution.py) is started in
that same transaction; when people must decide, they hear of it right after the answer (announcement.py).
Nothing here calls Slack, and only reads reach the gateway from here.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn

import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.announcement import Announcements
from bot.approvals.calls import Calls
from bot.approvals.counts import Counts
from bot.approvals.granted import GrantedRequests
from bot.approvals.ledger import Members
from bot.approvals.models import PERSON, ApprovalRequest, Judgement, NewRequest, Origin, Status
from bot.approvals.rotation.lineage import unended
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.errors import ApprovalConflict, BotError, InputError, PermissionDenied, TooMuch
from bot.gateway.dollars import Dollars
from bot.gateway.errors import KeyNotFound
from bot.gateway.gateways import KeyReader
from bot.gateway.models import Key
from bot.gateway.numbers import gateway_of
from bot.keys import allowances, lineage, locks, owners
from bot.languages import tr, trn
from bot.operations import Effect, Inspection, Look, Offered, Operation, Ownership
from bot.permissions.models import REVIVING, Actor, ActorKind, Ask, Decision, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import Policy


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A wish before it is a row: who, what, where, and which delivery it came with."""

    actor: Actor
    operation: Operation
    wanted: Any
    reason: str
    channel_id: str
    delivery_id: str
    origin: Origin = PERSON
    deadline: float  # seconds left of Slack's three, for reads
    preview: bool = False  # a form still being filled in
    read: Key | None = None  # the key as it was read a moment ago, for a preview
    urgent: bool = False  # done at once where a rule lets break-glass be used


class _BudgetBegan(Exception):  # no error: it is judged again
    """A budget counts that this wish was not judged by."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Judges what somebody asks for and stores it. What people do to a stored request is in actions.py."""

    database: Database
    reader: KeyReader
    inventory: Offered
    policy: Callable[[], Policy]
    granted: GrantedRequests
    announcements: Announcements
    calls: Calls
    counts: Counts
    operations: Mapping[str, Operation]
    ownership: Ownership
    dollars: Dollars
    clock: Callable[[], float]
    most_open: int = 20  # requests of one person that may wait at a time

    async def judge(self, asked: Asked, *, look_at_budgets: bool = True) -> tuple[Inspection, Decision]:
        """What would be decided now: for the live line of a modal, for `why`, and for submit itself."""
        inspection = await asked.operation.inspect(self._look(asked), asked.actor, asked.wanted)
        operation = asked.operation.name
        seen: dict[str, Any] = {}
        if operation in REVIVING and inspection.key is not None:
            key = inspection.key
            seen["lock"] = await self.database.read(locks.lock_of, key.id, key.created_time)
        counted_for, key_id = _counted_for(asked, inspection), _key_id(inspection)
        refilled, holder = _refilled(inspection.facts), getattr(asked.wanted, "holder", "")
        gateway = (inspection.facts.gateway or "") if key_id is None else gateway_of(key_id)
        about: dict[str, Any] = {"key_id": key_id, "holder": holder, "gateway": gateway}
        seen["counts"] = await self.counts.now(operation, counted_for, refilled=refilled, **about) or None
        if look_at_budgets and operation in ledger.GIVING:
            seen["budgets"] = await self.counts.budgets.of(counted_for, gateway) or None
        inspection = replace(inspection, facts=self.counts.placed(inspection.facts, gateway, **seen))
        ask = Ask(actor=asked.actor, operation=operation, own=inspection.own, facts=inspection.facts)
        return inspection, decide(self.policy(), ask)

    def _look(self, asked: Asked) -> Look:
        return Look(
            reader=self.reader,
            inventory=self.inventory,
            owner_of=lambda key_id, born_at=None: self.database.read(owners.owner_of, key_id, born_at),
            successor_of=lambda key_id, born_at=None: self.database.read(lineage.successor_of, key_id, born_at),
            unended=lambda key_id, born_at=None: self.database.read(unended, key_id, born_at),
            allowance_of=lambda key_id, born_at=None: self.database.read(allowances.find, key_id, born_at),
            budget_of=lambda holder: self.database.read(self.counts.budgets.of_holder, holder),
            ownership=self.ownership,
            time_zone=self.policy().time_zone,
            now=self.clock(),
            dollars=self.dollars,
            until=time.monotonic() + asked.deadline,
            channel_id=asked.channel_id,
            reason=asked.reason,
            preview=asked.preview,
            read=asked.read,
        )

    async def submit(self, asked: Asked) -> ApprovalRequest:
        """Judge and store a wish, once per delivery id; start what follows.

        Raises InputError, PermissionDenied (recorded) and GatewayError (nothing was stored).
        """
        try:
            # Most desks have no budget: where none counted, the transaction looks whether one has begun since.
            stored = await self._stored(asked, look_at_budgets=self.counts.budgets.any_counted())
        except _BudgetBegan:
            stored = await self._stored(asked, look_at_budgets=True)
        if not stored.announced:
            self.announcements.soon(stored)
        return _theirs(stored, asked.actor)

    async def _stored(self, asked: Asked, *, look_at_budgets: bool) -> ApprovalRequest:
        """The row. Raises _BudgetBegan where budgets were not looked at and one counts."""
        try:
            inspection, decision = await self.judge(asked, look_at_budgets=look_at_budgets)
        except BotError as error:
            # Judged again after it was done, it may no longer be possible: a repeat gets the answer of the first time.
            repeated = await self._repeated(asked)
            if repeated is None:
                await self._refuse_unseen(asked, error)
                raise
            return repeated
        if decision.outcome == "deny":
            repeated = await self._repeated(asked)
            if repeated is not None:
                return repeated
            await self.refuse(asked.actor, asked.operation.name, decision, key_id=_key_id(inspection))
        decision = as_urgent(decision, urgent=asked.urgent)
        approval = decision.approval
        if approval is not None and approval.break_glass and not asked.reason.strip():
            only = tr("Rule “{rule}” lets this happen at once, but only with a reason.", rule=decision.rule)
            raise InputError({"reason": only})
        new = new_request(asked, inspection, decision, self.clock())
        members = await self.counts.members(new.operation, refilled=_refilled(new.judgement.facts))
        store_it = partial(self._insert, urgent=asked.urgent, looked_at_budgets=look_at_budgets)
        stored = await self.database.run_together(store_it, new, asked.actor, members)
        if isinstance(stored, TooMuch):
            raise stored
        if isinstance(stored, Decision):
            await self.refuse(asked.actor, asked.operation.name, stored, key_id=new.key_id)
        return stored

    async def _refuse_unseen(self, asked: Asked, error: BotError) -> None:
        """Whoever may not do this to a key of somebody else is not told that there is none with this number."""
        if isinstance(error, KeyNotFound):
            facts = Facts(channel=asked.channel_id)
            decision = decide(
                self.policy(), Ask(actor=asked.actor, operation=asked.operation.name, own=False, facts=facts)
            )
            if decision.outcome == "deny":
                await self.refuse(asked.actor, asked.operation.name, decision)

    async def _repeated(self, asked: Asked) -> ApprovalRequest | None:
        """What an earlier delivery of the same thing stored. Looked for only where `_insert` would not find it."""
        return await self.database.read(store.by_delivery, asked.delivery_id)

    def _insert(
        self,
        c: sa.Connection,
        new: NewRequest,
        actor: Actor,
        members: Members,
        *,
        urgent: bool,
        looked_at_budgets: bool,
    ) -> ApprovalRequest | Decision | TooMuch:
        waiting, budget_counts = store.before_insert(c, new.requester_id, self.counts.budgets.today())
        if budget_counts and not looked_at_budgets and new.operation in ledger.GIVING:
            raise _BudgetBegan
        facts = new.judgement.facts
        counted = facts.budgets or self.policy().counts_needed(new.operation, refilled=_refilled(facts))
        repeated = store.by_delivery(c, new.delivery_id) if counted else None
        if repeated is not None:
            return repeated
        new = self._counted_again(c, new, actor, members, urgent)
        if new.judgement.decision.outcome == "deny":
            return new.judgement.decision
        approval = new.judgement.decision.approval
        if approval is None or approval.break_glass:
            request, is_new = self.granted.insert(c, new)
            if is_new and approval is not None:
                self.calls.reviewers(c, request)
            return request
        # What stops a key always may wait.
        if waiting >= self.most_open and self.operations[new.operation].effect is not Effect.STOPS:
            # The last one that may wait is answered again when its delivery comes again.
            return store.by_delivery(c, new.delivery_id) or _too_many(waiting, self.most_open)
        lapses_at = new.asked_at + approval.expires
        return store.insert(c, new, status=Status.PENDING, lapses_at=lapses_at, announced=False)[0]

    def _counted_again(
        self, c: sa.Connection, new: NewRequest, actor: Actor, members: Members, urgent: bool
    ) -> NewRequest:
        """Judged with the counts of this transaction: of two at once, the second sees what the first was granted."""
        policy, judgement = self.policy(), new.judgement
        refilled, known = _refilled(judgement.facts), judgement.facts.budgets or ()
        if not known and not policy.counts_needed(new.operation, refilled=refilled):
            return new
        ledger.lock(c)
        gateway = judgement.facts.gateway or ""
        about: dict[str, Any] = {"key_id": new.key_id, "holder": new.input.get("holder", ""), "gateway": gateway}
        counts = self.counts.within(c, new.operation, new.counted_for, members, refilled=refilled, **about)
        budgets = self.counts.budgets.left(c, known, gateway=gateway) if known else ()
        facts = replace(judgement.facts, counts=counts or None, budgets=budgets or None)
        decision = decide(policy, Ask(actor=actor, operation=new.operation, own=judgement.own, facts=facts))
        decision = as_urgent(decision, urgent=urgent)
        return new.model_copy(update={"judgement": Judgement(decision=decision, facts=facts, own=judgement.own)})

    async def admit_member(self, actor: Actor, operation: str) -> None:
        """Turn away, and record, whoever is no full member: for what every member may do, such as report a leak."""
        if actor.kind is not ActorKind.MEMBER:
            await self.refuse(actor, operation, decide(self.policy(), Ask(actor=actor, operation=operation)))

    async def admit(self, actor: Actor, operation: str) -> None:
        """Turn away, and record, whoever the policy gives nothing: before anything is asked of the gateway for them.

        So it is with guests, outsiders, bots, deactivated and unknown people, whatever a rule says.
        """
        if actor.kind is not ActorKind.MEMBER or not self.policy().counts(actor):
            await self.refuse(actor, operation, decide(self.policy(), Ask(actor=actor, operation=operation)))

    async def refuse(self, actor: Actor, operation: str, decision: Decision, *, key_id: int | None = None) -> NoReturn:
        """Record a refusal and raise it."""
        await self.database.run(
            append,
            fact=Fact.REFUSED,
            at=self.clock(),
            actor=actor.slack_user_id,
            request_id=None,
            key_id=key_id,
            details={"operation": operation, "rule": decision.rule, "kind": actor.kind.value},
        )
        raise PermissionDenied(decision.sentence, rule=decision.rule)


def as_urgent(decision: Decision, *, urgent: bool) -> Decision:
    """The decision for somebody who says that it is urgent, or does not: only who says so uses break-glass."""
    approval = decision.approval
    if urgent or approval is None or not approval.break_glass:
        return decision
    return replace(decision, approval=replace(approval, break_glass=False))


def _refilled(facts: Facts) -> bool:
    """Whether it is about an allowance, too: else what allowances add is not counted for a new key."""
    return facts.allowance is not None


def _too_many(waiting: int, most: int) -> TooMuch:
    return TooMuch(
        trn(
            "{count} request of yours waits for a decision already; at most {most} may at a time. "
            "Withdraw one that you no longer need (`/apikey requests`), or wait for an answer.",
            "{count} requests of yours wait for a decision already; at most {most} may at a time. "
            "Withdraw one that you no longer need (`/apikey requests`), or wait for an answer.",
            waiting,
            most=most,
        )
    )


def _counted_for(asked: Asked, inspection: Inspection) -> str:
    """As NewRequest.counted_for says it of what is stored."""
    return getattr(inspection.completed or asked.wanted, "owner_id", asked.actor.slack_user_id)


def _key_id(inspection: Inspection) -> int | None:
    return inspection.unread if inspection.key is None else int(inspection.key.id)


def _theirs(request: ApprovalRequest, actor: Actor) -> ApprovalRequest:
    """The request, for whoever asked. Slack gives every window to one person; a forged repeat learns nothing of it."""
    if (request.requester_id, request.requester_team) != (actor.slack_user_id, actor.team_id):
        raise ApprovalConflict(tr("This form was sent already, and not by you. Open it again to ask yourself."))
    return request


def new_request(asked: Asked, inspection: Inspection, decision: Decision, now: float) -> NewRequest:
    """The wish as it is stored once it was looked at and judged."""
    return NewRequest(
        delivery_id=asked.delivery_id,
        origin=asked.origin,
        operation=asked.operation.name,
        requester_id=asked.actor.slack_user_id,
        requester_team=asked.actor.team_id,
        channel_id=asked.channel_id,
        key_id=_key_id(inspection),
        key_name=inspection.key_name,
        reason=asked.reason,
        input=(inspection.completed or asked.wanted).model_dump(mode="json"),
        before=inspection.key,
        summary=inspection.changes,
        judgement=Judgement(decision=decision, facts=inspection.facts, own=inspection.own),
        asked_at=now,
    )
