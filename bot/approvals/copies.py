"""A gateway that applied one creation twice has made a copy of a key. It belongs to the request and to nobody else.

Security is told of it, and whoever asked for the key may have it disabled: judged at the click as a key of their own,
once for each copy. It gets no owner, so that nobody can reveal its value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.copies import POST, post_id
from bot.approvals.cards.notifications import Notifications
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import ApprovalRequest, Judgement, NewRequest, Origin, OriginKind, Status
from bot.approvals.request_audit import record
from bot.audit import Fact
from bot.db.engine import Database
from bot.errors import ApprovalConflict, BotError, PermissionDenied
from bot.gateway.writes import WriteResult
from bot.languages import tr
from bot.operations import Operation
from bot.permissions.models import Actor, Ask, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import Policy
from bot.slack.outbox import Outbox

DISABLE = "key.disable"


@dataclass(frozen=True, kw_only=True)
class KeyCopies:
    """`channel`: the security channel."""

    database: Database
    outbox: Outbox
    granted: GrantedRequests
    notifications: Notifications
    operations: Mapping[str, Operation]
    policy: Callable[[], Policy]
    channel: str
    clock: Callable[[], float]

    def follow(self, c: sa.Connection, request: ApprovalRequest, _operation: Operation, _result: WriteResult) -> None:
        """After a request was settled: tell security of the copies that came with its key."""
        if request.status is Status.SUCCEEDED and request.outcome is not None and request.outcome.copies:
            self._tell(c, request)

    def _tell(self, c: sa.Connection, request: ApprovalRequest) -> None:
        self.outbox.want(c, id=post_id(request.id), kind=POST, subject=str(request.id), target=self.channel)

    async def disable(self, request_id: int, actor: Actor) -> None:
        """Whoever asked for the key has its copies disabled. Raises PermissionDenied and ApprovalConflict."""
        error = await self.database.run(self._disable, request_id, actor)
        if error is not None:
            raise error

    def _disable(self, c: sa.Connection, request_id: int, actor: Actor) -> BotError | None:
        request = store.find(c, request_id, lock=True)
        copies = () if request is None or request.outcome is None else request.outcome.copies
        if request is None or not copies:
            return ApprovalConflict(tr("There is no copy of a key here."))
        if (actor.slack_user_id, actor.team_id) != (request.requester_id, request.requester_team):
            who = tr("Only {who}, who asked for the key, has its copy disabled here.", who=f"<@{request.requester_id}>")
            return self._refused(c, request, actor, who, None)
        facts = Facts(channel=request.channel_id)
        decision = decide(self.policy(), Ask(actor=actor, operation=DISABLE, own=True, facts=facts))
        if not decision.allowed:
            sentence = (
                decision.sentence if decision.outcome == "deny" else tr("Security knows of it and can disable it.")
            )
            return self._refused(c, request, actor, sentence, decision.rule)
        for key_id in copies:
            self.granted.insert(c, self._order(request, key_id, Judgement(decision=decision, facts=facts, own=True)))
        progress = store.record_progress(c, request.id, copies_ordered=True)
        request = request.model_copy(update={"progress": progress})
        self.notifications.announce(c, request)
        self._tell(c, request)
        return None

    def _refused(
        self, c: sa.Connection, request: ApprovalRequest, actor: Actor, sentence: str, rule: str | None
    ) -> BotError:
        told = {"tried": "disable_copy", "rule": rule, "kind": actor.kind.value}
        record(c, Fact.REFUSED, request, at=self.clock(), actor=actor.slack_user_id, **told)
        return PermissionDenied(sentence, rule=rule)

    def _order(self, request: ApprovalRequest, key_id: int, judgement: Judgement) -> NewRequest:
        return NewRequest(
            delivery_id=f"req:{request.id}:copy:{key_id}",
            origin=Origin(kind=OriginKind.COPY, request_id=request.id),
            operation=DISABLE,
            requester_id=request.requester_id,
            requester_team=request.requester_team,
            channel_id=request.channel_id,
            key_id=key_id,
            key_name=request.key_name,
            reason=tr("A copy that the gateway made with request {number}.", number=request.number),
            input=self.operations[DISABLE].input_model.model_validate({"key_id": key_id}).model_dump(mode="json"),
            before=None,
            summary=(),
            judgement=judgement,
            asked_at=self.clock(),
        )
