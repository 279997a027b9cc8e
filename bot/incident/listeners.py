"""Incident mode: `/apikey disable` and `enable` with more than one key. A preview, a typed confirmation, a message.

The single KEY stays with the feature's own form; the router asks us first (`is_batch`). Nothing is changed here: the
confirmation starts the durable job.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import sqlalchemy as sa

from bot.audit import Fact, append
from bot.db import named_values
from bot.deps import Deps
from bot.durable.engine import Engine
from bot.errors import ApprovalConflict, BotError, InputError
from bot.gateway.models import Key, KeyStatus
from bot.gateway.numbers import gateway_of
from bot.incident import store
from bot.incident.execution import JOB, BatchExecution
from bot.incident.judgement import agreement, ask_for, one_more, waits_for_one, why_not
from bot.incident.models import (
    ASKS,
    PREVIEWED,
    Batch,
    BatchForecast,
    BatchKey,
    BatchKeyStatus,
    BatchRevocation,
    BatchStatus,
    forecast_name,
    values_from_name,
)
from bot.incident.preview import CONFIRM, PREVIEW, REASON, TITLES, preview, to_type, without_untold
from bot.incident.scope import BatchScope, is_batch, parse
from bot.incident.selection import DISABLE, BatchSelection, to_take_back
from bot.incident.views import (
    AGREE,
    STOP,
    UNDO,
    RevocationSummary,
    alarm,
    begun_text,
    owner_notice,
    progress,
    said,
)
from bot.keys import locks, owners
from bot.languages import tr, trn
from bot.permissions.models import Actor, Ask, Counted, Decision
from bot.permissions.policy import decide
from bot.permissions.stages import describe
from bot.slack.blocks import Message, modal, section
from bot.slack.delivery import Ack, Delivery, Replace
from bot.slack.inputs import typed
from bot.slack.post_store import PostRow
from bot.slack.router import Router
from bot.typed_text import clean, clean_number

MOST_KEYS = 5_000
ENABLE = "key.enable"
_WANTED = {DISABLE: KeyStatus.DISABLED, ENABLE: KeyStatus.ENABLED}


@dataclass(frozen=True)
class BatchListeners:
    """Everything Slack can send about batches."""

    deps: Deps
    _: KW_ONLY
    engine: Engine
    execution: BatchExecution
    channel: str

    async def disable(self, delivery: Delivery) -> Ack:
        """`/apikey disable` with several keys."""
        return await self._open(delivery, DISABLE, parse(delivery.text))

    async def enable(self, delivery: Delivery) -> Ack:
        """`/apikey enable` with several keys, or `batch N`."""
        return await self._open(delivery, ENABLE, parse(delivery.text, "enable"))

    async def undo(self, delivery: Delivery) -> Ack:
        """The button on a finished batch."""
        return await self._open(delivery, ENABLE, BatchScope(batch=_row_id(delivery.action_value)))

    async def _open(self, delivery: Delivery, operation: str, scope: BatchScope) -> Ack:
        actor = await self.deps.actor(delivery)
        await self.deps.flow.admit(actor, operation)
        if operation == DISABLE and scope.batch is not None:
            raise InputError({"key": tr("A batch is taken back with `/apikey enable batch N`.")})
        text = tr(":hourglass_flowing_sand: Looking which keys these are…")
        loading = modal("loading", TITLES[operation], [section(text)])
        await delivery.responder.fill(delivery, loading, lambda: self._preview(delivery, actor, operation, scope))
        return None

    async def _preview(self, delivery: Delivery, actor: Actor, operation: str, scope: BatchScope) -> dict[str, Any]:
        deps = self.deps
        found, untold = await BatchSelection(deps).keys(actor, operation, scope, delivery.channel_id)
        known = len(found) + sum(map(len, untold.values()))
        gone = 0 if scope.batch is None else len(await deps.database.read(to_take_back, scope.batch)) - known
        whose = await deps.database.read(owners.all_owners)
        locked = await deps.database.read(locks.all_locks) if operation == ENABLE else {}
        left_out: Counter[str] = Counter()
        drafted: list[BatchKey] = []
        refusal: Decision | None = None
        agreeing: set[str] = set()
        groups = deps.counts.account_groups(key.id for key in found)
        counts = await deps.counts.by_gateway(operation, actor.slack_user_id, groups)
        for key in found:
            own = whose.get(key.id) == actor.slack_user_id
            lock = locked.get(key.id)
            ask = ask_for(
                actor,
                operation,
                key.settings(),
                own=own,
                reason="",
                channel=delivery.channel_id,
                now=deps.clock(),
                lock=lock,
                counts=counts[gateway_of(key.id)],
                key_id=key.id,
                account_groups=groups,
            )
            decision = decide(deps.policy(), ask)
            asks = waits_for_one(decision, lock)
            if decision.allowed or asks:
                drafted.append(_drafted(key, operation, own=own, asks=asks))
                agreeing |= {describe(decision.approval)} if asks and decision.approval else set()
                if operation == ENABLE and key.status != KeyStatus.ENABLED:
                    counts = {gateway: one_more(before) for gateway, before in counts.items()}
                continue
            left_out[why_not(decision, lock)] += 1
            if decision.outcome == "deny":
                refusal = refusal or decision
        if not drafted and refusal is not None:
            await deps.flow.refuse(actor, operation, refusal)
        if len(drafted) > MOST_KEYS:
            raise InputError({"key": _too_many(len(drafted))})
        batch = await deps.database.run(
            store.draft,
            drafted,
            delivery_id=f"{delivery.id}:{operation}",
            operation=operation,
            requester_id=actor.slack_user_id,
            requester_team=actor.team_id,
            what=without_untold(scope.text, untold),
            channel_id=delivery.channel_id,
            undoes=scope.batch,
            asked_at=deps.clock(),
        )
        alerts = await deps.database.read(deps.in_open_alerts, [key.key_id for key in drafted])
        return preview(batch, drafted, left_out, untold=untold, agreeing=sorted(agreeing), gone=gone, alerts=alerts)

    async def submit(self, delivery: Delivery) -> Ack:
        """The confirmation was typed: start."""
        deps = self.deps
        actor = await deps.actor(delivery, fresh=True)
        batch_id = _row_id(delivery.private_metadata)
        reason = clean(typed(delivery.state, REASON))
        text = clean_number(typed(delivery.state, CONFIRM)).upper()
        answer = await deps.database.run(self._begin, batch_id, actor, text, reason)
        if isinstance(answer, BotError):
            raise answer
        batch = await deps.database.read(store.get, batch_id)
        return Replace(said(begun_text(batch, answer, f"<#{self.channel}>")))

    def _begin(self, c: sa.Connection, batch_id: int, actor: Actor, text: str, reason: str) -> int | BotError:
        batch = store.find(c, batch_id, lock=True)
        if batch is None or (batch.requester_id, batch.requester_team) != (actor.slack_user_id, actor.team_id):
            return ApprovalConflict(tr("There is no such preview of yours any more; begin again."))
        number = store.counts(c, batch_id)[BatchKeyStatus.WAITING]
        if batch.status is not BatchStatus.DRAFT:
            return number  # the same submission once more
        word = to_type(batch.operation, number)
        if text != word:
            return InputError(
                {CONFIRM: tr("Type {word}, exactly: it says what happens and to how many keys.", word=word)}
            )
        if not reason:
            return InputError({REASON: tr("Say why; it goes into the record.")})
        now = self.deps.clock()
        asks = any(key.progress.get(ASKS) for key in store.keys_of(c, batch_id, status=BatchKeyStatus.WAITING))
        to = BatchStatus.ASKING if asks else BatchStatus.RUNNING
        store.move(c, batch_id, BatchStatus.DRAFT, to, reason=reason, asked_at=now)
        told = {"operation": batch.operation, "batch": batch_id, "keys": number, "what": batch.what, "why": reason}
        append(c, fact=Fact.ASKED, at=now, actor=actor.slack_user_id, details=told)
        if not asks:
            self.engine.start(c, JOB, f"batch:{batch_id}:run", str(batch_id))
        self.execution.lock_disabled(c, batch, now)
        self.execution.show(c, batch_id)
        if batch.undoes is not None:
            self.execution.show(c, batch.undoes)
        return number

    async def agree(self, delivery: Delivery) -> Ack:
        """Somebody else agrees that the locked keys of a batch come back."""
        deps = self.deps
        batch = await deps.database.read(store.find, _row_id(delivery.action_value))
        actor = await deps.actor(delivery, fresh=True)
        await deps.flow.admit(actor, ENABLE)
        if batch is None or batch.status is not BatchStatus.ASKING:
            raise ApprovalConflict(
                tr("This batch waits for nobody's agreement any more; its message says how it stands.")
            )
        requester = await deps.directory.actor(batch.requester_id, batch.requester_team, fresh=True)
        keys = await deps.database.read(store.keys_of, batch.id, status=BatchKeyStatus.WAITING)
        groups = deps.counts.account_groups(key.key_id for key in keys)
        counts = await deps.counts.by_gateway(batch.operation, batch.requester_id, groups)
        answer = await deps.database.run(self._agree, batch.id, (actor, requester), counts, groups)
        if isinstance(answer, Decision):
            await deps.flow.refuse(actor, ENABLE, answer)
        if answer is not None:
            raise answer
        return None

    def _agree(
        self,
        c: sa.Connection,
        batch_id: int,
        people: tuple[Actor, Actor],
        counts: Mapping[str, tuple[Counted, ...]],
        groups: Mapping[str, str | None],
    ) -> Decision | BotError | None:
        actor, requester = people
        batch, now, policy = store.get(c, batch_id, lock=True), self.deps.clock(), self.deps.policy()
        if batch.status is not BatchStatus.ASKING:
            return ApprovalConflict(tr("Batch {number} waits for nobody's agreement any more.", number=batch_id))
        locked = locks.all_locks(c)
        keys = store.keys_of(c, batch_id, status=BatchKeyStatus.WAITING)
        for key in keys:
            if key.previewed is None:
                continue  # of an earlier version; it is judged with its record before it is written
            ask = ask_for(
                requester,
                batch.operation,
                key.previewed,
                own=key.own,
                reason=batch.reason,
                channel=batch.channel_id,
                now=now,
                lock=locked.get(key.key_id),
                counts=counts.get(gateway_of(key.key_id), ()),
                key_id=key.key_id,
                account_groups=groups,
            )
            decision = decide(policy, ask)
            why = "" if decision.allowed else agreement(policy, ask, decision, actor, asked_at=batch.asked_at, now=now)
            if why:
                return Decision(
                    outcome="deny",
                    rule=decision.rule,
                    sentence=tr("Key {number}: {why}", number=key.number, why=why),
                )
        agreed = {"agreed_by": actor.slack_user_id, "agreed_team": actor.team_id}
        store.move(c, batch_id, BatchStatus.ASKING, BatchStatus.RUNNING, **agreed)
        told = {"operation": batch.operation, "batch": batch_id, "keys": len(keys)}
        append(c, fact=Fact.APPROVED, at=now, actor=actor.slack_user_id, details=told)
        self.engine.start(c, JOB, f"batch:{batch_id}:run", str(batch_id))
        self.execution.show(c, batch_id)
        if batch.undoes is not None:
            self.execution.show(c, batch.undoes)
        return None

    async def stop(self, delivery: Delivery) -> Ack:
        """Whoever began it, or may do the same to any key, stops it."""
        deps = self.deps
        batch = await deps.database.read(store.find, _row_id(delivery.action_value))
        if batch is None:
            raise ApprovalConflict(tr("There is no such batch any more."))
        actor = await deps.actor(delivery, fresh=True)
        await deps.flow.admit(actor, batch.operation)
        if actor.slack_user_id != batch.requester_id:
            decision = decide(deps.policy(), Ask(actor=actor, operation=batch.operation, own=False))
            if decision.outcome == "deny":
                await deps.flow.refuse(actor, batch.operation, decision)
        if not await deps.database.run(self._stop, batch, actor):
            raise ApprovalConflict(tr("Batch {number} is over already.", number=batch.id))
        return None

    def _stop(self, c: sa.Connection, batch: Batch, actor: Actor) -> bool:
        now, by = self.deps.clock(), actor.slack_user_id
        over = {"stopped_by": by, "settled_at": now}
        before = (BatchStatus.RUNNING, BatchStatus.ASKING)
        if not any(store.move(c, batch.id, one, BatchStatus.STOPPED, **over) for one in before):
            return False
        left = store.counts(c, batch.id)[BatchKeyStatus.WAITING]
        self.execution.give_places_back(c, batch.id)
        append(c, fact=Fact.WITHDRAWN, at=now, actor=by, details={"batch": batch.id, "not_touched": left})
        self.execution.show(c, batch.id)
        return True


def draw(c: sa.Connection, post: PostRow) -> Message | None:
    """The progress message, for the outbox."""
    batch = store.find(c, int(post.subject))
    if batch is None:
        return None
    failed = store.keys_of(c, batch.id, status=BatchKeyStatus.FAILED, limit=20)
    proof = RevocationSummary(
        counts=store.proved(c, batch.id),
        accepted=store.keys_of(c, batch.id, proofs=[BatchRevocation.ACCEPTED, BatchRevocation.ALIVE], limit=20),
        untried=store.keys_of(c, batch.id, proofs=[BatchRevocation.UNTRIED], limit=20),
        values_from=named_values.get(c, values_from_name(batch.id)),
    )
    forecast: BatchForecast | None = named_values.get(c, forecast_name(batch.id))
    return progress(batch, store.counts(c, batch.id), failed, proof, store.undo_of(c, batch.id), forecast=forecast)


def draw_alarm(c: sa.Connection, post: PostRow) -> Message | None:
    """That keys are accepted although they are disabled, for the outbox."""
    batch_id = int(post.subject)
    alive = store.proved(c, batch_id)[BatchRevocation.ALIVE]
    return (
        alarm(batch_id, alive, store.keys_of(c, batch_id, proofs=[BatchRevocation.ALIVE], limit=20)) if alive else None
    )


def draw_owner(c: sa.Connection, post: PostRow) -> Message | None:
    """What an owner is told, for the outbox."""
    number, _, owner = post.subject.partition(":")
    batch = store.find(c, int(number))
    keys = store.done_of_owner(c, int(number), owner)
    return owner_notice(batch, keys, store.undo_of(c, batch.id)) if batch is not None and keys else None


def _drafted(key: Key, operation: str, *, own: bool, asks: bool = False) -> BatchKey:
    already = key.status == _WANTED[operation]
    status = BatchKeyStatus.ALREADY if already else BatchKeyStatus.WAITING
    seen: dict[str, Any] = {PREVIEWED: key.settings().model_dump(mode="json")} | ({ASKS: True} if asks else {})
    return BatchKey(key_id=key.id, name=key.name, own=own, status=status, status_before=key.status, progress=seen)


def _too_many(number: int) -> str:
    return trn(
        "These are {count} key; at most {most} at a time.",
        "These are {count} keys; at most {most} at a time.",
        number,
        most=f"{MOST_KEYS:,}",
    )


def _row_id(text: str) -> int:
    """0, which no row has, for anything that is no id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def register(router: Router, listeners: BatchListeners) -> None:
    """Name every way in."""
    words: dict[str, Callable[[Delivery], Any]] = {"disable": listeners.disable, "enable": listeners.enable}
    for word, handler in words.items():
        router.variant(word, takes=is_batch, handler=handler)
    router.view(PREVIEW, listeners.submit)
    router.action(STOP, listeners.stop)
    router.action(AGREE, listeners.agree)
    router.action(UNDO, listeners.undo)
