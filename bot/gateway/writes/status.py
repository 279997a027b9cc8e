"""Sets the status of one key and reads it back: by `status_only`, then by a plain PUT (contract, section 7)."""

from bot.gateway.errors import AUTH_REFUSALS
from bot.gateway.models import Key, KeyStatus
from bot.gateway.writes.put import RESTRICTIONS, Intent, put, side_effects
from bot.gateway.writes.results import Difference, WriteResult, WriteStatus
from bot.gateway.writes.session import RETRY_AFTER, SHORTEST_WAIT, Answer, Mark, Session, answer_to

_LONGEST_WAIT = 60.0


class StatusMark(Mark):
    """`before` = the record whose status was changed; `started` is the first sending: every one of them is a set."""

    before: Key


async def set_status(session: Session, name: str, record: Key, wanted: KeyStatus) -> WriteResult:
    """Makes the status so, however often it must be sent, and gives back the record read afterwards."""
    mark = await session.load(name, StatusMark)
    if record.status == wanted:
        record = await session.client.get_key(record.id)
    if record.status == wanted:
        if mark:
            return await _settled(session, name, mark, record)
        return WriteResult(status=WriteStatus.DONE, key=record, before=record, notes=("It was so already.",))
    mark = mark or StatusMark(before=record)
    answers = []
    for plain in (False, True):
        mark = await _send(session, name, mark, record, wanted, plain=plain)
        answers.append(mark)
        record = await session.client.get_key(record.id)
        if record.status == wanted:
            return await _settled(session, name, mark, record)
    return _not_set(session, answers, record, wanted)


async def _send(
    session: Session,
    name: str,
    mark: StatusMark,
    record: Key,
    wanted: KeyStatus,
    *,
    plain: bool,
) -> StatusMark:
    client = session.client
    mark = mark.model_copy(update={"sent": mark.sent + 1, "started": mark.started or client.now()})
    await session.save(name, mark)
    session.at_stake = True
    if plain:
        answer = await answer_to(lambda: client.update_key(record, status=wanted))
    else:
        answer = await answer_to(lambda: client.set_status(record, wanted))
    # The answer stays in memory: sending again is harmless, so a crash needs to know only that something was sent.
    return mark.model_copy(update={"refusal": None, "refusal_sentence": "", **answer})


async def _settled(session: Session, name: str, mark: StatusMark, found: Key) -> WriteResult:
    """The status is as wanted. What else moved is told; usage lost by a server that rewrote the record is mended."""
    before, notes = mark.before, []
    drift, spent = found.total_quota - before.total_quota, found.used_quota - before.used_quota
    if before.remain_quota > 0 and found.remain_quota > 0 and 0 < drift <= spent:
        mended = await put(session, f"{name}.quota", found.id, Intent(total=before.total_quota), found)
        if mended.status is WriteStatus.DONE and mended.key:
            found = mended.key
            notes.append("Usage raced the change; the quota was corrected for it.")
        else:
            notes.append(f"The quota is {drift:+,} units from what it should be: usage was lost.")
    if before.remain_quota < 0 and not before.unlimited_quota:
        notes.append(f"The key was overdrawn ({before.remain_quota:,} units); it was sent as 0, the least there is.")
    changed = side_effects(before, found)
    notes += [f"Changed meanwhile: {each.field}." for each in changed]
    broken = found.status == KeyStatus.ENABLED and any(each.field in RESTRICTIONS for each in changed)
    return WriteResult(
        status=WriteStatus.FAILED if broken else WriteStatus.DONE,
        key=found,
        before=before,
        differences=changed,
        notes=tuple(notes),
        sentence="The key is enabled, but a restriction of it is not as it was." if broken else "",
    )


def _not_set(session: Session, answers: list[StatusMark], found: Key, wanted: KeyStatus) -> WriteResult:
    differences = (Difference(field="status", wanted=int(wanted), found=found.status),)
    first = answers[0]
    told = {"key": found, "before": first.before, "differences": differences}
    if any(mark.unsure for mark in answers):
        return WriteResult.model_validate(
            {
                "status": WriteStatus.UNKNOWN,
                "sentence": "The gateway has not shown the new status yet.",
                "again_after": min(_LONGEST_WAIT, max(SHORTEST_WAIT, session.client.now() - first.started)),
                **told,
            },
        )
    noes = [mark for mark in answers if mark.answer is Answer.NO]
    if any(mark.refusal is None for mark in noes):
        sentence = next(mark.refusal_sentence for mark in noes if mark.refusal is None)
        return WriteResult.model_validate(
            {"status": WriteStatus.FAILED, "sentence": sentence, "again_after": RETRY_AFTER, **told},
        )
    if noes:
        status = WriteStatus.FAILED if noes[-1].refusal in AUTH_REFUSALS else WriteStatus.REFUSED
        sentence = noes[-1].refusal_sentence
        return WriteResult.model_validate(
            {"status": status, "sentence": sentence, "refusal": noes[-1].refusal, **told},
        )
    sentence = "The gateway said yes, but the record still has its old status."
    return WriteResult.model_validate({"status": WriteStatus.FAILED, "sentence": sentence, **told})
