"""What disabling means: status 2, read back, and the key itself is tried until it is refused (approvals/revocation/).

One key is one request: whoever disables many asks once for each, and each has its own effect and its own proof.
"""

from dataclasses import replace

from bot.features.forms.fields import REASON
from bot.features.forms.key_form import read_key, waits
from bot.gateway.errors import GatewayCallError, GatewayRejected, Refusal
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import EffectiveState, Key, KeyId, KeyStatus
from bot.gateway.numbers import shown_number
from bot.gateway.writes import LastResort, WriteResult, WriteStatus, disable, move_quota
from bot.keys.text import state_text
from bot.languages import joined, tr, trc, trn
from bot.operations import Change, Description, Effect, Frozen, Inspection, Look, Operation, Work, facts_of
from bot.permissions.models import Actor, Facts

# A record read this many seconds ago may still go back to the gateway as it is: two round trips instead of three.
FRESH_SECONDS = 5.0


class DisableKey(Frozen):
    """A wish to end a key. `rotation`: the request that replaced it, when this is the end of a rotation. `left`: who
    has left, when it is ended for that; it stays in use if it is somebody else's by then.
    """

    key_id: int
    rotation: int | None = None
    left: str | None = None


class KeyDisable(Operation):
    """`key.disable`."""

    description = Description(
        name="key.disable",
        title=tr("Disable API key"),
        command="disable",
        usage="KEY…",
        help=tr("take keys out of use and prove that they are; also `all of @person`, `created before 2026-03-01`"),
        button=trc("button", "Disable"),
        applies=lambda key: key.status != KeyStatus.DISABLED,
        asks=tr("{who} asks to disable key {name}"),
        you_ask=tr("you asked to disable key {name}"),
        done=tr("Key {name} was disabled."),
        ended=trc("status of a request", "Disabled"),
        effect=Effect.STOPS,
        state_after=EffectiveState.DISABLED,
        unread=True,
        fields=(REASON,),
    )
    input_model = DisableKey

    async def inspect(self, look: Look, actor: Actor, wanted: DisableKey) -> Inspection:
        """One read. A key that is disabled already may be disabled again: that proves it anew.

        The order to end a key counts also while the gateway cannot be asked: it is carried out when it is back.
        """
        look = replace(look, read=look.read or look.inventory.recent(wanted.key_id, within=FRESH_SECONDS))
        try:
            with prioritized(Priority.KILL):
                key, own = await read_key(look, actor, wanted.key_id)
        except GatewayRejected:
            raise
        except GatewayCallError:
            return await _unread(look, actor, wanted.key_id)
        facts = facts_of(key.settings(), now=look.now, increase=0, reason=look.reason, channel=look.channel_id)
        state = key.state(look.reader.server_now(key.id))
        lines = (
            Change(
                field="status",
                label=tr("State"),
                before=state_text(state),
                after=state_text(EffectiveState.DISABLED),
            ),
        )
        return Inspection(key=key, key_name=key.name, own=own, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: DisableKey) -> WriteResult:
        """PUT and read back; from a record just read when this was asked a moment ago. Gone is done as well."""
        if wanted.left is not None and await work.ownership.owner_of(wanted.key_id) != wanted.left:
            sentence = tr("The key belongs to somebody else by now, so it stays in use.")
            return WriteResult(status=WriteStatus.REFUSED, sentence=sentence)
        seen = work.before if isinstance(work.before, Key) else None
        fresh = seen if work.client.now() - work.seen_at <= FRESH_SECONDS else None
        result = await disable(
            work.client,
            KeyId(wanted.key_id),
            work.journal,
            record=fresh,
            # Making a key harmless wipes its quota and expiry: for a leak, or when a person ends it by `/apikey end`.
            last_resort=LastResort.MAKE_HARMLESS if work.leaked else LastResort.REPORT,
            processing=work.processing,
        )
        if result.refusal is Refusal.NOT_FOUND and (work.known or wanted.rotation is not None):
            note = tr("The key is gone from the gateway: somebody deleted it.")
            return WriteResult(status=WriteStatus.DONE, before=seen, notes=(note,))
        if wanted.rotation is None or result.status is not WriteStatus.DONE or result.key is None:
            return result
        return await _hand_over(work, result, result.key)


async def _hand_over(work: Work, result: WriteResult, old: Key) -> WriteResult:
    """The end of an overlap: what the old key has left goes to its successor. It is disabled whatever comes of that."""
    heir = await work.lineage.heir_of(int(old.id))
    begun = await work.journal.recall("move") is not None
    if heir is None or old.unlimited_quota or (old.remain_quota <= 0 and not begun):
        return result
    if waiting := await waits(work, int(old.id), "move"):
        moved = waiting
    else:
        moved = await move_quota(work.client, old.id, KeyId(heir), work.journal, processing=work.processing)
    if moved.status is WriteStatus.DONE:
        note = trn(
            "What was left went to key {key}: {count} unit.",
            "What was left went to key {key}: {count} units.",
            moved.moved,
            key=heir,
        )
        return result.model_copy(update={"notes": (*result.notes, note), "key": moved.before or old})
    if moved.again_after is not None or moved.status is WriteStatus.UNKNOWN:
        yet = tr("The key is disabled. What was left is not moved to key {key} yet.", key=heir)
        sentence = joined(yet, moved.sentence)
        return result.model_copy(
            update={"status": WriteStatus.UNKNOWN, "sentence": sentence, "again_after": moved.again_after}
        )
    note = trn(
        "What was left ({count} unit) stays on this key, out of use.",
        "What was left ({count} units) stays on this key, out of use.",
        old.remain_quota,
    )
    return result.model_copy(update={"notes": (*result.notes, joined(note, moved.sentence))})


async def _unread(look: Look, actor: Actor, key_id: int) -> Inspection:
    own = await look.owner_of(KeyId(key_id)) == actor.slack_user_id
    before, after = state_text(EffectiveState.UNKNOWN), state_text(EffectiveState.DISABLED)
    return Inspection(
        key=None,
        key_name=f"#{shown_number(key_id)}",
        own=own,
        facts=Facts(reason=look.reason, channel=look.channel_id),
        changes=(Change(field="status", label=tr("State"), before=before, after=after),),
        unread=key_id,
    )


OPERATION = KeyDisable()
