"""Deletes one key for good (gateway-api.md, section 8; rule 19)."""

from bot.gateway.client import GatewayClient
from bot.gateway.errors import SENTENCES, KeyNotFound, Refusal
from bot.gateway.models import Key, KeyId, KeySettings
from bot.gateway.writes.results import Journal, WriteResult, WriteStatus
from bot.gateway.writes.session import PROCESSING, SHORTEST_WAIT, Session, WriteAnswer, WriteCheckpoint, not_done
from bot.gateway.writes.update import changed_since
from bot.languages import tr


class DeleteCheckpoint(WriteCheckpoint):
    """`before` = the record as this request saw it: only then does "not found" mean "done"."""

    before: Key


async def delete(
    client: GatewayClient,
    key_id: KeyId,
    journal: Journal,
    *,
    expected: KeySettings | None = None,
    processing: float = PROCESSING,
) -> WriteResult:
    """Removes the key and proves that it is gone; the removed record is in `before`, `key` is None.

    A key that this request never saw is REFUSED with NOT_FOUND. Never raises a GatewayCallError.
    """
    session = Session(client=client, journal=journal, processing=processing)
    return await session.guarded(_delete(session, key_id, expected))


async def _delete(session: Session, key_id: KeyId, expected: KeySettings | None) -> WriteResult:
    checkpoint = await session.load("delete", DeleteCheckpoint)
    try:
        found = await session.client.get_key(key_id)
        if checkpoint is None:
            changed = changed_since(found, expected) if expected else ()
            if changed:
                return WriteResult(
                    status=WriteStatus.REFUSED,
                    key=found,
                    differences=changed,
                    refusal=Refusal.CHANGED_SINCE,
                    sentence=SENTENCES[Refusal.CHANGED_SINCE],
                )
            checkpoint = DeleteCheckpoint(before=found)
        checkpoint = await session.send("delete", checkpoint, lambda: session.client.delete_key(key_id))
        found = await session.client.get_key(key_id)
    except KeyNotFound:
        if checkpoint is None:
            raise
        return WriteResult(status=WriteStatus.DONE, before=checkpoint.before)
    if checkpoint.answer is WriteAnswer.NO:
        return not_done(checkpoint, key=found, before=checkpoint.before)
    if checkpoint.unsure:
        return WriteResult(
            status=WriteStatus.UNKNOWN,
            key=found,
            before=checkpoint.before,
            sentence=tr("The gateway still shows the key."),
            again_after=SHORTEST_WAIT,
        )
    sentence = tr("The gateway said that it deleted the key, but still shows it.")
    return WriteResult(status=WriteStatus.FAILED, key=found, before=checkpoint.before, sentence=sentence)
