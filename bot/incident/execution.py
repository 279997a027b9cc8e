"""The durable job of a batch: a hundred keys a round, each written, read back with the others and recorded.

Then disabled keys are tried themselves until the gateway refuses them (revocation_check.py), in the same job. Each key
is judged again by its facts of now right before its write, as a single request is, and written through
approvals/verified_write.py. The job may be killed at any point: it begins again from the rows, and each key's own
checkpoints keep its write from being done twice.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from bot.all_settled import all_settled
from bot.approvals.counts import Counts
from bot.approvals.key_locks import KeyLocks
from bot.approvals.rotation.lineage import touched_since
from bot.approvals.verified_write import VerifiedWriter, VerifiedWrites
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.errors import GatewayError
from bot.gateway.errors import AUTH_REFUSALS, GatewayLimited, GatewayRemoved
from bot.gateway.gateways import KeyReader, by_gateway
from bot.gateway.gathered import GatheredReads
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import block_of
from bot.gateway.writes import Journal, LastResort, WriteResult, WriteStatus, disable, enable
from bot.incident import pace, store
from bot.incident.admission import LOCKED_AT, RULE, BatchAdmission, give_place_back, locked_at
from bot.incident.models import (
    Batch,
    BatchKey,
    BatchKeyStatus,
    BatchRevocation,
    BatchStatus,
)
from bot.incident.pace import BatchPace
from bot.incident.revocation_check import MARK, BatchRevocationCheck, begun
from bot.keys import lineage, locks, owners
from bot.languages import Sentence, english, joined, tr
from bot.permissions.models import Actor, Lock
from bot.permissions.rules import Policy
from bot.slack.outbox import Outbox

logger = logging.getLogger(__name__)

JOB, POST, OWNER_POST, ALARM_POST = "batch", "batch", "batch_owner", "batch_alarm"
AT_ONCE = 8
SHORTEST_PAUSE, PAUSE, LONGEST_PAUSE = 0.2, 2.0, 30.0
# A key whose write stays unclear or unreachable this often is given up and reported as failed.
MOST_TRIES = 20
SLACK_PAUSE = 5.0

# Two processes' clocks may differ by so many seconds.
CLOCKS_DIFFER = 5.0

# Who is told: the id of a key and the operation; the id of a batch.
KeyChanged = Callable[[sa.Connection, int, str], None]
BatchMoved = Callable[[sa.Connection, int], None]


@dataclass(frozen=True)
class SeenRecord:
    """A key's record before its lock was had, None when it could not be read; `at`: before the read, Unix seconds."""

    record: Key | None
    at: float


class BatchExecution:
    """Works through a batch. `channel` is where the progress is shown."""

    def __init__(
        self,
        *,
        database: Database,
        reader: KeyReader,
        writes: VerifiedWrites,
        policy: Callable[[], Policy],
        counts: Counts,
        actor_of: Callable[[str, str], Awaitable[Actor]],
        engine: Engine,
        outbox: Outbox,
        channel: str,
        changed: Callable[[], None],
        leaked: Callable[[int], SecretStr | None],
        key_locks: KeyLocks,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._reader = reader
        self._writes = writes
        self._admission = BatchAdmission(
            database=database, reader=reader, policy=policy, counts=counts, actor_of=actor_of, clock=clock
        )
        self._engine = engine
        self._outbox = outbox
        self._channel = channel
        self._changed = changed
        self._key_changed: list[KeyChanged] = []
        self._moved: list[BatchMoved] = []
        self._key_locks = key_locks
        self._clock = clock
        self._proof = BatchRevocationCheck(
            database=database,
            client=reader,
            leaked=leaked,
            write=self._write_ready,
            show=self.show,
            alarm=self._alarm,
            clock=clock,
        )

    def subscribe(self, *, key_changed: KeyChanged, moved: BatchMoved | None = None) -> None:
        """Tell another room, in the same transaction, of every key that was written and every batch that moved."""
        self._key_changed.append(key_changed)
        if moved is not None:
            self._moved.append(moved)

    def begin(
        self,
        c: sa.Connection,
        *,
        delivery_id: str,
        keys: Mapping[int, str],
        requester_id: str,
        requester_team: str,
        what: str,
        reason: str,
        channel_id: str,
        rule: str,
    ) -> int:
        """Have these keys (id → name, as far as it is known) disabled by a new batch; once per delivery id.

        `rule`: of the policy, when it orders this without a person; "" = the requester is judged, key by key.
        """
        drafted = [BatchKey(key_id=key_id, name=name, own=False, status_before=0) for key_id, name in keys.items()]
        now = self._clock()
        batch = store.draft(
            c,
            drafted,
            delivery_id=delivery_id,
            operation="key.disable",
            requester_id=requester_id,
            requester_team=requester_team,
            what=what,
            channel_id=channel_id,
            rule=rule,
            undoes=None,
            asked_at=now,
        )
        if store.move(c, batch.id, BatchStatus.DRAFT, BatchStatus.RUNNING, reason=reason, asked_at=now) is not None:
            told: dict[str, Any] = {"operation": "key.disable", "batch": batch.id, "keys": len(keys), "what": what}
            by = None if rule else requester_id
            append(c, fact=Fact.ASKED, at=now, actor=by, details={**told, "why": reason, "rule": rule})
            self._engine.start(c, JOB, f"batch:{batch.id}:run", str(batch.id))
            self.show(c, batch.id)
        return batch.id

    def lock_disabled(self, c: sa.Connection, batch: Batch, now: float) -> None:
        """Keys that were disabled already when an incident begins: nobody writes them, and they are locked as well."""
        if batch.operation != "key.disable" or store.all_own(c, batch.id):
            return
        why = Lock(cause="incident", by=batch.requester_id, at=now, number=batch.id, rule="")
        for key in store.keys_of(c, batch.id, status=BatchKeyStatus.ALREADY):
            self._key_locks.lock(c, key.key_id, why)

    async def run(self, argument: str) -> Again | None:
        """The job; `argument` is the batch's id."""
        batch_id = int(argument)
        batch = await self._database.read(store.find, batch_id)
        if batch is None or batch.status in {BatchStatus.DRAFT, BatchStatus.ASKING}:
            return None
        with prioritized(Priority.KILL if batch.operation == "key.disable" else Priority.PEOPLE):
            while True:
                pauses = [await self._write_ready(batch_id), await self._proof.try_due(batch_id)]
                left = [pause for pause in pauses if pause is not None]
                if not left:
                    return None
                if min(left) > 0:
                    return Again(max(SHORTEST_PAUSE, min(left)))

    async def _write_ready(self, batch_id: int) -> float | None:
        """Write every key that is ready. Seconds until the next one is; None = no more is to be written."""
        wrote, resting = False, dict[int, float]()
        while True:
            batch = await self._database.read(store.get, batch_id)
            waiting = await self._database.read(store.keys_of, batch_id, status=BatchKeyStatus.WAITING)
            if batch.status is not BatchStatus.RUNNING or not waiting:
                break
            await self._database.run(self._foretell, batch_id, waiting)
            waits = {key.key_id: max(0.0, float(key.progress.get("after", 0.0)) - self._clock()) for key in waiting}
            # A gateway that is away, or takes no more calls for a while, does not hold up the keys of the others.
            able = [key for key in waiting if block_of(key.key_id) not in resting]
            ready = [key for key in able if not waits[key.key_id]]
            if not ready:
                return min([*(waits[key.key_id] for key in able), *resting.values()])
            block = block_of(ready[-1].key_id)
            pause = await self._ready_round(batch, [key for key in ready if block_of(key.key_id) == block])
            if pause is None:
                wrote = True
            else:
                resting[block] = pause
        if wrote or batch.status is BatchStatus.RUNNING:
            await self._database.run(self._finish, batch_id)
            self._changed()
        return None

    async def _ready_round(self, batch: Batch, ready: Sequence[BatchKey]) -> float | None:
        """Write keys of one gateway. None when that is done, else seconds until it may be tried again."""
        seen_at = self._clock()
        try:
            pace = self._pace_of(ready[0].key_id)
            number = pace.number(len(ready))
            if not number:
                return pace.pause(len(ready))
            permitted = await self._admission.permitted(batch, ready[-number:], self._refuse)
        except GatewayRemoved as removed:
            await self._database.run(self._refuse, batch, {key.key_id: removed.why for key in ready})
            return None
        except GatewayLimited as limited:
            return max(SHORTEST_PAUSE, limited.seconds)
        except GatewayError as error:
            logger.info("batch %d waits: %s", batch.id, english(error.sentence))
            return PAUSE
        if permitted is None:
            return SLACK_PAUSE
        await self._round(batch, *permitted, seen_at=seen_at)
        return None

    def _pace_of(self, key_id: int) -> BatchPace:
        """That of the key's gateway. Raises GatewayRemoved."""
        return BatchPace(limiter=self._reader.of(key_id).limiter, clock=self._clock)

    def _foretell(self, c: sa.Connection, batch_id: int, waiting: Sequence[BatchKey]) -> None:
        paces: list[tuple[BatchPace, int]] = []
        for key_ids in by_gateway(key.key_id for key in waiting):
            with contextlib.suppress(GatewayRemoved):
                paces.append((self._pace_of(key_ids[0]), len(key_ids)))
        if not paces:
            return
        # The card says when all of it is done: by the gateway that takes longest.
        longest, number = max(paces, key=lambda one: one[0].seconds(one[1]))
        if longest.foretell(c, batch_id, number):
            self.show(c, batch_id)

    def _refuse(self, c: sa.Connection, batch: Batch, refused: Mapping[int, str]) -> None:
        for key in store.keys_of(c, batch.id, status=BatchKeyStatus.WAITING):
            if key.key_id in refused:
                self._settle(c, batch, key, BatchKeyStatus.FAILED, refused[key.key_id])

    async def _round(
        self, batch: Batch, keys: Sequence[BatchKey], records: Mapping[int, Key], *, seen_at: float
    ) -> None:
        """Write the keys, a few at a time, as long as nobody stops the batch; read them back together."""
        reads = GatheredReads(self._reader, parties=len(keys), at_once=AT_ONCE)

        async def one(key: BatchKey) -> None:
            async with reads.working():
                if (await self._database.read(store.get, batch.id)).status is BatchStatus.RUNNING:
                    await self._one(batch, key, SeenRecord(records.get(key.key_id), seen_at), reads)

        await all_settled(*(one(key) for key in keys))
        await self._database.run(self.show, batch.id)

    async def _one(self, batch: Batch, key: BatchKey, seen: SeenRecord, reads: GatheredReads) -> None:
        again = await self._writes.of_key(key.key_id, partial(self._write, batch, key, seen, reads))
        if again is not None:
            await self._database.run(self._later, key, PAUSE)

    async def _write(
        self, batch: Batch, key: BatchKey, seen: SeenRecord, reads: GatheredReads, writer: VerifiedWriter
    ) -> None:
        # Read again under the lock: another replica may have written it while we waited.
        current = await self._database.read(store.key_of, batch.id, key.key_id)
        if current.status is not BatchKeyStatus.WAITING:
            return
        if batch.operation == "key.enable" and await self._database.run(self._out_of_use, batch, key):
            return
        stops, key_id = batch.operation == "key.disable", KeyId(key.key_id)
        # While we waited for the lock, a rotation may have moved quota: an old record would give it back.
        stale = await self._database.read(touched_since, key.key_id, since=seen.at - CLOCKS_DIFFER)
        record = None if stale else seen.record

        async def call(gateways: KeyReader, journal: Journal, processing: float) -> WriteResult:
            client = reads.client_for(gateways.of(key_id))
            if stops:
                harmless = LastResort.MAKE_HARMLESS  # an incident: the key must not stay in use, whatever that costs
                return await disable(
                    client, key_id, journal, record=record, last_resort=harmless, processing=processing
                )
            return await enable(client, key_id, journal, processing=processing)

        result = await writer.write(call, checkpoints=current.progress, keep=partial(_keep, batch.id, key.key_id))
        await self._database.run(self._told, writer, batch, key, result)

    def _out_of_use(self, c: sa.Connection, batch: Batch, key: BatchKey) -> bool:
        """Whether the key was replaced or locked after it was judged; now we hold the lock of its line."""
        sentence: str = ""
        if (row := lineage.taken(c, key.key_id)) is not None:
            sentence = lineage.why_out_of_use(row)
        elif locked_at(locks.lock_of(c, key.key_id)) not in {None, key.progress.get(LOCKED_AT)}:
            sentence = tr("The key was disabled and locked meanwhile, so it stays out of use.")
        if sentence:
            self._settle(c, batch, key, BatchKeyStatus.FAILED, sentence)
        return bool(sentence)

    def _told(self, c: sa.Connection, writer: VerifiedWriter, batch: Batch, key: BatchKey, result: WriteResult) -> None:
        writer.check(c)
        marks = dict(store.key_of(c, batch.id, key.key_id, lock=True).progress)
        tries = int(marks.get("tries", 0)) + (not result.limited)
        again = result.again_after is not None or result.refusal in AUTH_REFUSALS
        if result.status is WriteStatus.DONE:
            if batch.operation == "key.disable":
                mark = begun(masked=result.key is not None and result.key.masked)
                store.change_key(
                    c, batch.id, key.key_id, progress={**marks, MARK: mark}, proof=BatchRevocation.TRYING.value
                )
            self._settle(c, batch, key, BatchKeyStatus.DONE, joined(*result.notes))
            if result.key is not None:
                self._lock_or_unlock(c, batch, key, result.key)
        elif again and tries < MOST_TRIES:
            pause = min(LONGEST_PAUSE, max(PAUSE, result.again_after or 0.0) * (1 + tries / 4))
            if result.limited and result.again_after:
                pause = result.again_after
            self._later(c, key, pause, {"tries": tries})
        else:
            self._settle(c, batch, key, BatchKeyStatus.FAILED, result.alarm or result.sentence)

    def _lock_or_unlock(self, c: sa.Connection, batch: Batch, key: BatchKey, record: Key) -> None:
        if batch.operation == "key.enable":
            self._key_locks.came_back(c, record, batch_id=batch.id, by=batch.requester_id, agreed_by=batch.agreed_by)
        elif not store.all_own(c, batch.id):
            by, rule = ("", batch.rule) if batch.rule else (batch.requester_id, str(key.progress.get(RULE) or ""))
            why = Lock(cause="incident", by=by, at=self._clock(), number=batch.id, rule=rule)
            self._key_locks.lock(c, key.key_id, why, born_at=record.created_time)

    def _later(self, c: sa.Connection, key: BatchKey, pause: float, marks: Mapping[str, int] = {}) -> None:
        current = store.key_of(c, key.batch_id, key.key_id, lock=True)
        progress = {**current.progress, **marks, "after": self._clock() + pause}
        store.change_key(c, key.batch_id, key.key_id, progress=progress)

    def _settle(self, c: sa.Connection, batch: Batch, key: BatchKey, status: BatchKeyStatus, sentence: str) -> None:
        """Once: of two processes that settle a key, the second was frozen or taken for dead meanwhile."""
        if store.key_of(c, batch.id, key.key_id, lock=True).status is not BatchKeyStatus.WAITING:
            return
        why = sentence if isinstance(sentence, Sentence) else sentence[:500]
        store.change_key(c, batch.id, key.key_id, status=status.value, sentence=why)
        told: dict[str, Any] = {"operation": batch.operation, "batch": batch.id}
        if sentence:
            told["why"] = why
        fact = Fact.APPLIED if status is BatchKeyStatus.DONE else Fact.FAILED
        if status is BatchKeyStatus.FAILED:
            give_place_back(c, key, at=self._clock())
        if status is BatchKeyStatus.DONE:
            owners.set_disabled(c, key.key_id, at=self._clock() if batch.operation == "key.disable" else None)
            for tell in self._key_changed:
                tell(c, key.key_id, batch.operation)
        append(c, fact=fact, at=self._clock(), actor=batch.requester_id, key_id=key.key_id, details=told)

    def give_places_back(self, c: sa.Connection, batch_id: int) -> None:
        """The batch was stopped: keys that were to live again and wait yet are counted no more."""
        for key in store.keys_of(c, batch_id, status=BatchKeyStatus.WAITING):
            give_place_back(c, key, at=self._clock())

    def _finish(self, c: sa.Connection, batch_id: int) -> None:
        store.move(c, batch_id, BatchStatus.RUNNING, BatchStatus.DONE, settled_at=self._clock())
        pace.forget(c, batch_id)
        self.show(c, batch_id)

    def _alarm(self, c: sa.Connection, batch_id: int) -> None:
        """Keys are accepted to the end: a message of its own, since a redrawn one calls nobody."""
        self._outbox.want(c, id=f"batch:{batch_id}:alarm", kind=ALARM_POST, subject=str(batch_id), target=self._channel)

    def show(self, c: sa.Connection, batch_id: int) -> None:
        """Have the progress message drawn anew, and what owners are told: whose key it is hears what was done to it."""
        self._outbox.want(c, id=f"batch:{batch_id}:progress", kind=POST, subject=str(batch_id), target=self._channel)
        for tell in self._moved:
            tell(c, batch_id)
        requester = store.get(c, batch_id).requester_id
        for owner in store.owners_of(c, batch_id):
            if owner != requester:
                post_id, subject = f"batch:{batch_id}:owner:{owner}", f"{batch_id}:{owner}"
                self._outbox.want(c, id=post_id, kind=OWNER_POST, subject=subject, target=f"dm:{owner}")


def _keep(batch_id: int, key_id: int, c: sa.Connection, name: str, value: Any) -> None:
    progress = store.key_of(c, batch_id, key_id, lock=True).progress
    store.change_key(c, batch_id, key_id, progress={**progress, name: value})
