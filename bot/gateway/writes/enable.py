"""Puts one key back into use, in two steps where the server had marked it dead (gateway-api.md, section 7; rule 12)."""

from bot.gateway.client import GatewayClient
from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.models import EffectiveState, Key, KeyId, KeySettings, KeyStatus
from bot.gateway.validation import problems
from bot.gateway.writes.put import Intent, PutCheckpoint, delta_problem, put
from bot.gateway.writes.results import Journal, WriteResult, WriteStatus, is_already
from bot.gateway.writes.session import PROCESSING, Session
from bot.gateway.writes.status import StatusCheckpoint, set_status
from bot.gateway.writes.update import changed_or_disabled
from bot.languages import joined, tr

_PUT, _STATUS = "enable.put", "enable"
_UNUSABLE = {
    EffectiveState.EXPIRED: tr("The key is enabled, but it is expired and cannot be used."),
    EffectiveState.EXHAUSTED: tr("The key is enabled, but it is exhausted and cannot be used."),
    EffectiveState.OVERDRAWN: tr("The key is enabled, but it is overdrawn and cannot be used."),
    EffectiveState.DISABLED: tr("The key is enabled, but it is disabled and cannot be used."),
    EffectiveState.UNKNOWN: tr("The key is enabled, but it is in an unknown state and cannot be used."),
}


async def enable(
    client: GatewayClient,
    key_id: KeyId,
    journal: Journal,
    *,
    expired_time: int | None = None,
    add_quota: int | None = None,
    expected: KeySettings | None = None,
    processing: float = PROCESSING,
) -> WriteResult:
    """Puts the key back into use; DONE means that the record is enabled, not expired and has quota.

    An expired key needs `expired_time` (Unix seconds or -1), an exhausted one `add_quota` (units): without, REFUSED.
    Never raises a GatewayCallError.
    """
    wrong = problems({} if expired_time is None else {"expired_time": expired_time})
    if wrong:
        sentence = joined(*wrong.values())
        return WriteResult(status=WriteStatus.REFUSED, refusal=Refusal.INVALID, sentence=sentence)
    session = Session(client=client, journal=journal, processing=processing)
    return await session.guarded(_enable(session, key_id, expired_time, add_quota or 0, expected))


async def _enable(
    session: Session,
    key_id: KeyId,
    expired_time: int | None,
    add_quota: int,
    expected: KeySettings | None,
) -> WriteResult:
    key = await session.client.get_key(key_id)
    before = key
    notes: tuple[str, ...] = ()
    moved = 0
    if not await _begun(session):
        refused = _refused(session, key, expired_time, add_quota, expected)
        if refused:
            return refused
    # Both in one PUT: the expiry alone would have an overdrawn remainder clamped to 0, a gift beyond the delta.
    intent = Intent(fields={} if expired_time is None else {"expired_time": expired_time}, delta=add_quota)
    if intent.fields or intent.delta:
        step = await put(session, _PUT, key_id, intent, key)
        if step.status is not WriteStatus.DONE or step.key is None:
            return step
        key, notes, moved = step.key, step.notes, step.moved
    result = await set_status(session, _STATUS, key, KeyStatus.ENABLED)
    # This concerns the status alone: a key that was enabled but had no quota left did change.
    said = result.notes if key is before else tuple(note for note in result.notes if not is_already(note))
    return _checked(session, result.model_copy(update={"before": before, "notes": (*notes, *said), "moved": moved}))


async def _begun(session: Session) -> bool:
    return bool(await session.load(_PUT, PutCheckpoint) or await session.load(_STATUS, StatusCheckpoint))


def _refused(
    session: Session,
    key: Key,
    expired_time: int | None,
    add_quota: int,
    expected: KeySettings | None,
) -> WriteResult | None:
    changed = changed_or_disabled(key, expected) if expected else ()
    later = key if expired_time is None else key.model_copy(update={"expired_time": expired_time})
    refusal = delta_problem(key, add_quota) if add_quota else None
    if not key.unlimited_quota and key.remain_quota + add_quota <= 0:
        refusal = Refusal.EXHAUSTED_CANNOT_ENABLE
    if later.is_past(session.client.server_now()):
        refusal = Refusal.EXPIRED_CANNOT_ENABLE
    if changed:
        refusal = Refusal.CHANGED_SINCE
    if refusal is None:
        return None
    return WriteResult(
        status=WriteStatus.REFUSED,
        key=key,
        differences=changed,
        refusal=refusal,
        sentence=SENTENCES[refusal],
    )


def _checked(session: Session, result: WriteResult) -> WriteResult:
    """Enabled is not enough: a key that is expired or empty by now is not in use."""
    state = result.key.state(session.client.server_now()) if result.key else EffectiveState.UNKNOWN
    if result.status is not WriteStatus.DONE or state is EffectiveState.ACTIVE:
        return result
    return result.model_copy(update={"status": WriteStatus.FAILED, "sentence": _UNUSABLE[state]})
