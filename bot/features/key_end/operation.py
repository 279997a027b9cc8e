"""What ending means: an expiry that has just passed, read back; then the key itself is tried until it is refused.

Unlike disabling it leaves the status alone, so that a new expiry is all that brings the key back.
"""

from bot.errors import InputError
from bot.features.forms.fields import EXPIRY, REASON
from bot.features.forms.key_form import read_key
from bot.gateway.models import EffectiveState, KeyId
from bot.gateway.writes import KeyChanges, WriteResult, update
from bot.languages import tr, trc
from bot.operations import Change, Description, Effect, Frozen, Inspection, Look, Operation, Work, facts_of
from bot.permissions.models import Actor
from bot.units import format_moment

# The gateway's clock may be behind ours; an expiry that lies ahead of it would leave the key alive.
CLOCK_SECONDS = 60


class EndKey(Frozen):
    """A wish to end a key."""

    key_id: int


class KeyEnd(Operation):
    """`key.end`."""

    description = Description(
        name="key.end",
        title=tr("End API key"),
        command="end",
        usage="KEY",
        help=tr("let a key expire now; `edit` gives it time again"),
        button=trc("button", "End"),
        applies=lambda key: key.status == 1,
        asks=tr("{who} asks to end key {name}"),
        you_ask=tr("you asked to end key {name}"),
        done=tr("Key {name} was ended."),
        ended=trc("status of a request", "Ended"),
        effect=Effect.STOPS,
        state_after=EffectiveState.EXPIRED,
        fields=(REASON,),
    )
    input_model = EndKey

    async def inspect(self, look: Look, actor: Actor, wanted: EndKey) -> Inspection:
        """Read the key fresh. Raises InputError when it has expired already."""
        key, own = await read_key(look, actor, wanted.key_id)
        if key.is_past(look.reader.server_now(key.id)):
            raise InputError({REASON: tr("The key expired already, {moment}.", moment=format_moment(key.expired_time))})
        after = key.settings().model_copy(update={"expired_time": int(look.now) - CLOCK_SECONDS})
        facts = facts_of(after, now=look.now, increase=0, reason=look.reason, channel=look.channel_id)
        now = trc("when a key expires", "now")
        label = trc("label: when a key expires", "Expires")
        lines = (Change(field=EXPIRY, label=label, before=format_moment(key.expired_time), after=now),)
        return Inspection(key=key, key_name=key.name, own=own, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: EndKey) -> WriteResult:
        """Write the record with this expiry alone altered: the approval's moment, so that a repeat writes the same."""
        return await update(
            work.client,
            KeyId(wanted.key_id),
            KeyChanges(expired_time=int(work.approved_at) - CLOCK_SECONDS),
            work.journal,
            expected=work.before,
            processing=work.processing,
        )


OPERATION = KeyEnd()
