"""Changes a record by a full PUT and stands for the outcome: write, read back, mend what usage lost, settle.

The heart of every change but create and delete (gateway-api.md, sections 7 and 9; rules 7, 9 and 13). Usage
leaves `remain + used` as it is, so their sum tells whether a quota change landed. A PUT overwrites what was charged or
refunded since the record was read: the sum then differs from its target, in either direction, and the record is
written again until it fits.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.models import SETTINGS_FIELDS, Key, KeyId
from bot.gateway.records import LONG_PAST, meaning
from bot.gateway.validation import LARGEST_QUOTA
from bot.gateway.writes.results import ALREADY, FieldDifference, WriteResult, WriteStatus
from bot.gateway.writes.session import SHORTEST_WAIT, Session, WriteAnswer, WriteCheckpoint, not_done
from bot.languages import Sentence, StoredText, tr

MOST_SENDINGS = 4
MOST_CORRECTIONS = 40
MENDING_SECONDS = 60.0
NOTED_SECONDS = 5.0
"""While a sum is mended, so often the journal is told that a write may be under way."""
IN_FLIGHT = 1_000_000
"""Units that calls in flight may hold as a pre-charge, beyond what the counters show when they are read."""
IN_USE_SECONDS = 120
"""A key that was billed this recently is in use, though its counters were read twice with the same value."""
_CORRECTING = tr("The quota is still being corrected for usage.")
RACED = tr("Usage raced the change; the quota was corrected for it.")
RESTRICTIONS = ("expired_time", "model_limits_enabled", "model_limits", "allow_ips", "group")


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What is to be true afterwards. At most one of `delta`, `remain` and `total` speaks of quota, in units.

    `delta` moves remain + used by exactly this; `remain` sets what is left; `total` restores a sum usage disturbed.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    delta: int = 0
    remain: int | None = None
    total: int | None = None

    @property
    def speaks_of_quota(self) -> bool:
        """Whether the write changes the quota."""
        return bool(self.delta) or self.remain is not None or self.total is not None

    def target(self, before: Key) -> int:
        """The sum remain + used that the record shall have; an overdrawn remainder can only be written as 0."""
        if self.total is not None:
            return self.total if before.unlimited_quota else max(self.total, before.used_quota)
        if self.remain is not None:
            return self.remain + before.used_quota
        if self.delta:
            return before.total_quota + self.delta
        limited = not self.fields.get("unlimited_quota", before.unlimited_quota)
        return before.used_quota + (max(0, before.remain_quota) if limited else before.remain_quota)

    def applied_to(self, fresh: Key, target: int) -> Key:
        """The complete record to send, on the freshest numbers."""
        return fresh.model_copy(update={**self.fields, "remain_quota": target - fresh.used_quota})

    def holds_in(self, found: Key) -> bool:
        """Whether every field of the write has its wanted value in this record."""
        return all(meaning(name, getattr(found, name)) == meaning(name, value) for name, value in self.fields.items())


class PutCheckpoint(WriteCheckpoint):
    """`before` = the record that was changed; `target` = the sum remain + used to reach.

    `moved` = by how much the sum was changed when it was finished; others may move it later.
    """

    before: Key
    target: int
    corrections: int = 0
    noted: float = 0.0
    finished: bool = False
    moved: int = 0
    notes: tuple[StoredText, ...] = ()


async def put(session: Session, name: str, key_id: KeyId, intent: Intent, fresh: Key | None = None) -> WriteResult:
    """Makes `intent` true of the key and gives back the record read afterwards. `name` names the checkpoint.

    `fresh` = the record as just read, to save a call; it counts only when nothing was sent before.
    """
    checkpoint = await session.load(name, PutCheckpoint)
    if checkpoint and checkpoint.finished:
        found = await session.client.get_key(key_id)
        return WriteResult(
            status=WriteStatus.DONE,
            key=found,
            before=checkpoint.before,
            differences=_differences(checkpoint, Intent(fields=intent.fields), found),
            notes=checkpoint.notes,
            moved=checkpoint.moved,
        )
    retry_no = checkpoint is not None
    found = fresh if fresh and checkpoint is None else await session.client.get_key(key_id)
    if checkpoint is None:
        checkpoint = PutCheckpoint(before=found, target=intent.target(found))
        if intent.holds_in(found) and (not intent.speaks_of_quota or found.total_quota == checkpoint.target):
            session.at_stake = False
            return WriteResult(status=WriteStatus.DONE, key=found, before=found, notes=(ALREADY,))
        checkpoint, _ = await _send(session, name, checkpoint, intent, found)
        found = await session.client.get_key(key_id)
    while True:  # sendings and corrections are both bounded
        result = _judge(session, checkpoint, intent, found, retry_no=retry_no)
        if result:
            await _note_end(session, name, checkpoint, result)
            return result
        again = _landed(session, checkpoint, intent, found)
        if again:
            checkpoint = checkpoint.model_copy(update={"corrections": checkpoint.corrections + 1})
        elif not intent.delta or checkpoint.answer is WriteAnswer.NO:
            # A set, or a delta that surely never got there: start from what is there now.
            checkpoint = checkpoint.model_copy(update={"before": found, "target": intent.target(found)})
        problem = delta_problem(found, checkpoint.target - found.total_quota) if intent.delta and not again else None
        if problem:
            return WriteResult(
                status=WriteStatus.REFUSED,
                key=found,
                before=checkpoint.before,
                refusal=problem,
                sentence=SENTENCES[problem],
            )
        checkpoint, told = await _send(session, name, checkpoint, intent, found)
        retry_no = False
        # What the answer tells already need not be read: each call less is less time for usage to race the next one.
        found = told if told and _missed(checkpoint, told) else await session.client.get_key(key_id)


async def _note_end(session: Session, name: str, checkpoint: PutCheckpoint, result: WriteResult) -> None:
    """Have the journal say what is done, or how the corrections stand that were not noted one by one."""
    if result.status is WriteStatus.DONE:
        done = {"finished": True, "notes": result.notes, "moved": result.moved}
        await session.save(name, checkpoint.model_copy(update=done))
    elif checkpoint.corrections:
        await session.save(name, checkpoint)


def _missed(checkpoint: PutCheckpoint, told: Key) -> bool:
    """Whether the answer to a correction shows that usage was faster again."""
    return 0 < checkpoint.corrections < MOST_CORRECTIONS and told.total_quota != checkpoint.target


def delta_problem(fresh: Key, delta: int) -> Refusal | None:
    """Why the remainder cannot be moved by so much: the gateway takes nothing below 0 and nothing above its maximum."""
    left = fresh.remain_quota + delta
    if left > LARGEST_QUOTA:
        return Refusal.QUOTA_TOO_LARGE
    return Refusal.QUOTA_NEGATIVE if left < 0 and not fresh.unlimited_quota else None


async def _send(
    session: Session, name: str, checkpoint: PutCheckpoint, intent: Intent, fresh: Key
) -> tuple[PutCheckpoint, Key | None]:
    """The checkpoint after one PUT, and the record as its answer tells it, where it does.

    A correction is not noted before and after: that takes time in which usage races it, and its target is known.
    """
    told: list[Key | None] = []
    record, now = intent.applied_to(fresh, checkpoint.target), session.client.now()

    async def write() -> None:
        told.append(await session.client.update_key(record))

    correcting = checkpoint.corrections > 0
    if correcting and now - checkpoint.noted >= NOTED_SECONDS:
        checkpoint = checkpoint.model_copy(update={"noted": now})
        under_way = {"sent": checkpoint.sent + 1, "started": now + NOTED_SECONDS, "answer": WriteAnswer.NONE}
        await session.save(name, checkpoint.model_copy(update=under_way))
    checkpoint = await session.send(name, checkpoint, write, durable=not correcting)
    return checkpoint, told[0] if told else None


def explained_by_usage(before: Key, found: Key, drift: int, *, now: float) -> bool:
    """Whether calls with the key can have moved the sum by `drift` while it was written.

    A charge between read and write leaves the sum too high, a refund too low. Neither is bounded by what the counters
    show afterwards, because a pre-charge may have come and gone; a key that nobody uses has no drift at all.
    """
    moved = abs(found.used_quota - before.used_quota)
    in_use = moved > 0 or found.accessed_time != before.accessed_time
    in_use = in_use or (not found.unused and now - found.accessed_time <= IN_USE_SECONDS)
    return in_use and abs(drift) <= max(moved, IN_FLIGHT)


def _landed(session: Session, checkpoint: PutCheckpoint, intent: Intent, found: Key) -> bool:
    """Whether the record shows the change, but for what usage did to the sum meanwhile."""
    if not intent.holds_in(found):
        return False
    drift = found.total_quota - checkpoint.target
    if not intent.speaks_of_quota or drift == 0:
        return True
    moved = found.used_quota != checkpoint.before.used_quota
    sure = checkpoint.corrections > 0 or (checkpoint.answer is WriteAnswer.YES and moved)
    if found.total_quota == checkpoint.before.total_quota and not sure:
        return False
    return explained_by_usage(checkpoint.before, found, drift, now=session.client.server_now())


def _mendable(session: Session, checkpoint: PutCheckpoint, found: Key) -> bool:
    """Whether another PUT brings the sum nearer to its target; nothing below 0 can be written to a limited key."""
    drift = found.total_quota - checkpoint.target
    remain = checkpoint.target - found.used_quota
    remain = remain if found.unlimited_quota else max(0, remain)
    bounded = checkpoint.corrections < MOST_CORRECTIONS
    usage = explained_by_usage(checkpoint.before, found, drift, now=session.client.server_now())
    return bounded and drift != 0 and remain != found.remain_quota and usage


def _judge(
    session: Session, checkpoint: PutCheckpoint, intent: Intent, found: Key, *, retry_no: bool
) -> WriteResult | None:
    """The result, or None: send (again)."""
    wait = session.wait_for(checkpoint) if checkpoint.unsure else None
    # Lowering by no more than was spent can leave the sum unchanged, so an unchanged sum does not show that it landed.
    still = (
        wait is not None
        and intent.speaks_of_quota
        and found.total_quota == checkpoint.before.total_quota != checkpoint.target
    )
    if _landed(session, checkpoint, intent, found) and not still:
        return _judge_landed(session, checkpoint, intent, found, wait)
    if wait is not None:
        return _unknown(checkpoint, intent, found, tr("The gateway has not shown the change yet."), again_after=wait)
    if checkpoint.answer is WriteAnswer.NO:
        again = retry_no and checkpoint.refusal is None
        return None if again else not_done(checkpoint, key=found, before=checkpoint.before)
    if intent.delta and found.total_quota != checkpoint.before.total_quota:
        sentence = tr(
            "The quota is neither as it was nor as it should be, and usage does not explain it: "
            "somebody else changed it. Look at it by hand."
        )
        return _unknown(checkpoint, intent, found, sentence)
    if checkpoint.unsure and checkpoint.sent < MOST_SENDINGS:
        return None
    return _not_shown(checkpoint, intent, found)


def _not_shown(checkpoint: PutCheckpoint, intent: Intent, found: Key) -> WriteResult:
    return WriteResult(
        status=WriteStatus.FAILED,
        key=found,
        before=checkpoint.before,
        differences=_differences(checkpoint, intent, found),
        sentence=tr("The change was sent to the gateway, but the record does not show it."),
    )


def _judge_landed(
    session: Session, checkpoint: PutCheckpoint, intent: Intent, found: Key, wait: float | None
) -> WriteResult | None:
    drift = found.total_quota - checkpoint.target
    if _mendable(session, checkpoint, found):
        if checkpoint.corrections and wait is not None:
            return _unknown(checkpoint, intent, found, _CORRECTING, again_after=wait)
        if session.elapsed() > MENDING_SECONDS:
            return _unknown(checkpoint, intent, found, _CORRECTING, again_after=SHORTEST_WAIT)
        return None
    if intent.delta and drift == -intent.delta:
        return _not_shown(checkpoint, intent, found)
    side = side_effects(checkpoint.before, found, but=intent.fields)
    notes = (*_notes(checkpoint, intent, found, drift), *(changed_note(each) for each in side))
    broken = any(each.field in RESTRICTIONS for each in side)
    return WriteResult(
        status=WriteStatus.FAILED if broken else WriteStatus.DONE,
        key=found,
        before=checkpoint.before,
        differences=side,
        notes=notes,
        sentence=tr("The change is there, but a restriction of the key is not as it was.") if broken else "",
        moved=found.total_quota - checkpoint.before.total_quota,
    )


def _notes(checkpoint: PutCheckpoint, intent: Intent, found: Key, drift: int) -> tuple[str, ...]:
    notes: list[str] = []
    if checkpoint.before.expired_time == 0 and found.expired_time == LONG_PAST:
        notes.append(tr("The stored expiry 0 was written as 1: both are long past, but 0 can be taken for never."))
    clamped = not intent.delta and intent.remain is None and checkpoint.before.remain_quota < 0 <= found.remain_quota
    if clamped and not found.unlimited_quota:
        notes.append(
            tr(
                "The key was overdrawn ({left} units); the gateway takes no less than 0.",
                left=f"{checkpoint.before.remain_quota:,}",
            )
        )
    if checkpoint.corrections and not drift:
        notes.append(RACED)
    if drift:
        notes.append(drift_note(drift))
    return tuple(notes)


def drift_note(drift: int) -> Sentence:
    """That the quota is so many units too high or too low."""
    return tr("The quota is {units} units from what it should be: it was moved meanwhile.", units=f"{drift:+,}")


def changed_note(difference: FieldDifference) -> Sentence:
    """That a field changed which was to stay as it was."""
    return tr("Changed meanwhile: {field}.", field=difference.field)


def side_effects(before: Key, found: Key, *, but: Collection[str] = ()) -> tuple[FieldDifference, ...]:
    """Fields that were not to change and did: the gateway altered them, or somebody else was faster."""
    return tuple(
        FieldDifference(field=name, wanted=getattr(before, name), found=getattr(found, name))
        for name in SETTINGS_FIELDS
        if name != "remain_quota"
        and name not in but
        and meaning(name, getattr(before, name)) != meaning(name, getattr(found, name))
    )


def _differences(checkpoint: PutCheckpoint, intent: Intent, found: Key) -> tuple[FieldDifference, ...]:
    wanted = dict(intent.fields)
    if intent.speaks_of_quota:
        wanted["remain_quota"] = checkpoint.target - found.used_quota
    return tuple(
        FieldDifference(field=name, wanted=value, found=getattr(found, name))
        for name, value in wanted.items()
        if meaning(name, value) != meaning(name, getattr(found, name))
    )


def _unknown(
    checkpoint: PutCheckpoint,
    intent: Intent,
    found: Key,
    sentence: str,
    *,
    again_after: float | None = None,
) -> WriteResult:
    return WriteResult(
        status=WriteStatus.UNKNOWN,
        key=found,
        before=checkpoint.before,
        differences=_differences(checkpoint, intent, found),
        sentence=sentence,
        again_after=again_after,
    )
