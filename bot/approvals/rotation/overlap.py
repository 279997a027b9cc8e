"""The end of a rotation: after the overlap the old key is disabled, by a request of its own.

A row before a call, here too: the delayed job stores a granted request to disable the old key, and everything after
that (run, read-back, proof, words) is as for any other. Knows no Slack and calls no gateway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import (
    ApprovalRequest,
    Judgement,
    NewRequest,
    Origin,
    OriginKind,
    OverlapProgress,
    Status,
)
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.gateway.models import KeyStatus
from bot.gateway.numbers import shown_number
from bot.gateway.writes import WriteResult
from bot.keys import lineage
from bot.languages import tr
from bot.operations import Effect, Operation
from bot.permissions.models import Decision, Facts
from bot.slack.blocks import Block, code, context, date

JOB = "retire"
DISABLE = "key.disable"


@dataclass(frozen=True, kw_only=True)
class RotationOverlap:
    """Sets the time at which a replaced key ends, and asks for its end when that has come."""

    database: Database
    engine: Engine
    granted: GrantedRequests
    notifications: Notifications
    operations: Mapping[str, Operation]
    clock: Callable[[], float]

    def follow(self, c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult) -> None:
        """After a rotation: set the time. After a failed end of one: say so where everybody sees it."""
        if request.origin.kind is OriginKind.ROTATION_END and request.status is Status.FAILED:
            sentence = tr(
                ":rotating_light: Key {number} was replaced, but could not be disabled: it still works. "
                "Disable it by hand ({command}).",
                number=shown_number(request.key_id),
                command=code(f"/apikey disable {shown_number(request.key_id)}"),
            )
            self.notifications.alarm(c, request, sentence)
        if operation.effect is Effect.STOPS and request.status is Status.SUCCEEDED and request.key_id is not None:
            self.key_changed(c, request.key_id, DISABLE)
        if operation.effect is not Effect.REPLACES or request.status is not Status.SUCCEEDED:
            return
        alive = result.before is None or result.before.status == KeyStatus.ENABLED
        overlap = float(request.input.get("overlap", 0)) if alive else 0.0
        store.record_progress(c, request.id, overlap=OverlapProgress(at=self.clock() + overlap))
        self.engine.start(c, JOB, f"req:{request.id}:retire", str(request.id), delay=overlap)

    def key_changed(self, c: sa.Connection, key_id: int, operation: str) -> None:
        """By a request or in a batch something was done to a key: an old one that was disabled gives up the rest."""
        row = lineage.find(c, key_id) if operation == DISABLE else None
        if row is None or row.rotation is None or row.replaced_by is None:
            return
        rotation = store.find(c, row.rotation)
        overlap = None if rotation is None else rotation.progress.overlap
        if overlap is not None and overlap.request_id is None:
            # The same job that the overlap's end would start; whichever comes second finds its request made.
            self.engine.start(c, JOB, f"req:{row.rotation}:retire:ended", str(row.rotation))

    async def retire(self, argument: str) -> None:
        """The durable job: the overlap of this rotation is over."""
        await self.database.run(self._retire, int(argument))

    def _retire(self, c: sa.Connection, request_id: int) -> None:
        rotation = store.find(c, request_id, lock=True)
        if rotation is None or rotation.key_id is None:
            return
        now = self.clock()
        request, is_new = self.granted.insert(c, self._request(rotation, rotation.key_id, now))
        if is_new:
            ends_at = now if rotation.progress.overlap is None else rotation.progress.overlap.at
            store.record_progress(c, rotation.id, overlap=OverlapProgress(at=ends_at, request_id=request.id))
            self.notifications.announce(c, store.get(c, rotation.id))

    def _request(self, rotation: ApprovalRequest, key_id: int, now: float) -> NewRequest:
        sentence = tr("It was granted with the rotation in request {number}.", number=rotation.number)
        decision = Decision(outcome="allow", rule=rotation.judgement.decision.rule, sentence=sentence)
        wanted: dict[str, Any] = {"key_id": key_id, "rotation": rotation.id}
        return NewRequest(
            delivery_id=f"req:{rotation.id}:retire",
            origin=Origin(kind=OriginKind.ROTATION_END, request_id=rotation.id),
            operation=DISABLE,
            requester_id=rotation.requester_id,
            requester_team=rotation.requester_team,
            channel_id=rotation.channel_id,
            key_id=key_id,
            key_name=rotation.key_name,
            reason=tr("End of the rotation in request {number}", number=rotation.number),
            input=self.operations[DISABLE].input_model.model_validate(wanted).model_dump(mode="json"),
            before=None,
            summary=(),
            judgement=Judgement(decision=decision, facts=Facts(), own=rotation.judgement.own),
            asked_at=now,
        )


def overlap_blocks(request: ApprovalRequest) -> list[Block]:
    """Until when the old key of a rotation works, and why it was ended; empty for everything else."""
    if request.origin.kind is OriginKind.ROTATION_END:
        return [context(tr("This ends the rotation in request {number}.", number=f"#{request.origin.request_id}"))]
    overlap = request.progress.overlap
    if overlap is None:
        return []
    if overlap.request_id is not None:
        number = f"#{overlap.request_id}"
        return [
            context(
                tr("The old key {key} ends with request {number}.", key=shown_number(request.key_id), number=number)
            )
        ]
    when = date(overlap.at)
    return [
        context(
            tr(
                ":hourglass_flowing_sand: The old key {key} works until {when}.",
                key=shown_number(request.key_id),
                when=when,
            )
        )
    ]
