"""Changes a record by a full PUT and stands for the outcome: write, read back, mend what usage lost, settle.

The heart of every change but create and delete (gateway-api.md, sections 7 and 9; rules 7, 9 and 13). `remain + used`
moves only by an edit, so their sum tells whether a quota change landed and how much usage was lost in the race.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.models import NEVER, SETTINGS_FIELDS, Key, KeyId
from bot.gateway.records import LONG_PAST, meaning
from bot.gateway.validation import LARGEST_QUOTA
from bot.gateway.writes.results import ALREADY, FieldDifference, WriteResult, WriteStatus
from bot.gateway.writes.session import Session, WriteAnswer, WriteCheckpoint, not_done

MOST_SENDINGS = 4
MOST_CORRECTIONS = 8
_ROUNDS = 2 * (MOST_SENDINGS + MOST_CORRECTIONS)
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
        return all(meaning(name, getattr(found, name)) == meaning(name, value) for name, value in self.fields.items())


class PutCheckpoint(WriteCheckpoint):
    """`before` = the record that was changed; `target` = the sum remain + used to reach."""

    before: Key
    target: int
    corrections: int = 0
    finished: bool = False
    notes: tuple[str, ...] = ()


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
        )
    retry_no = checkpoint is not None
    found = fresh if fresh and checkpoint is None else await session.client.get_key(key_id)
    if checkpoint is None:
        checkpoint = PutCheckpoint(before=found, target=intent.target(found))
        if intent.holds_in(found) and (not intent.speaks_of_quota or found.total_quota == checkpoint.target):
            session.at_stake = False
            return WriteResult(status=WriteStatus.DONE, key=found, before=found, notes=(ALREADY,))
        checkpoint = await _send(session, name, checkpoint, intent, found)
        found = await session.client.get_key(key_id)
    for _ in range(_ROUNDS):
        result = _judge(session, checkpoint, intent, found, retry_no=retry_no)
        if result and result.status is WriteStatus.DONE:
            await session.save(name, checkpoint.model_copy(update={"finished": True, "notes": result.notes}))
        if result:
            return result
        again = _landed(checkpoint, intent, found)
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
        checkpoint = await _send(session, name, checkpoint, intent, found)
        retry_no = False
        found = await session.client.get_key(key_id)
    raise AssertionError  # pragma: no cover  (sendings and corrections are both bounded)


def delta_problem(fresh: Key, delta: int) -> Refusal | None:
    """Why the remainder cannot be moved by so much: the gateway takes nothing below 0 and nothing above its maximum."""
    left = fresh.remain_quota + delta
    if left > LARGEST_QUOTA:
        return Refusal.QUOTA_TOO_LARGE
    return Refusal.QUOTA_NEGATIVE if left < 0 and not fresh.unlimited_quota else None


async def _send(session: Session, name: str, checkpoint: PutCheckpoint, intent: Intent, fresh: Key) -> PutCheckpoint:
    record = intent.applied_to(fresh, checkpoint.target)
    return await session.send(name, checkpoint, lambda: session.client.update_key(record))


def _drift(checkpoint: PutCheckpoint, found: Key) -> tuple[int, int]:
    """By how much the sum is over the target, and how much was spent meanwhile: the most that a race can have lost."""
    return found.total_quota - checkpoint.target, max(0, found.used_quota - checkpoint.before.used_quota)


def _landed(checkpoint: PutCheckpoint, intent: Intent, found: Key) -> bool:
    if not intent.holds_in(found):
        return False
    drift, spent = _drift(checkpoint, found)
    return not intent.speaks_of_quota or 0 <= drift <= spent


def _judge(
    session: Session, checkpoint: PutCheckpoint, intent: Intent, found: Key, *, retry_no: bool
) -> WriteResult | None:
    """The result, or None: send (again)."""
    wait = session.wait_for(checkpoint) if checkpoint.unsure else None
    # Lowering by no more than was spent can leave the sum as it was: while it may still land, that is no landing.
    still = (
        wait is not None
        and intent.speaks_of_quota
        and found.total_quota == checkpoint.before.total_quota != checkpoint.target
    )
    if _landed(checkpoint, intent, found) and not still:
        return _judge_landed(checkpoint, intent, found, wait)
    if wait is not None:
        return _unknown(checkpoint, intent, found, "The gateway has not shown the change yet.", again_after=wait)
    if checkpoint.answer is WriteAnswer.NO:
        again = retry_no and checkpoint.refusal is None
        return None if again else not_done(checkpoint, key=found, before=checkpoint.before)
    if intent.delta and found.total_quota != checkpoint.before.total_quota:
        sentence = "The quota is neither as it was nor as it should be: somebody else changed it. Look at it by hand."
        return _unknown(checkpoint, intent, found, sentence)
    if checkpoint.unsure and checkpoint.sent < MOST_SENDINGS:
        return None
    return WriteResult(
        status=WriteStatus.FAILED,
        key=found,
        before=checkpoint.before,
        differences=_differences(checkpoint, intent, found),
        sentence="The change was sent to the gateway, but the record does not show it.",
    )


def _judge_landed(checkpoint: PutCheckpoint, intent: Intent, found: Key, wait: float | None) -> WriteResult | None:
    drift, spent = _drift(checkpoint, found)
    # Nothing below 0 can be written to a limited key, so an empty one has no usage left to give back.
    lost = 0 < drift <= spent and (found.unlimited_quota or found.remain_quota > 0)
    first = checkpoint.corrections == 0
    if (
        lost
        and checkpoint.corrections < MOST_CORRECTIONS
        and (first or (checkpoint.answer is not WriteAnswer.YES and wait is None))
    ):
        return None
    if lost and not first and wait is not None:
        return _unknown(checkpoint, intent, found, "The quota is still being corrected for usage.", again_after=wait)
    side = side_effects(checkpoint.before, found, but=intent.fields)
    notes = (*_notes(checkpoint, intent, found, drift), *(f"Changed meanwhile: {each.field}." for each in side))
    broken = any(each.field in RESTRICTIONS for each in side)
    return WriteResult(
        status=WriteStatus.FAILED if broken else WriteStatus.DONE,
        key=found,
        before=checkpoint.before,
        differences=side,
        notes=notes,
        sentence="The change is there, but a restriction of the key is not as it was." if broken else "",
    )


def _notes(checkpoint: PutCheckpoint, intent: Intent, found: Key, drift: int) -> tuple[str, ...]:
    notes = []
    if checkpoint.before.expired_time == 0 and found.expired_time == LONG_PAST:
        notes.append("The stored expiry 0 was written as 1: both are long past, but 0 can be taken for never.")
    clamped = not intent.delta and intent.remain is None and checkpoint.before.remain_quota < 0 <= found.remain_quota
    if clamped and not found.unlimited_quota:
        notes.append(
            f"The key was overdrawn ({checkpoint.before.remain_quota:,} units); the gateway takes no less than 0."
        )
    if checkpoint.corrections and not drift:
        notes.append("Usage raced the change; the quota was corrected for it.")
    if drift:
        notes.append(f"The quota is {drift:+,} units from what it should be: it was moved meanwhile.")
    return tuple(notes)


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


def is_past(key: Key, now: float) -> bool:
    """Whether the stored expiry lies before `now`."""
    return key.expired_time != NEVER and key.expired_time < now
