"""Sets the status of one key and reads it back: by `status_only`, then by a plain PUT (gateway-api.md, section 7)."""

from bot.gateway.errors import AUTH_REFUSALS, Refusal
from bot.gateway.models import Key, KeyStatus
from bot.gateway.validation import SMALLEST_MAXIMUM
from bot.gateway.writes.put import (
    RACED,
    RESTRICTIONS,
    Intent,
    changed_note,
    drift_note,
    explained_by_usage,
    put,
    side_effects,
)
from bot.gateway.writes.results import ALREADY, FieldDifference, WriteResult, WriteStatus
from bot.gateway.writes.session import SHORTEST_WAIT, Session, WriteAnswer, WriteCheckpoint, answer_to
from bot.languages import tr

OUT_OF_RANGE = frozenset({Refusal.QUOTA_TOO_LARGE, Refusal.QUOTA_NEGATIVE})


class StatusCheckpoint(WriteCheckpoint):
    """`before` = the record whose status was changed; `started` = the first sending, in our clock's Unix seconds.

    `unsure_at` = the latest sending without a sure answer, which may land yet; 0 = none.
    """

    before: Key
    unsure_at: float = 0.0


async def set_status(session: Session, name: str, record: Key, wanted: KeyStatus) -> WriteResult:
    """Makes the status so, and gives back the record read afterwards.

    Disabling is urgent: it is sent again at once, because a late landing only disables again. Enabling waits until an
    unsure sending can no longer land, because a late landing would undo what came after it.
    """
    checkpoint = await session.load(name, StatusCheckpoint)
    if record.status == wanted:
        record = await session.client.get_key(record.id)
    if record.status == wanted:
        if checkpoint:
            return await _settled(session, name, checkpoint, record)
        return WriteResult(status=WriteStatus.DONE, key=record, before=record, notes=(ALREADY,))
    checkpoint = checkpoint or StatusCheckpoint(before=record)
    patient = wanted is KeyStatus.ENABLED
    answers: list[StatusCheckpoint] = []
    for plain in (False, True):
        if patient and outstanding(session, checkpoint) is not None:
            break
        checkpoint = await _send(session, name, checkpoint, record, wanted, plain=plain)
        answers.append(checkpoint)
        if checkpoint.answer is WriteAnswer.NO and checkpoint.refusal is None:
            break  # the gateway cannot be reached, so the second way would fail as well
        record = await session.client.get_key(record.id)
        if record.status == wanted:
            result = await _settled(session, name, checkpoint, record)
            return result.model_copy(update={"learned": _learned(answers, found=True)})
    await session.save(name, checkpoint)
    result = _not_set(session, checkpoint, answers, record, wanted)
    return result.model_copy(update={"learned": _learned(answers, found=False)})


def _learned(answers: list[StatusCheckpoint], *, found: bool) -> dict[str, bool]:
    """Which of the two ways this deployment honours, as far as sure answers and the read-back tell."""
    learned = {}
    for way, checkpoint in zip(("status_only", "plain_put_status"), answers, strict=False):
        last = checkpoint is answers[-1]
        if checkpoint.answer is WriteAnswer.YES and (
            len(answers) == 1 or all(each.answer is WriteAnswer.YES for each in answers)
        ):
            learned[way] = found and last
    return learned


def outstanding(session: Session, checkpoint: StatusCheckpoint) -> float | None:
    """Seconds to wait for a sending that may land yet; None = there is none."""
    return session.wait_since(checkpoint.unsure_at) if checkpoint.unsure_at else None


async def _send(
    session: Session,
    name: str,
    checkpoint: StatusCheckpoint,
    record: Key,
    wanted: KeyStatus,
    *,
    plain: bool,
) -> StatusCheckpoint:
    client, now, unsure_at = session.client, session.client.now(), checkpoint.unsure_at
    checkpoint = checkpoint.model_copy(
        update={"sent": checkpoint.sent + 1, "started": checkpoint.started or now, "unsure_at": now}
    )
    await session.save(name, checkpoint)
    session.at_stake = True
    if plain:
        answer = await answer_to(lambda: client.update_key(record, status=wanted))
    else:
        answer = await answer_to(lambda: client.set_status(record, wanted))
        if answer.get("refusal") in OUT_OF_RANGE:
            # The number is validated before the switch is looked at, and then ignored: any number in range will do.
            in_range = record.model_copy(update={"remain_quota": max(0, min(record.remain_quota, SMALLEST_MAXIMUM))})
            answer = await answer_to(lambda: client.set_status(in_range, wanted))
    checkpoint = checkpoint.model_copy(update={"refusal": None, "refusal_sentence": "", **answer})
    # Kept in memory for now: when the read-back agrees, one durable checkpoint was enough.
    return checkpoint if checkpoint.unsure else checkpoint.model_copy(update={"unsure_at": unsure_at})


async def _settled(session: Session, name: str, checkpoint: StatusCheckpoint, found: Key) -> WriteResult:
    """The status is as wanted. What else moved is told; usage lost by a server that rewrote the record is mended."""
    before, notes = checkpoint.before, []
    drift = found.total_quota - before.total_quota
    usage = explained_by_usage(before, found, drift, now=session.client.server_now())
    clamped = before.remain_quota < 0 and not before.unlimited_quota
    if drift and usage and not clamped:
        mended = await put(session, f"{name}.quota", found.id, Intent(total=before.total_quota), found)
        if mended.again_after is not None and found.status == KeyStatus.ENABLED:
            return mended  # the next call continues here; disabling does not wait for an exact quota
        found = mended.key or found
        if mended.status is WriteStatus.DONE and found.total_quota == before.total_quota:
            notes.append(RACED)
    drift = found.total_quota - before.total_quota
    overdrawn = -before.remain_quota if before.remain_quota < 0 and not before.unlimited_quota else 0
    if drift not in {0, overdrawn}:
        notes.append(drift_note(drift))
    if overdrawn:
        left = f"{before.remain_quota:,}"
        notes.append(tr("The key was overdrawn ({left} units); it was sent as 0, the least there is.", left=left))
    changed = side_effects(before, found)
    notes += [changed_note(each) for each in changed]
    broken = found.status == KeyStatus.ENABLED and any(each.field in RESTRICTIONS for each in changed)
    return WriteResult(
        status=WriteStatus.FAILED if broken else WriteStatus.DONE,
        key=found,
        before=before,
        differences=changed,
        notes=tuple(notes),
        sentence=tr("The key is enabled, but a restriction of it is not as it was.") if broken else "",
    )


def _not_set(
    session: Session,
    checkpoint: StatusCheckpoint,
    answers: list[StatusCheckpoint],
    found: Key,
    wanted: KeyStatus,
) -> WriteResult:
    differences = (FieldDifference(field="status", wanted=int(wanted), found=found.status),)
    told = {"key": found, "before": checkpoint.before, "differences": differences}
    if not answers or any(each.unsure for each in answers):
        return WriteResult.model_validate(
            {
                "status": WriteStatus.UNKNOWN,
                "sentence": tr("The gateway has not shown the new status yet."),
                "again_after": SHORTEST_WAIT if wanted is KeyStatus.DISABLED else outstanding(session, checkpoint),
                **told,
            },
        )
    noes = [each for each in answers if each.answer is WriteAnswer.NO]
    if any(each.refusal is None for each in noes):
        no = next(each for each in noes if each.refusal is None)
        return WriteResult.model_validate(
            {
                "status": WriteStatus.FAILED,
                "sentence": no.refusal_sentence,
                "again_after": no.retry_after,
                "limited": no.limited,
            }
            | told,
        )
    if noes:
        status = WriteStatus.FAILED if noes[-1].refusal in AUTH_REFUSALS else WriteStatus.REFUSED
        sentence = noes[-1].refusal_sentence
        return WriteResult.model_validate(
            {"status": status, "sentence": sentence, "refusal": noes[-1].refusal, **told},
        )
    sentence = tr("The gateway said yes, but the record still has its old status.")
    return WriteResult.model_validate({"status": WriteStatus.FAILED, "sentence": sentence, **told})
