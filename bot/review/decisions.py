"""What people decide about keys of a review, and what silence does: one decision a key, whoever clicks how often.

Each click is judged: whoever clicks must be one of those who decide about the key by the policy of now, and not its
owner. What changes the key is judged by the rules as well, by a fresh record: a rule that speaks of it is obeyed; where
none does, the review itself gives the right, as it only takes away what can be given back. The change is a request like
any other, stored in the transaction of the decision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.approvals.flow import Asked, Flow, new_request
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import ApprovalRequest, Judgement, NewRequest, Origin, OriginKind, Status
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.errors import ApprovalConflict
from bot.gateway.errors import KeyNotFound
from bot.gateway.gateways import KeyReader
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import shown_number
from bot.keys import inventory_store, locks, owners
from bot.keys.inventory_store import KnownKey
from bot.languages import joined, tr
from bot.operations import Inspection, Operation
from bot.permissions.models import Actor, Ask, Decision, Facts
from bot.permissions.policy import decide
from bot.permissions.reviewers import may_review
from bot.permissions.rules import Policy
from bot.review import store
from bot.review.judgement import departure_of, snapshot_of
from bot.review.models import RULE, ReviewCard, ReviewedKey, Verdict, WhyLeft
from bot.review.notifications import ReviewNotifications

DISABLE, QUOTA, ENABLE = "key.disable", "key.quota", "key.enable"
# So often the gateway is asked to disable a key about which nobody decided.
MOST_ATTEMPTS = 3
_OPERATIONS = {Verdict.KEEP: "key.show", Verdict.SHRINK: QUOTA, Verdict.DISABLE: DISABLE}
_NOT_THERE = tr("There is no such key in a review any more.")
_OWN = tr("This is your own key, so somebody else decides.")
_DECIDED = tr("This key is decided already; the review shows by whom.")
_LEFT = tr("The key is not as it was when the review began, so it left the list. Nothing was done.")
_OTHER_ACCOUNT = tr("The gateway shows another account now, so nothing can be decided. An administrator must look.")
_GRANTED = tr("It was decided in key review {number}.")


@dataclass(frozen=True, kw_only=True)
class ReviewDecisions:
    """`bot_user_id`, `team_id`: who Keydesk is in Slack."""

    database: Database
    flow: Flow
    granted: GrantedRequests
    reader: KeyReader
    operations: Mapping[str, Operation]
    policy: Callable[[], Policy]
    notifications: ReviewNotifications
    bot_user_id: str
    team_id: str
    clock: Callable[[], float]

    async def decide(self, row_id: int, actor: Actor, verdict: Verdict, *, deadline: float) -> None:
        """Somebody decides about a key. Raises PermissionDenied, ApprovalConflict, InputError, GatewayError."""
        row = await self._admitted(row_id, actor, _OPERATIONS[verdict])
        if row.verdict is not Verdict.OPEN:
            raise ApprovalConflict(_DECIDED)
        if verdict is Verdict.KEEP:
            stored = await self.database.run(self._keep, row, actor)
        else:
            new = await self._judged(row, actor, verdict, deadline)
            stored = await self.database.run(self._decide, row, actor, verdict, new)
        if stored is not None:
            raise stored

    async def undo(self, row_id: int, actor: Actor, *, deadline: float) -> None:
        """Somebody takes a disable back. Raises the same."""
        row = await self._admitted(row_id, actor, ENABLE)
        if not row.can_be_undone(self.clock()):
            raise ApprovalConflict(
                tr("This cannot be undone here any more. Enable the key with {command}.", command="`/apikey enable`")
            )
        lock = await self.database.read(locks.lock_of, row.key_id, row.born_at)
        if lock is not None and (lock.cause, lock.number) != ("person", row.request_id):
            raise ApprovalConflict(
                tr("The key was locked for another reason since. Enable it with {command}.", command="`/apikey enable`")
            )
        asked = self._asked(
            row, actor, ENABLE, {"key_id": row.key_id}, attempt=f"undo:{row.version}", deadline=deadline
        )
        inspection, _ = await self.flow.judge(asked)
        # The lock is the review's own and goes with what made it.
        facts = replace(inspection.facts, lock=None)
        decision = decide(self.policy(), Ask(actor=actor, operation=ENABLE, own=inspection.own, facts=facts))
        decision = await self._granted(actor, ENABLE, decision, row)
        inspection = replace(inspection, facts=replace(inspection.facts, lock=lock))
        refused = await self.database.run(self._undo, row, actor, self._request(asked, inspection, decision))
        if refused is not None:
            raise refused

    async def _admitted(self, row_id: int, actor: Actor, operation: str) -> ReviewedKey:
        """The key, for somebody who may decide about it now."""
        await self.flow.admit(actor, operation)
        found = await self.database.read(_found, row_id)
        if found is None:
            raise ApprovalConflict(_NOT_THERE)
        row, card, owner = found
        if await self.database.read(owners.account_is_other, row.key_id):
            raise ApprovalConflict(_OTHER_ACCOUNT)
        if actor.slack_user_id in {row.owner_id, owner}:
            await self._turn_away(actor, operation, row, _OWN)
        if not may_review(self.policy(), actor, card.roles):
            sentence = tr("Only those whom key review {number} asks may decide about this key.", number=row.review_id)
            await self._turn_away(actor, operation, row, sentence)
        return row

    async def _turn_away(self, actor: Actor, operation: str, row: ReviewedKey, sentence: str) -> None:
        decision = Decision(outcome="deny", rule=RULE, sentence=sentence)
        await self.flow.refuse(actor, operation, decision, key_id=row.key_id)

    async def _judged(self, row: ReviewedKey, actor: Actor, verdict: Verdict, deadline: float) -> NewRequest:
        """The change by a fresh record, judged by the rules."""
        operation, attempt = _OPERATIONS[verdict], str(row.attempt + 1)
        try:
            key: Key | None = await self.reader.get_key(KeyId(row.key_id), deadline=deadline)
        except KeyNotFound:
            key = None
        departure = await self.database.read(self._departure, row, key)
        if departure is not None or key is None:
            await self.database.run(self.leave, row, departure or WhyLeft.GONE)
            raise ApprovalConflict(_LEFT)
        wanted = {"key_id": row.key_id} | (_shrunk(row, key) if verdict is Verdict.SHRINK else {})
        asked = self._asked(row, actor, operation, wanted, attempt=attempt, deadline=deadline)
        inspection, decision = await self.flow.judge(replace(asked, read=key))
        decision = await self._granted(actor, operation, decision, row)
        return self._request(asked, inspection, decision)

    def _departure(self, c: sa.Connection, row: ReviewedKey, key: Key | None) -> WhyLeft | None:
        if key is None:
            return WhyLeft.GONE
        known = KnownKey(
            key=key,
            read_at=0.0,
            known_since=0.0,
            gone_at=None,
            owner_id=owners.owner_of(c, row.key_id, key.created_time),
            owner_team=None,
            owner_roles=None,
        )
        return departure_of(row, known, now=self.reader.server_now(row.key_id))

    def _asked(
        self,
        row: ReviewedKey,
        actor: Actor,
        operation: str,
        wanted: Mapping[str, Any],
        *,
        attempt: str,
        deadline: float,
    ) -> Asked:
        described = self.operations[operation]
        return Asked(
            actor=actor,
            operation=described,
            wanted=described.input_model.model_validate(wanted),
            reason=tr("Key review {number}", number=row.review_id),
            channel_id=self.notifications.channel,
            delivery_id=_delivery_id(row, attempt),
            origin=Origin(kind=OriginKind.REVIEW, review_id=row.review_id),
            deadline=deadline,
        )

    async def _granted(self, actor: Actor, operation: str, decision: Decision, row: ReviewedKey) -> Decision:
        """What a rule says is obeyed; where none speaks, the review gives the right."""
        if decision.allowed or decision.rule is None:
            return decision if decision.allowed else self._by_review(row)
        word = self.operations[operation].description.command
        command = f"`/apikey {word} {shown_number(row.key_id)}`"
        ask = tr("Ask for it with {command}.", command=command) if decision.approval else ""
        refused = replace(decision, outcome="deny", approval=None, sentence=joined(decision.sentence, ask))
        return await self.flow.refuse(actor, operation, refused, key_id=row.key_id)

    def _by_review(self, row: ReviewedKey) -> Decision:
        return Decision(outcome="allow", rule=RULE, sentence=_GRANTED.filled(number=row.review_id))

    def _request(self, asked: Asked, inspection: Inspection, decision: Decision) -> NewRequest:
        # It takes away, or gives back what was there, so it counts for nobody as granted.
        inspection = replace(inspection, facts=replace(inspection.facts, increase=0, counts=None))
        return new_request(asked, inspection, decision, self.clock())

    def _keep(self, c: sa.Connection, row: ReviewedKey, actor: Actor) -> ApprovalConflict | None:
        known = inventory_store.find(c, row.key_id)
        departure = departure_of(row, known, now=self.reader.server_now(row.key_id))
        if departure is not None or known is None:
            self.leave(c, row, departure or WhyLeft.GONE)
            return ApprovalConflict(_LEFT)
        now = self.clock()
        by = {"decided_by": actor.slack_user_id, "decided_at": now, "settled_at": now}
        if not store.change_key(c, row, verdict=Verdict.KEEP.value, **by):
            return ApprovalConflict(_DECIDED)
        kept = snapshot_of(known.key, now=self.reader.server_now(known.key.id))
        self._record(c, row, Verdict.KEEP, actor=actor.slack_user_id, after=kept)
        self._draw(c, row)
        return None

    def _decide(
        self, c: sa.Connection, row: ReviewedKey, actor: Actor, verdict: Verdict, new: NewRequest
    ) -> ApprovalConflict | None:
        by = {"decided_by": actor.slack_user_id, "decided_at": self.clock()}
        stored = self._store(c, row, new, verdict=verdict.value, attempt=row.attempt + 1, settled_at=None, **by)
        if stored is None:
            return ApprovalConflict(_DECIDED)
        self._record(c, row, verdict, actor=actor.slack_user_id, request=stored.id)
        return None

    def _undo(self, c: sa.Connection, row: ReviewedKey, actor: Actor, new: NewRequest) -> ApprovalConflict | None:
        if not store.change_key(c, row, undone_by=actor.slack_user_id):
            return ApprovalConflict(_DECIDED)
        request, _ = self.granted.insert(c, new)
        store.change_key(c, replace(row, version=row.version + 1), undo_id=request.id)
        self._record(c, row, None, actor=actor.slack_user_id, request=request.id)
        self._draw(c, row)
        return None

    def silence(self, c: sa.Connection, row: ReviewedKey) -> bool:
        """Nobody decided about a key, so it is disabled. False: somebody did meanwhile."""
        attempt = row.attempt + 1
        new = NewRequest(
            delivery_id=_delivery_id(row, str(attempt)),
            origin=Origin(kind=OriginKind.REVIEW_END, review_id=row.review_id),
            operation=DISABLE,
            requester_id=self.bot_user_id,
            requester_team=self.team_id,
            channel_id=self.notifications.channel,
            key_id=row.key_id,
            key_name=row.name,
            reason=tr("Nobody decided about it in key review {number}", number=row.review_id),
            input=self.operations[DISABLE].input_model.model_validate({"key_id": row.key_id}).model_dump(mode="json"),
            before=None,
            summary=(),
            judgement=Judgement(decision=self._by_review(row), facts=Facts(), own=False),
            asked_at=self.clock(),
        )
        values = {"decided_by": None, "decided_at": self.clock(), "settled_at": None, "attempt": attempt}
        stored = self._store(c, row, new, verdict=Verdict.SILENCE.value, **values)
        if stored is not None:
            self._record(c, row, Verdict.SILENCE, request=stored.id)
        return stored is not None

    def _store(self, c: sa.Connection, row: ReviewedKey, new: NewRequest, **values: Any) -> ApprovalRequest | None:
        """The decision and its request, in one transaction. None: somebody else was first."""
        if not store.change_key(c, row, **values):
            return None
        request, _ = self.granted.insert(c, new)
        store.change_key(c, replace(row, version=row.version + 1), request_id=request.id)
        self._draw(c, row)
        return request

    def leave(self, c: sa.Connection, row: ReviewedKey, departure: WhyLeft) -> bool:
        """A key needs no decision any more. False: it has got one meanwhile."""
        left = {"verdict": Verdict.LEFT.value, "departure": departure.value, "decided_at": self.clock()}
        if not store.change_key(c, row, **left):
            return False
        self._record(c, row, Verdict.LEFT, why=departure.value)
        self._draw(c, row)
        return True

    def follow(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """A request moved: where a review led to it, the review goes on. In the same transaction."""
        row = None if request.origin.review_id is None else store.key_of_request(c, request.id)
        if row is None:
            return
        if request.status is Status.SUCCEEDED:
            self._done(c, row, request)
        elif request.status is Status.FAILED:
            self._failed(c, row, request)
        self._draw(c, row)

    def _done(self, c: sa.Connection, row: ReviewedKey, request: ApprovalRequest) -> None:
        name = "undone_at" if row.undo_id == request.id else "settled_at"
        if getattr(row, name) is None:
            store.change_key(c, row, **{name: self.clock()})
            self.notifications.changed(c, row)

    def _failed(self, c: sa.Connection, row: ReviewedKey, request: ApprovalRequest) -> None:
        if row.undo_id == request.id:
            store.change_key(c, row, undo_id=None, undone_by=None)
        elif row.verdict is Verdict.SILENCE and row.attempt >= MOST_ATTEMPTS:
            self.leave(c, row, WhyLeft.FAILED)
        elif row.verdict is not Verdict.OPEN:
            store.change_key(c, row, verdict=Verdict.OPEN.value, decided_by=None, decided_at=None)

    def _draw(self, c: sa.Connection, row: ReviewedKey) -> None:
        card = store.find_card(c, row.card_id)
        if card is not None:
            self.notifications.card(c, card)

    def _record(
        self,
        c: sa.Connection,
        row: ReviewedKey,
        verdict: Verdict | None,
        *,
        actor: str | None = None,
        request: int | None = None,
        **details: Any,
    ) -> None:
        told = {"review": row.review_id, "decision": "undo" if verdict is None else verdict.value, **details}
        at, fact = self.clock(), Fact.REVIEW_DECIDED
        append(c, fact=fact, at=at, actor=actor, request_id=request, key_id=row.key_id, details=told)


def _found(c: sa.Connection, row_id: int) -> tuple[ReviewedKey, ReviewCard, str | None] | None:
    row = store.find_key(c, row_id)
    card = None if row is None else store.find_card(c, row.card_id)
    return None if row is None or card is None else (row, card, owners.owner_of(c, row.key_id, row.born_at))


def _delivery_id(row: ReviewedKey, attempt: str) -> str:
    """`review:ID:KEY` for the first request of a key; a later one, after one that failed, is another."""
    return f"review:{row.review_id}:{row.key_id}" + ("" if attempt == "1" else f":{attempt}")


def _shrunk(row: ReviewedKey, key: Key) -> dict[str, Any]:
    """The change to what was shown, by the numbers of now. Raises ApprovalConflict where there is no less to leave."""
    target = row.target
    if target is not None and key.unlimited_quota:
        return {"unlimited_quota": False, "remain_quota": target}
    if target is None or target >= key.remain_quota:
        raise ApprovalConflict(
            tr("The key has no more than that left now, so there is nothing to lower. Keep or disable it.")
        )
    return {"delta": target - key.remain_quota}
