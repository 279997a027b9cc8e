"""Disables one key and reads back that it is disabled (gateway-api.md, section 7; rules 9 and 10)."""

from enum import StrEnum

from bot.gateway.client import GatewayClient
from bot.gateway.errors import AUTH_REFUSALS, KeyNotFound
from bot.gateway.models import NEVER, Key, KeyId, KeyStatus
from bot.gateway.records import LONG_PAST
from bot.gateway.writes.put import Intent, put
from bot.gateway.writes.results import Journal, WriteResult, WriteStatus
from bot.gateway.writes.session import PROCESSING, Session
from bot.gateway.writes.status import OUT_OF_RANGE, StatusCheckpoint, outstanding, set_status
from bot.languages import tr, trn


class LastResort(StrEnum):
    """What may be done with a key that the gateway does not disable. Making it harmless wipes its quota and expiry."""

    REPORT = "report"
    MAKE_HARMLESS = "make_harmless"


_NOT_DISABLED = tr(
    "The gateway does not disable this key; it is still in use. `/apikey end` gives it an expiry in the past, "
    "`/apikey delete` removes it for good."
)
_ALIVE = tr("The gateway does not disable this key and does not let it be made harmless. Delete it now.")


async def disable(
    client: GatewayClient,
    key_id: KeyId,
    journal: Journal,
    *,
    record: Key | None = None,
    last_resort: LastResort = LastResort.MAKE_HARMLESS,
    processing: float = PROCESSING,
) -> WriteResult:
    """Takes the key out of use and proves it by the record. With a fresh `record` that is two round trips: PUT, GET.

    `record` must have been read within this request: its fields go back to the gateway. Where no status is
    honoured, `last_resort` decides: make the key harmless (expired long ago, no quota) for a leak or with a person's
    yes, else only report. `alarm` says which, and what was lost; `before` holds what is needed to take it back. A key
    that is gone is DONE with `key=None`. Check it by `check_revoked`. Never raises a GatewayCallError.
    """
    session = Session(client=client, journal=journal, processing=processing)
    return await session.guarded(_disable(session, key_id, record, last_resort))


async def _disable(session: Session, key_id: KeyId, record: Key | None, last_resort: LastResort) -> WriteResult:
    checkpoint = await session.load("disable", StatusCheckpoint)
    try:
        if record is None or record.id != key_id or checkpoint is not None:
            record = await session.client.get_key(key_id)
        result = await set_status(session, "disable", record, KeyStatus.DISABLED)
        if result.key and _not_honoured(result):
            if last_resort is LastResort.REPORT:
                return result.model_copy(update={"alarm": _NOT_DISABLED})
            return await _make_harmless(session, result, result.key)
    except KeyNotFound:
        if checkpoint is None and record is None:
            raise
        note = tr("The key is gone from the gateway: somebody deleted it.")
        return WriteResult(status=WriteStatus.DONE, before=checkpoint.before if checkpoint else record, notes=(note,))
    return result


def _not_honoured(result: WriteResult) -> bool:
    """Both ways of disabling were answered for sure, and the key is still in use."""
    sure_no = result.status in {WriteStatus.FAILED, WriteStatus.REFUSED} and result.again_after is None
    return sure_no and result.refusal not in AUTH_REFUSALS | OUT_OF_RANGE


async def _make_harmless(session: Session, result: WriteResult, key: Key) -> WriteResult:
    checkpoint = await session.load("disable", StatusCheckpoint)
    sent = checkpoint.sent if checkpoint else 0
    fields = {"expired_time": LONG_PAST, "unlimited_quota": False}
    # A checkpoint of its own for every round: a late status PUT may have undone an earlier one.
    harmless = await put(session, f"disable.harmless.{sent}", key.id, Intent(fields=fields, remain=0), key)
    done = harmless.status is WriteStatus.DONE
    wait = outstanding(session, checkpoint) if done and checkpoint else None
    return harmless.model_copy(
        update={
            "status": WriteStatus.UNKNOWN if wait is not None else harmless.status,
            "again_after": wait if done else harmless.again_after,
            "alarm": _harmless(result.before or key) if done else _ALIVE,
            "before": result.before,
            "differences": result.differences if done else harmless.differences,
        },
    )


def _harmless(before: Key) -> str:
    left, moment = before.remain_quota, before.expired_time
    quota = tr("no limit") if before.unlimited_quota else trn("{count} unit", "{count} units", left)
    expiry = tr("no expiry") if moment == NEVER else tr("expiry {moment} (Unix seconds)", moment=moment)
    return tr(
        "The gateway does not disable keys. This one was made harmless: expired long ago, no quota. "
        "It had {quota} and {expiry}. Delete it, or give these back.",
        quota=quota,
        expiry=expiry,
    )
