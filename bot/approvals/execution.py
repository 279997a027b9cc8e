"""The durable run of one approved request: judge again, change the gateway, read back, settle the row.

`run` is a job: it may be called again from the top after a crash, at any point, on any replica. It looks at its row
and goes on; the operation's own marks are in the row's `progress`. The gateway is written through verified_write.py.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from bot.approvals import ledger, owner_rows, store
from bot.approvals.acceptance import Acceptances
from bot.approvals.cards.notifications import Notifications
from bot.approvals.counts import Counts
from bot.approvals.key_locks import locked_meanwhile
from bot.approvals.models import FINAL, IN_HAND, ApprovalRequest, OriginKind, Outcome, Postponement, Status
from bot.approvals.recheck import by_today, outgrown, read_late, refusal_today
from bot.approvals.record_check import OWNER
from bot.approvals.request_audit import record
from bot.approvals.rotation.lineage import RequestLineage, touched_since
from bot.approvals.verified_write import Call, VerifiedWriter, VerifiedWrites, gateway_for, why_waiting
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.errors import BotError, GatewayError
from bot.gateway.errors import AUTH_REFUSALS, KeyNotFound, Refusal
from bot.gateway.gateways import KeyReader
from bot.gateway.limiter import Priority, asked_by, prioritized
from bot.gateway.models import Key, KeyId
from bot.gateway.writes import Journal, WriteResult, WriteStatus
from bot.keys import lineage, locks, owners
from bot.keys.text import state_text
from bot.languages import joined, tr
from bot.operations import Change, Effect, Operation, Ownership, Work
from bot.permissions.models import REVIVING, Actor, ActorKind, BudgetLeft
from bot.permissions.rules import Policy
from bot.units import format_moment

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0
SLACK_SILENT_SECONDS = 3600.0
# A look before a request is stored takes less than this, in seconds.
LOOK_SECONDS = 5.0
# For whom the calls of refills are counted.
REFILLS = "refills"
_LOCKED = tr("The key was disabled and locked while this was being applied, so it stays out of use.")

Follower = Callable[[sa.Connection, ApprovalRequest, Operation, WriteResult], None]
"""What comes after a request is settled, done or failed, in the same transaction."""


class SlackSilent(BotError):  # not a failure of the request: it waits
    """Slack does not say who somebody is, so nobody can be judged now."""


class Execution:
    """Runs approved requests. `actor_of` resolves somebody as Slack shows them now."""

    def __init__(
        self,
        *,
        database: Database,
        reader: KeyReader,
        writes: VerifiedWrites,
        policy: Callable[[], Policy],
        counts: Counts,
        actor_of: Callable[[str, str], Awaitable[Actor]],
        notifications: Notifications,
        operations: Mapping[str, Operation],
        ownership: Ownership,
        acceptances: Acceptances,
        changed: Callable[[], None],
        learn: Callable[[Mapping[str, bool], str], Awaitable[None]],
        followers: Sequence[Follower] = (),
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._reader = reader
        self._writes = writes
        self._policy = policy
        self._counts = counts
        self._actor_of = actor_of
        self._notifications = notifications
        self._operations = operations
        self._ownership = ownership
        self._acceptances = acceptances
        self._changed = changed
        self._learn = learn
        self._followers = list(followers)
        self._clock = clock

    def subscribe(self, follower: Follower) -> None:
        """Have another room told of every run that ends from now on."""
        self._followers.append(follower)

    async def run(self, argument: str) -> Again | None:
        """Bring one request forward as far as it goes now. Again(seconds) = not settled yet."""
        request = await self._database.read(store.find, int(argument))
        if request is None or request.status not in IN_HAND:
            return None
        # What a review disables must not hold up the kill of a leaked key.
        kills = self._operations[request.operation].effect is Effect.STOPS and request.origin.review_id is None
        # All refills together take as many calls as one person may.
        whose = REFILLS if request.origin.kind is OriginKind.ALLOWANCE else ""
        with prioritized(Priority.KILL if kills else Priority.PEOPLE), asked_by(whose):
            return await self._writes.of_request(request, partial(self._bring_forward, request.id))

    async def _bring_forward(self, request_id: int, writer: VerifiedWriter) -> Again | None:
        # Read again under the lock: another replica may have settled it while we waited.
        request = await self._database.read(store.get, request_id)
        if request.status in FINAL:
            return None
        if request.status is Status.APPROVED:
            try:
                request = await self._accepted(request)
                request = request if request.waits_for_acceptance else await self._begin(request)
            except (SlackSilent, GatewayError) as error:
                return await self._database.run(self._postpone, request.id, why_waiting(error))
            if request.status is not Status.RUNNING:
                return None
        elif await self._database.run(self._locked_out, request.id):
            return None
        operation = self._operations[request.operation]
        call = await self._call(request, operation, writer)
        keep = partial(_keep, request.id)
        result = await writer.write(call, checkpoints=request.progress.checkpoints, keep=keep)
        budgets = await self._counts.budgets_after(request)
        again = await self._database.run(self._settle, writer, request, operation, result, budgets=budgets)
        self._changed()
        await self._learn(result.learned, request.gateway)
        return again

    async def _accepted(self, request: ApprovalRequest) -> ApprovalRequest:
        """The request, for whose acceptance its new owner was asked where it needs one."""
        if self._operations[request.operation].description.accepted and request.progress.acceptance is None:
            return await self._database.run(self._acceptances.ask, request.id)
        return request

    async def _call(self, request: ApprovalRequest, operation: Operation, writer: VerifiedWriter) -> Call:
        seen_at, known = await self._seen_at(request), await self._known(request)

        async def call(gateways: KeyReader, journal: Journal, processing: float) -> WriteResult:
            work = Work(
                client=gateway_for(request, gateways),
                journal=journal,
                request_id=request.id,
                approved_at=request.granted_at,
                before=request.before,
                seen_at=seen_at,
                known=known,
                ownership=self._ownership,
                time_zone=self._policy().time_zone,
                lineage=RequestLineage(writer=writer, request_id=request.id, clock=self._clock),
                leaked=request.origin.alert_id is not None,
                processing=processing,
            )
            return await operation.run(work, operation.input_model.model_validate(request.input))

        return call

    async def _seen_at(self, request: ApprovalRequest) -> float:
        """When `before` was read: long ago, when we may have changed the key ourselves since."""
        since = request.asked_at - LOOK_SECONDS
        key_id = request.key_id
        stale = key_id is not None and await self._database.read(touched_since, key_id, but=request.id, since=since)
        return 0.0 if stale else request.asked_at

    async def _known(self, request: ApprovalRequest) -> bool:
        """Whether the account had this key: it was read when this was asked, found by an alert, or is on our list."""
        if request.before is not None or request.origin.alert_id is not None:
            return True
        return request.key_id is not None and await self._database.read(owners.find, request.key_id) is not None

    async def _begin(self, request: ApprovalRequest) -> ApprovalRequest:
        """Judge once more with today's roles, rules and numbers, then start; or fail it with the reason.

        Raises SlackSilent and GatewayError when nobody can judge now.
        """
        # These were granted with something else: a rotation's end with its beginning, the disabling of a leaked key, or
        # of one whose owner has left, by the policy's tables a moment ago, what a review decided with the review.
        if not request.origin.judged_again:
            return await self._database.run(self._begun_as_granted, request)
        requester = await self._actor_of(request.requester_id, request.requester_team)
        voters = [await self._actor_of(vote.by, vote.team) for vote in request.votes]
        # Slack does not answer, or does not know somebody. The first is temporary; the second is waited for an hour.
        waited = self._clock() - request.granted_at
        unknown = any(actor.kind is ActorKind.UNKNOWN for actor in (requester, *voters))
        if unknown and waited < SLACK_SILENT_SECONDS:
            raise SlackSilent(tr("Slack does not tell us who asked or approved."))
        judged = await self._as_of_now(request)
        sentence = refusal_today(self._policy(), judged, requester, voters)
        if sentence and request.judgement.own and not judged.judgement.own:
            sentence = joined(tr("The key belongs to somebody else by now."), sentence)
        if sentence:
            return await self._database.run(self._begun, request, sentence)
        sentence = await self._not_as_judged(judged, requester)
        roles = sorted(self._policy().roles.of(requester))
        changed = bool(sentence)
        return await self._database.run(self._begun, request, sentence, changed_since=changed, roles=roles)

    async def _as_of_now(self, request: ApprovalRequest) -> ApprovalRequest:
        """The request with the lock of now, and with the counts of now, of what was granted before it."""
        facts = request.judgement.facts
        if (group := self._counts.account_group(request.gateway)) is not None:
            facts = replace(facts, account_group=group)
        facts = await self._counts.as_granted(request, facts)
        if request.operation in REVIVING and request.key_id is not None:
            born_at = request.before.created_time if isinstance(request.before, Key) else None
            facts = replace(facts, lock=await self._database.read(locks.lock_of, request.key_id, born_at))
        judged = {"facts": facts, "own": request.judgement.own and not await self._is_of_another(request)}
        return request.model_copy(update={"judgement": request.judgement.model_copy(update=judged)})

    async def _is_of_another(self, request: ApprovalRequest) -> bool:
        """Whether the key belongs to somebody else than the requester by now."""
        owner = None if request.key_id is None else await self._ownership.owner_of(request.key_id)
        return owner not in {None, request.requester_id}

    async def _not_as_judged(self, request: ApprovalRequest, requester: Actor) -> str:
        """What the record of now changes, where the judgement goes by it: for what is added, and what was unread."""
        unread = request.before is None
        if request.key_id is None or not (unread or by_today(request)):
            return ""
        try:
            fresh = await self._reader.get_key(KeyId(request.key_id))
        except KeyNotFound:
            return ""  # the run finds the same problem and reports it
        if unread:
            return read_late(self._policy(), request, requester, fresh, self._clock())
        return outgrown(self._policy(), request, requester, fresh)

    def _locked_out(self, c: sa.Connection, request_id: int) -> bool:
        """Whether the key was locked after this run began, while its process was dead: then it goes no further."""
        request = store.get(c, request_id, lock=True)
        lock = locked_meanwhile(c, request)
        if lock is None:
            return False
        record(c, Fact.FAILED, request, at=self._clock(), actor=None, why=_LOCKED)
        outcome = Outcome(sentence=_LOCKED, changed_since=True)
        request = store.move(c, request, Status.FAILED, settled_at=self._clock(), outcome=outcome)
        ledger.take_back(c, request.id)
        self._notifications.announce(c, request)
        return True

    def _begun_as_granted(self, c: sa.Connection, request: ApprovalRequest) -> ApprovalRequest:
        """What something else granted begins, unless the key was locked since: that it was not told of."""
        return self._begun(c, request, _LOCKED if locked_meanwhile(c, request) else "")

    def _begun(
        self,
        c: sa.Connection,
        request: ApprovalRequest,
        refusal: str,
        *,
        changed_since: bool = False,
        roles: list[str] | None = None,
    ) -> ApprovalRequest:
        now = self._clock()
        if refusal:
            record(c, Fact.REFUSED, request, at=now, actor=request.requester_id, tried="run", sentence=refusal)
            outcome = Outcome(sentence=refusal, changed_since=changed_since)
            request = store.move(c, request, Status.FAILED, settled_at=now, outcome=outcome)
            ledger.take_back(c, request.id)
        else:
            record(c, Fact.APPLYING, request, at=now, actor=None)
            request = store.move(c, request, Status.RUNNING)
            if roles is not None and self._operations[request.operation].effect in {Effect.CREATES, Effect.REPLACES}:
                store.record_progress(c, request.id, roles=roles)
        self._notifications.announce(c, request)
        return request

    def _postpone(self, c: sa.Connection, request_id: int, why: str) -> Again:
        """The gateway cannot be asked now. Nothing is lost: say so, and try again with growing pauses."""
        request = store.get(c, request_id, lock=True)
        earlier = request.progress.postponed
        since, tries = (self._clock(), 1) if earlier is None else (earlier.since, earlier.tries + 1)
        store.record_progress(c, request.id, postponed=Postponement(since=since, tries=tries, why=why))
        if tries == 1:
            record(c, Fact.HELD, request, at=self._clock(), actor=None, why=why)
            self._notifications.announce(c, request)
            self._notifications.tell(c, request)
        return Again(min(LONGEST_PAUSE, 1.0 * 2 ** min(tries, 6)))

    def _settle(
        self,
        c: sa.Connection,
        writer: VerifiedWriter,
        request: ApprovalRequest,
        operation: Operation,
        result: WriteResult,
        *,
        budgets: tuple[BudgetLeft, ...] | None,
    ) -> Again | None:
        request = store.get(c, request.id, lock=True)
        if request.status in FINAL:
            return None
        writer.check(c)
        now = self._clock()
        # Nothing was changed, and the cause is temporary or can be mended by an administrator, so the request waits.
        if result.status is WriteStatus.FAILED and (result.again_after or result.refusal in AUTH_REFUSALS):
            return self._postpone(c, request.id, result.sentence)
        if result.status is WriteStatus.UNKNOWN:
            return self._unsettled(c, request, result, now)
        succeeded = result.status is WriteStatus.DONE
        outcome = _outcome(request, operation, result)
        to = Status.SUCCEEDED if succeeded else Status.FAILED
        settled: dict[str, Any] = {
            "outcome": outcome,
            "key_id": request.key_id or outcome.key_id,
            "summary": _as_made(request, result),
        }
        settled |= self._read_late(request, result)
        request = store.move(c, request, to, settled_at=now, **settled)
        if not succeeded:
            ledger.settle_failure(c, request, result)
            lineage.release(c, request.id)
        if succeeded:
            owner_rows.remember(c, request, operation, result, now)
        details: dict[str, Any] = {
            "before": _settings(result.before),
            "after": _settings(result.key),
            "notes": list(outcome.notes),
        }
        if not succeeded:
            details["why"] = outcome.sentence
        if succeeded and result.key is not None and operation.effect in {Effect.CREATES, Effect.REPLACES, Effect.GIVES}:
            details[OWNER] = {str(result.key.id): owners.owner_of(c, result.key.id)}
        record(c, Fact.APPLIED if succeeded else Fact.FAILED, request, at=now, actor=None, **details)
        for follow in self._followers:
            follow(c, request.under(budgets), operation, result)
        self._notifications.announce(c, request)
        return None

    def _read_late(self, request: ApprovalRequest, result: WriteResult) -> dict[str, Any]:
        """Name and state of a key that could not be read when this was asked, for what people read now."""
        if request.key_id is None or request.before is not None or result.before is None:
            return {}
        before = state_text(result.before.state(self._reader.server_now(result.before.id)))
        lines = (
            line.model_copy(update={"before": before}) if line.field == "status" else line for line in request.summary
        )
        return {"key_name": result.before.name, "summary": tuple(lines)}

    def _unsettled(self, c: sa.Connection, request: ApprovalRequest, result: WriteResult, now: float) -> Again | None:
        outcome = Outcome(sentence=result.sentence, by_hand=result.again_after is None)
        if request.status is not Status.UNKNOWN:
            record(c, Fact.UNKNOWN, request, at=now, actor=None, why=result.sentence)
            request = store.move(c, request, Status.UNKNOWN, outcome=outcome)
            self._notifications.announce(c, request)
        elif outcome.by_hand and not (request.outcome and request.outcome.by_hand):
            request = store.change(c, request, outcome=outcome)
            self._notifications.announce(c, request)
        # Without a time to look again, a person must look: the card and the record say so.
        return None if result.again_after is None else Again(result.again_after)


def _settings(key: Any) -> dict[str, Any] | None:
    return None if key is None else {**key.settings().model_dump(mode="json"), "id": key.id, "status": key.status}


def _as_made(request: ApprovalRequest, result: WriteResult) -> tuple[Change, ...]:
    """The lines of the card; a span that counted from the approval has become a moment."""
    if result.key is None or result.status is not WriteStatus.DONE:
        return request.summary
    moment = format_moment(result.key.expired_time)
    return tuple(
        line.model_copy(update={"after": moment}) if line.field == "expired_time" else line for line in request.summary
    )


def _outcome(request: ApprovalRequest, operation: Operation, result: WriteResult) -> Outcome:
    name = result.key.name if result.key is not None else request.key_name
    done = result.status is WriteStatus.DONE
    changed = result.refusal is Refusal.CHANGED_SINCE
    words = (
        tr("{field}: {wanted} when this was asked, now {found}")
        if changed
        else tr("{field}: asked for {wanted}, found {found}")
    )
    return Outcome(
        sentence=operation.done(f"“{name}”") if done else result.sentence,
        notes=(*((result.alarm,) if result.alarm else ()), *result.notes),
        differences=tuple(
            words.filled(field=d.field, wanted=repr(d.wanted), found=repr(d.found)) for d in result.differences
        ),
        changed_since=changed,
        key_id=None if result.key is None else int(result.key.id),
        hint="" if result.key is None else result.key.last_four,
        copies=tuple(int(number) for number in result.extra_key_ids),
    )


def _keep(request_id: int, c: sa.Connection, name: str, value: Any) -> None:
    store.record_checkpoint(c, request_id, name, value)
