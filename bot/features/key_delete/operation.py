"""What deleting means: gone for good, read back as gone. A key that vanished after we saw it is gone, too."""

from bot.errors import InputError
from bot.features.forms.fields import REASON
from bot.features.forms.key_form import read_key
from bot.gateway.errors import Refusal
from bot.gateway.models import EffectiveState, Key, KeyId
from bot.gateway.writes import WriteResult, WriteStatus, delete
from bot.keys.text import quota_text, state_text
from bot.languages import tr, trc
from bot.operations import Change, Description, Effect, Frozen, Inspection, Look, Operation, Work, facts_of
from bot.permissions.models import Actor
from bot.typed_text import fold

CONFIRM = "confirm"


class DeleteKey(Frozen):
    """A wish to remove a key. `confirm`: its exact name, as somebody typed it."""

    key_id: int
    confirm: str


class KeyDelete(Operation):
    """`key.delete`."""

    description = Description(
        name="key.delete",
        title=tr("Delete API key"),
        command="delete",
        usage="KEY",
        help=tr("remove a key for good"),
        button=trc("button", "Delete"),
        asks=tr("{who} asks to delete key {name}"),
        you_ask=tr("you asked to delete key {name}"),
        done=tr("Key {name} was deleted."),
        ended=trc("status of a request", "Deleted"),
        effect=Effect.DELETES,
        state_after=EffectiveState.DISABLED,
        fields=(CONFIRM, REASON),
    )
    input_model = DeleteKey

    async def inspect(self, look: Look, actor: Actor, wanted: DeleteKey) -> Inspection:
        """Read the key fresh and compare the name that was typed. Raises InputError."""
        key, own = await read_key(look, actor, wanted.key_id)
        if not look.preview and fold(wanted.confirm) != fold(expected_confirmation(key)):
            named = tr("That is not the key's name. Type it exactly as it is, or cancel.")
            numbered = tr("That is not the key's number. Type it exactly as it is, or cancel.")
            raise InputError({CONFIRM: named if key.name.strip() else numbered})
        facts = facts_of(key.settings(), now=look.now, increase=0, reason=look.reason, channel=look.channel_id)
        state = state_text(key.state(look.reader.server_now(key.id)))
        left = quota_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=look.dollars.of(key.id))
        lines = (
            Change(field="status", label=tr("State"), before=state, after=tr("deleted, for good")),
            Change(field="remain_quota", label=tr("Quota left"), before=left, after=trc("quota left", "none")),
        )
        return Inspection(key=key, key_name=key.name, own=own, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: DeleteKey) -> WriteResult:
        """DELETE once; done when the gateway no longer knows the key, which this request has seen before."""
        result = await delete(
            work.client, KeyId(wanted.key_id), work.journal, expected=work.before, processing=work.processing
        )
        if result.refusal is Refusal.NOT_FOUND and work.before is not None:
            before = work.before if isinstance(work.before, Key) else None
            note = tr("The key was gone already: somebody else deleted it.")
            return WriteResult(status=WriteStatus.DONE, before=before, notes=(note,))
        return result


def expected_confirmation(key: Key) -> str:
    """What must be typed: the name, or the number of a key without one."""
    return key.name.strip() or str(key.id)


OPERATION = KeyDelete()
