"""The end of a rotation: after the overlap the old key is disabled, by a request of its own.

A row before a call, here too: the delayed job stores a granted request to disable the old key, and everything after
that (run, read-back, proof, words) is as for any other. Knows no Slack and calls no gateway.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, Judgement, NewRequest, Status
from bot.approvals.request_audit import record
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.gateway.models import KeyStatus
from bot.gateway.writes import WriteResult
from bot.operations import Effect, Operation
from bot.permissions.models import Decision, Facts
from bot.slack.blocks import Block, context, date

JOB, MARK = "retire", "retire"
DISABLE = "key.disable"


class RotationOverlap:
    """Sets the time at which a replaced key ends, and asks for its end when that has come."""

    def __init__(
        self,
        *,
        database: Database,
        engine: Engine,
        notifications: Notifications,
        operations: Mapping[str, Operation],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._engine = engine
        self._notifications = notifications
        self._operations = operations
        self._clock = clock

    def follow(self, c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult) -> None:
        """After a rotation: set the time. After a failed end of one: say so where everybody sees it."""
        if request.note == store.ROTATION and request.status is Status.FAILED:
            sentence = f":rotating_light: Key {request.key_id} was replaced, but could not be disabled: it still works."
            self._notifications.alarm(
                c, request, f"{sentence} Disable it by hand (`/apikey disable {request.key_id}`)."
            )
        if operation.effect is not Effect.REPLACES or request.status is not Status.SUCCEEDED:
            return
        alive = result.before is None or result.before.status == KeyStatus.ENABLED
        overlap = float(request.input.get("overlap", 0)) if alive else 0.0
        store.record_progress(c, request.id, MARK, {"at": self._clock() + overlap})
        self._engine.start(c, JOB, f"req:{request.id}:retire", str(request.id), delay=overlap)

    async def retire(self, argument: str) -> None:
        """The durable job: the overlap of this rotation is over."""
        await self._database.run(self._retire, int(argument))

    def _retire(self, c: sa.Connection, request_id: int) -> None:
        rotation = store.find(c, request_id, lock=True)
        if rotation is None or rotation.key_id is None:
            return
        now = self._clock()
        new = self._request(rotation, rotation.key_id, now)
        request, is_new = store.insert(c, new, status=Status.APPROVED, lapses_at=None)
        if not is_new:
            return
        rule = new.judgement.decision.rule
        record(c, Fact.ASKED, request, at=now, actor=None, rule=rule, rotation=rotation.id)
        request = store.change(c, request, decided_at=now, note=store.ROTATION)
        record(c, Fact.APPROVED, request, at=now, actor=None, rule=rule)
        self._engine.start(c, "run", f"req:{request.id}:run", str(request.id))
        store.record_progress(c, rotation.id, MARK, {**rotation.progress.get(MARK, {}), "request": request.id})
        self._notifications.announce(c, request)
        self._notifications.announce(c, rotation)

    def _request(self, rotation: ApprovalRequest, key_id: int, now: float) -> NewRequest:
        sentence = f"It was granted with the rotation in request {rotation.number}."
        decision = Decision(outcome="allow", rule=rotation.judgement.decision.rule, sentence=sentence)
        wanted: dict[str, Any] = {"key_id": key_id, "rotation": rotation.id}
        return NewRequest(
            delivery_id=f"req:{rotation.id}:retire",
            operation=DISABLE,
            requester_id=rotation.requester_id,
            requester_team=rotation.requester_team,
            channel_id=rotation.channel_id,
            key_id=key_id,
            key_name=rotation.key_name,
            reason=f"End of the rotation in request {rotation.number}",
            input=self._operations[DISABLE].input_model.model_validate(wanted).model_dump(mode="json"),
            before=None,
            summary=(),
            judgement=Judgement(decision=decision, facts=Facts(), own=rotation.judgement.own),
            asked_at=now,
        )


def overlap_blocks(request: ApprovalRequest) -> list[Block]:
    """Until when the old key of a rotation works, and why it was ended; empty for everything else."""
    if request.note == store.ROTATION:
        return [context(f"This ends the rotation in request #{request.input['rotation']}.")]
    mark = request.progress.get(MARK)
    if not isinstance(mark, dict):
        return []
    if mark.get("request"):
        return [context(f"The old key {request.key_id} ends with request #{mark['request']}.")]
    return [context(f":hourglass_flowing_sand: The old key {request.key_id} works until {date(mark['at'])}.")]
