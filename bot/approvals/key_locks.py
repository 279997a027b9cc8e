"""Locks keys that were disabled as leaked or by somebody else, and says it aloud when one comes back.

Which locked keys may come back is the policy's to say (permissions/unlocking.py): a lock is a fact of every request
about its key. This page writes locks in the transaction that settles a disable, tells waiting requests of them, and
wants a new message in the security channel for every revival. Calls no gateway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.lock_notices import POST
from bot.approvals.cards.notifications import CARD, card_id
from bot.approvals.models import IN_HAND, ApprovalRequest, OriginKind, Status
from bot.audit import Fact, append
from bot.gateway.gateways import KeyReader
from bot.gateway.models import EffectiveState, Key
from bot.gateway.writes import WriteResult
from bot.keys import locks
from bot.operations import Effect, Operation
from bot.permissions.models import REVIVING, Lock
from bot.slack import post_store
from bot.slack.outbox import Outbox

# Keys of one batch that its message names; the others are a number.
MOST_NAMED = 40


@dataclass(frozen=True, kw_only=True)
class KeyLocks:
    """`channel`: the security channel. `reader` knows the gateway's clock, `clock` is ours; Unix seconds."""

    outbox: Outbox
    channel: str
    reader: KeyReader
    clock: Callable[[], float]

    def follow(self, c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult) -> None:
        """After a request was settled: lock what was disabled, unlock what came back."""
        key_id = _key_id(request)
        if request.status is not Status.SUCCEEDED or key_id is None:
            return
        if operation.effect is Effect.DELETES:
            locks.unlock(c, key_id)
        elif operation.effect is Effect.STOPS and operation.name == "key.disable":
            why = self._why(c, request)
            if why is not None and result.key is not None:
                self.lock(c, key_id, why, born_at=result.key.created_time)
        elif operation.name in REVIVING:
            self._after_revival(c, request, operation, result, key_id)

    def lock(self, c: sa.Connection, key_id: int, why: Lock, *, born_at: int | None = None) -> None:
        """Lock a key, in the transaction that settles its disable; requests about it that wait hear of it."""
        held = locks.lock(c, key_id, why, born_at=born_at)
        if held is why:
            told = {"cause": why.cause, "number": why.number, "rule": why.rule}
            append(c, fact=Fact.LOCKED, at=why.at, actor=why.by or None, key_id=key_id, details=told)
        for request in store.waiting_for_key(c, key_id):
            if request.operation in REVIVING:
                facts = replace(request.judgement.facts, lock=held)
                store.change(c, request, judgement=request.judgement.model_copy(update={"facts": facts}))
                self.outbox.want(c, id=card_id(request.id), kind=CARD, subject=str(request.id), target=self.channel)

    def came_back(self, c: sa.Connection, key: Key, *, batch_id: int, by: str, agreed_by: str = "") -> None:
        """A key was enabled by a batch: if it was locked, unlock it and say so, in one message for the batch."""
        was = locks.lock_of(c, key.id, key.created_time)
        if was is None or not self._in_use(key):
            return
        locks.unlock(c, key.id)
        told = {"cause": was.cause, "number": was.number, "operation": "key.enable", "batch": batch_id}
        append(c, fact=Fact.UNLOCKED, at=self.clock(), actor=by, key_id=key.id, details=told)
        post_id = f"batch:{batch_id}:unlocked"
        before = post_store.load(c, post_id)
        new: dict[str, Any] = {"batch": batch_id, "by": by, "keys": [], "more": 0}
        new |= {"approved_by": [agreed_by]} if agreed_by else {}
        body = new if before is None else dict(before.body)
        if len(body["keys"]) < MOST_NAMED:
            body["keys"] = [*body["keys"], {"key_id": key.id, "name": key.name, **_told(was)}]
        else:
            body["more"] += 1
        self.outbox.want(c, id=post_id, kind=POST, subject=str(key.id), target=self.channel, body=body)

    def came_back_elsewhere(self, c: sa.Connection, key: Key) -> None:
        """A locked key was read in use, and nothing of ours is changing it: say so, once an hour while it is so.

        It stays locked, so that what brings it back here is judged as before.
        """
        was = locks.lock_of(c, key.id, key.created_time)
        if was is None or not self._in_use(key) or store.in_hand_for_key(c, key.id):
            return
        post_id = f"key:{key.id}:in_use:{int(self.clock() // 3600)}"
        if post_store.load(c, post_id) is not None:
            return
        told = {"cause": was.cause, "number": was.number, "elsewhere": True}
        append(c, fact=Fact.UNLOCKED, at=self.clock(), actor=None, key_id=key.id, details=told)
        body = {"elsewhere": True, "keys": [{"key_id": key.id, "name": key.name, **_told(was)}], "more": 0}
        self.outbox.want(c, id=post_id, kind=POST, subject=str(key.id), target=self.channel, body=body)

    def _why(self, c: sa.Connection, request: ApprovalRequest) -> Lock | None:
        """Why a settled disable locks its key; None for an owner's own wish and for the end of a plain rotation."""
        origin, rule = request.origin, request.judgement.decision.rule or ""
        if origin.kind is OriginKind.ROTATION_END:
            rotation = store.find(c, origin.request_id or 0)
            if rotation is None or rotation.origin.alert_id is None:
                return None
            origin = rotation.origin
        now, by = self.clock(), request.requester_id if origin.by_person else ""
        if origin.alert_id is not None:
            return Lock(cause="alert", by=by, at=now, number=origin.alert_id, rule=rule)
        if origin.kind is OriginKind.LEAVER:
            return Lock(cause="leaver", by="", at=now, number=request.id, rule=rule)
        if request.judgement.own:
            return None
        return Lock(cause="person", by=by, at=now, number=request.id, rule=rule)

    def _after_revival(
        self, c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult, key_id: int
    ) -> None:
        replaced = operation.effect is Effect.REPLACES
        record = result.before if replaced else result.key
        was = None if record is None else locks.lock_of(c, key_id, record.created_time)
        if was is None or record is None or result.key is None or not self._in_use(result.key):
            return
        if not replaced:
            locks.unlock(c, key_id)
        told = {"cause": was.cause, "number": was.number, "operation": operation.name}
        told |= {"successor": int(result.key.id)} if replaced else {}
        actor = request.requester_id
        append(c, fact=Fact.UNLOCKED, at=self.clock(), actor=actor, request_id=request.id, key_id=key_id, details=told)
        body = {
            "request": request.id,
            "by": actor,
            "approved_by": [vote.by for vote in request.votes],
            "rule": request.judgement.decision.rule or "",
            "successor": int(result.key.id) if replaced else None,
            "keys": [{"key_id": key_id, "name": request.key_name, **_told(was)}],
            "more": 0,
        }
        post_id = f"req:{request.id}:unlocked"
        self.outbox.want(c, id=post_id, kind=POST, subject=str(key_id), target=self.channel, body=body)

    def _in_use(self, key: Key) -> bool:
        return key.state(self.reader.server_now(key.id)) is EffectiveState.ACTIVE


def _key_id(request: ApprovalRequest) -> int | None:
    """The key that a request is about: the outcome of a rotation is another one."""
    named = request.input.get("key_id")
    return int(named) if named is not None else request.key_id


def _told(lock: Lock) -> Mapping[str, object]:
    return {"cause": lock.cause, "locked_by": lock.by, "locked_at": lock.at, "number": lock.number}


def locked_meanwhile(c: sa.Connection, request: ApprovalRequest) -> Lock | None:
    """The lock that came after this request began to run and was judged: it must not undo that disable."""
    if request.operation not in REVIVING or request.key_id is None or request.status not in IN_HAND:
        return None
    found = locks.lock_of(c, request.key_id)
    return None if found is None or found == request.judgement.facts.lock else found
