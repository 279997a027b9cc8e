"""Changes the settings and the quota of one key (gateway-api.md, sections 7 and 9; rules 7 to 9 and 12 to 14)."""

from collections.abc import Mapping
from typing import Any

from bot.gateway.client import GatewayClient
from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.models import SETTINGS_FIELDS, Key, KeyId, KeySettings, KeyStatus
from bot.gateway.records import meaning
from bot.gateway.validation import problems
from bot.gateway.writes.put import Intent, PutCheckpoint, delta_problem, put
from bot.gateway.writes.results import (
    FieldDifference,
    Journal,
    KeyChanges,
    WriteResult,
    WriteStatus,
    with_name_limit,
    with_quota_limit,
)
from bot.gateway.writes.session import PROCESSING, Session
from bot.gateway.writes.status import set_status
from bot.languages import joined, tr
from bot.redaction import redact


async def update(
    client: GatewayClient,
    key_id: KeyId,
    changes: KeyChanges,
    journal: Journal,
    *,
    expected: KeySettings | None = None,
    processing: float = PROCESSING,
) -> WriteResult:
    """Changes exactly these fields; every other one goes back as it was found. Never raises a GatewayCallError.

    `expected` = the settings the approver saw (a Key to see too whether it was disabled since): if any but the quota
    differs from what is there before our first write, REFUSED with CHANGED_SINCE and the differences. A key the
    server had marked expired is enabled again when its new expiry lies ahead.
    """
    session = Session(client=client, journal=journal, processing=processing)
    result = await session.guarded(_update(session, key_id, changes.as_fields(), expected))
    return with_quota_limit(with_name_limit(result, changes.name))


async def change_quota(
    client: GatewayClient,
    key_id: KeyId,
    delta: int,
    journal: Journal,
    *,
    expected: KeySettings | None = None,
    fresh: Key | None = None,
    processing: float = PROCESSING,
) -> WriteResult:
    """Moves remain + used by exactly `delta` units, on fresh numbers, whatever is spent or was added meanwhile.

    A key the server had marked exhausted is enabled again when something is left. Lowering below 0 is REFUSED.
    `expected` as for `update`. `fresh` = the record as just read, to save a call.
    """
    session = Session(client=client, journal=journal, processing=processing)
    return with_quota_limit(await session.guarded(_change_quota(session, key_id, delta, expected, fresh)))


async def set_unlimited(
    client: GatewayClient,
    key_id: KeyId,
    journal: Journal,
    *,
    unlimited: bool,
    remain_quota: int | None = None,
    expected: KeySettings | None = None,
    processing: float = PROCESSING,
) -> WriteResult:
    """Turns the limit off or on. On needs `remain_quota` (units left): the stored one may be negative."""
    session = Session(client=client, journal=journal, processing=processing)
    if unlimited == (remain_quota is not None):
        return _invalid(tr("A limited key needs a quota, and an unlimited one takes none."))
    fields: dict[str, Any] = {"unlimited_quota": unlimited}
    wrong = problems({"remain_quota": remain_quota or 0})
    if wrong:
        return _invalid(joined(*wrong.values()))
    return await session.guarded(_set_unlimited(session, key_id, Intent(fields=fields, remain=remain_quota), expected))


async def _update(
    session: Session,
    key_id: KeyId,
    fields: Mapping[str, Any],
    expected: KeySettings | None,
) -> WriteResult:
    wrong = problems(fields)
    if wrong:
        return _invalid(joined(*wrong.values()))
    fresh, refused = await _first_look(session, "update", key_id, expected)
    if refused:
        return refused
    if fresh and fields.get("name", fresh.name) != fresh.name and await session.client.find_keys(fields["name"]):
        return WriteResult(
            status=WriteStatus.REFUSED,
            key=fresh,
            refusal=Refusal.NAME_IN_USE,
            sentence=SENTENCES[Refusal.NAME_IN_USE],
        )
    result = await put(session, "update", key_id, Intent(fields=fields), fresh)
    if "expired_time" in fields:
        return await revived(session, result, KeyStatus.EXPIRED)
    return result


async def _change_quota(
    session: Session, key_id: KeyId, delta: int, expected: KeySettings | None, read: Key | None
) -> WriteResult:
    fresh, refused = await _first_look(session, "quota", key_id, expected, read)
    if refused:
        return refused
    if fresh:
        problem = delta_problem(fresh, delta)
        if problem:
            sentence = SENTENCES[problem]
            return WriteResult(status=WriteStatus.REFUSED, key=fresh, refusal=problem, sentence=sentence)
    result = _against_seen(await put(session, "quota", key_id, Intent(delta=delta), fresh), expected)
    return await revived(session, result, KeyStatus.EXHAUSTED)


def _against_seen(result: WriteResult, expected: KeySettings | None) -> WriteResult:
    """Another request may have come first: then the numbers that were shown for approval are not those that came."""
    before, key = result.before, result.key
    seen = expected.total_quota if isinstance(expected, Key) else None
    if result.status is not WriteStatus.DONE or before is None or key is None or seen in {None, before.total_quota}:
        return result
    note = tr(
        "The quota had been changed since this was asked: {before} units were left, now it is {now}.",
        before=f"{before.remain_quota:,}",
        now=f"{key.remain_quota:,}",
    )
    return result.model_copy(update={"notes": (*result.notes, note)})


async def _set_unlimited(session: Session, key_id: KeyId, intent: Intent, expected: KeySettings | None) -> WriteResult:
    fresh, refused = await _first_look(session, "unlimited", key_id, expected)
    if refused:
        return refused
    result = await put(session, "unlimited", key_id, intent, fresh)
    return await revived(session, result, KeyStatus.EXHAUSTED)


async def _first_look(
    session: Session,
    name: str,
    key_id: KeyId,
    expected: KeySettings | None,
    read: Key | None = None,
) -> tuple[Key | None, WriteResult | None]:
    """Before anything was sent: the record, and a refusal if it is not what was approved. Later: nothing.

    `read`: the record, when it was just read.
    """
    if await session.load(name, PutCheckpoint):
        return None, None
    fresh = read or await session.client.get_key(key_id)
    changed = changed_or_disabled(fresh, expected) if expected else ()
    if not changed:
        return fresh, None
    return fresh, WriteResult(
        status=WriteStatus.REFUSED,
        key=fresh,
        differences=changed,
        refusal=Refusal.CHANGED_SINCE,
        sentence=SENTENCES[Refusal.CHANGED_SINCE],
    )


def changed_since(fresh: Key, expected: KeySettings) -> tuple[FieldDifference, ...]:
    """Settings that are not as the approver saw them. The quota is none of them: it moves by usage and by deltas."""
    return tuple(
        FieldDifference(field=name, wanted=getattr(expected, name), found=getattr(fresh, name))
        for name in SETTINGS_FIELDS
        if name != "remain_quota" and _stored(name, expected) != _stored(name, fresh)
    )


def _stored(name: str, settings: KeySettings) -> Any:
    """What a setting means, as a row keeps it: without the secret that somebody may have put into a name."""
    value = getattr(settings, name)
    return meaning(name, redact(value, wide=False) if isinstance(value, str) else value)


def changed_or_disabled(fresh: Key, expected: KeySettings) -> tuple[FieldDifference, ...]:
    """The same, and whether it was disabled since, perhaps for a leak: for what would go on using the key."""
    changed = changed_since(fresh, expected)
    if not isinstance(expected, Key) or fresh.status != KeyStatus.DISABLED or expected.status == fresh.status:
        return changed
    return (*changed, FieldDifference(field="status", wanted=expected.status, found=fresh.status))


async def revived(session: Session, result: WriteResult, stale: KeyStatus) -> WriteResult:
    """Second step of a revival: a plain PUT leaves status 3 or 4, so a key whose cause is gone is enabled by itself."""
    key = result.key
    if result.status is not WriteStatus.DONE or key is None or key.status != stale or _still_blocked(session, key):
        return result
    second = await set_status(session, "revive", key, KeyStatus.ENABLED)
    return second.model_copy(
        update={
            "before": result.before,
            "moved": result.moved,
            "notes": (*result.notes, *second.notes, _MARKED[stale]),
        },
    )


_MARKED = {
    KeyStatus.EXPIRED: tr("The gateway had marked the key expired."),
    KeyStatus.EXHAUSTED: tr("The gateway had marked the key exhausted."),
}


def _still_blocked(session: Session, key: Key) -> bool:
    empty = key.remain_quota <= 0 and not key.unlimited_quota
    return empty or key.is_past(session.client.server_now())


def _invalid(sentence: str) -> WriteResult:
    return WriteResult(status=WriteStatus.REFUSED, refusal=Refusal.INVALID, sentence=sentence)
