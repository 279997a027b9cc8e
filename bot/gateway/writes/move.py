"""Moves quota from one key to another: what the one has really given up, as read back, is what the other gets.

The gateway has no such call, so it is two changes of quota with a checkpoint in between. The sum of both keys, remain +
used, is afterwards what it was before; while it moves it is less, never more. Usage that a write cannot take back any
more (the key was emptied while a call was being charged) makes it more by the price of that call, which is then not
given to the other key either, as far as there is anything left to give.
"""

from pydantic import BaseModel, ConfigDict

from bot.gateway.client import GatewayClient
from bot.gateway.errors import AUTH_REFUSALS, KeyNotFound, Refusal
from bot.gateway.models import Key, KeyId
from bot.gateway.writes.results import Journal, JournalPart, WriteResult, WriteStatus
from bot.gateway.writes.session import PROCESSING, Session
from bot.gateway.writes.update import change_quota
from bot.languages import joined, tr, trn

_MOVE = "move"
# Each time the key was spent from between the look and the write; a key that is so busy is nearly empty.
MOST_TRIES = 8
_GONE = tr("The key that was to get the quota is gone, so nothing was moved.")


class MoveCheckpoint(BaseModel):
    """`amount` = what is being taken in this try; `taken` = what was, None = not known yet; `back` = it is returned."""

    model_config = ConfigDict(frozen=True)

    number: int = 1
    amount: int
    taken: int | None = None
    back: bool = False


async def move_quota(
    client: GatewayClient,
    source: KeyId,
    target: KeyId | None,
    journal: Journal,
    *,
    keep_half: bool = False,
    processing: float = PROCESSING,
) -> WriteResult:
    """Moves what is left on `source` to `target`; with `keep_half` the smaller half stays. `moved`: units that came.

    `key` is the target as read back, `before` the source after it gave. A target of None: the units are taken out of
    use. A key without a limit has nothing to move. REFUSED: both are as they were. Never raises a GatewayCallError.
    """
    session = Session(client=client, journal=journal, processing=processing)
    return await session.guarded(_move(session, source, target, keep_half=keep_half))


async def _move(session: Session, source: KeyId, target: KeyId | None, *, keep_half: bool) -> WriteResult:
    mark = await _recall(session)
    if mark is None or mark.taken is None:
        if mark is None and target is not None and await _find(session, target) is None:
            return WriteResult(status=WriteStatus.REFUSED, refusal=Refusal.NOT_FOUND, sentence=_GONE)
        taken = await _take(session, source, mark, keep_half=keep_half)
        if isinstance(taken, WriteResult):
            return taken
        mark = taken
    if mark.back:
        return await _give_back(session, source, mark)
    return await _give(session, source, target, mark)


async def _give(session: Session, source: KeyId, target: KeyId | None, mark: MoveCheckpoint) -> WriteResult:
    units = max(0, mark.taken or 0)
    if target is None or units == 0:
        found = await session.client.get_key(target or source)
        return WriteResult(status=WriteStatus.DONE, key=found, before=await _find(session, source), moved=units)
    result = await _change(session, target, units, "give")
    if _landed(result):
        done = {"status": WriteStatus.DONE, "before": await _find(session, source)}
        return result.model_copy(update=done)
    if _is_final(result):
        mark = mark.model_copy(update={"back": True})
        await _save(session, mark)
        return await _give_back(session, source, mark)
    return result


async def _take(
    session: Session, source: KeyId, mark: MoveCheckpoint | None, *, keep_half: bool
) -> MoveCheckpoint | WriteResult:
    """Take it, however much is being spent beside. A result: it could not be taken, or not yet.

    Where more was spent between the look and the write than stays, the next try leaves so much more, twice.
    """
    spare = 0
    for number in range(mark.number if mark else 1, MOST_TRIES + 1):
        if mark is None or mark.number != number:
            key = await session.client.get_key(source)
            left = 0 if key.unlimited_quota else max(0, key.remain_quota)
            mark = MoveCheckpoint(number=number, amount=max(0, left - (left // 2 if keep_half else 0) - spare))
            await _save(session, mark)
        if mark.amount == 0:
            mark = mark.model_copy(update={"taken": 0})
            await _save(session, mark)
            return mark
        result = await _change(session, source, -mark.amount, f"take.{number}")
        if _landed(result):
            mark = mark.model_copy(update={"taken": -result.moved})
            await _save(session, mark)
            return mark
        if result.refusal is not Refusal.QUOTA_NEGATIVE or result.key is None:
            return result
        spare = 2 * (spare + mark.amount - result.key.remain_quota)
    sentence = tr("The key is spent from faster than its quota can be moved.")
    return WriteResult(status=WriteStatus.REFUSED, sentence=sentence)


async def _give_back(session: Session, source: KeyId, mark: MoveCheckpoint) -> WriteResult:
    result = await _change(session, source, max(0, mark.taken or 0), "back")
    if _landed(result):
        return WriteResult(status=WriteStatus.REFUSED, refusal=Refusal.NOT_FOUND, key=result.key, sentence=_GONE)
    if not _is_final(result):
        return result
    lost = trn(
        "{count} unit that had been taken could not be given back.",
        "{count} units that had been taken could not be given back.",
        mark.taken or 0,
    )
    lost_text = joined(_GONE, lost, result.sentence)
    return result.model_copy(update={"status": WriteStatus.FAILED, "sentence": lost_text})


async def _change(session: Session, key_id: KeyId, units: int, name: str) -> WriteResult:
    part = JournalPart(session.journal, f"{_MOVE}.{name}")
    return await change_quota(session.client, key_id, units, part, processing=session.processing)


def _landed(result: WriteResult) -> bool:
    """Whether the quota was changed, even where another field of the record is not as it was."""
    return result.status is WriteStatus.DONE or result.moved != 0


def _is_final(result: WriteResult) -> bool:
    """Whether it was surely not done, and trying again would not help."""
    if result.status is WriteStatus.REFUSED:
        return True
    failed = result.status is WriteStatus.FAILED and result.again_after is None
    return failed and result.refusal not in AUTH_REFUSALS


async def _find(session: Session, key_id: KeyId) -> Key | None:
    try:
        return await session.client.get_key(key_id)
    except KeyNotFound:
        return None


async def _recall(session: Session) -> MoveCheckpoint | None:
    value = await session.journal.recall(_MOVE)
    session.at_stake = value is not None
    return None if value is None else MoveCheckpoint.model_validate(value)


async def _save(session: Session, mark: MoveCheckpoint) -> None:
    await session.save(_MOVE, mark)
    session.at_stake = True
