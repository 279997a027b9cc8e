"""What giving means: another owner, who has accepted. The gateway is only read; the change is our own row."""

from bot.errors import InputError
from bot.features.forms.fields import REASON
from bot.features.forms.key_form import read_key
from bot.features.forms.new_owner import (
    arriving,
    handed_over,
    owner_lines,
    read_again,
    receiver,
    refuse_replaced,
    refused,
)
from bot.gateway.numbers import shown_number
from bot.gateway.writes import WriteResult
from bot.languages import tr, trc
from bot.operations import OWNER_FIELD, Description, Effect, Filled, Inspection, Look, NewOwner, Operation, Work
from bot.permissions.models import Actor


class KeyTransfer(Operation):
    """`key.transfer`."""

    description = Description(
        name="key.transfer",
        title=tr("Give API key"),
        command="give",
        usage="KEY @person",
        help=tr("another owner for a key, who accepts it"),
        button=trc("button", "Give"),
        owned=True,
        accepted=True,
        asks=tr("{who} asks for another owner of key {name}"),
        you_ask=tr("you asked for another owner of key {name}"),
        done=tr("Key {name} has a new owner."),
        ended=trc("status of a request", "Given away"),
        effect=Effect.GIVES,
        fields=(OWNER_FIELD, REASON),
    )
    input_model = NewOwner

    async def inspect(self, look: Look, actor: Actor, wanted: NewOwner) -> Inspection:
        """Read the key fresh, and ask Slack who the person is. Raises InputError for a key of nobody, or of theirs."""
        person = await receiver(look, wanted)
        key, own = await read_key(look, actor, wanted.key_id)
        owner = await look.ownership.owner_of(key.id, key.created_time)
        if owner is None:
            nobody = tr(
                "Nobody owns the key yet: `/apikey adopt {number} @person` gives it an owner.",
                number=shown_number(key.id),
            )
            raise InputError({OWNER_FIELD: nobody})
        if owner == wanted.owner_id:
            raise InputError({OWNER_FIELD: tr("The key is theirs already. Choose somebody else.")})
        await refuse_replaced(look, key)
        return Inspection(
            key=key,
            key_name=key.name,
            own=own,
            facts=arriving(key, look),
            changes=owner_lines(owner, wanted.owner_id),
            completed=wanted.model_copy(update={"owner_team": person.team_id, "from_id": owner}),
        )

    def form_fields(self, wanted: NewOwner, *, now: float) -> dict[str, Filled]:
        """The same person."""
        del now
        return {OWNER_FIELD: wanted.owner_id}

    async def run(self, work: Work, wanted: NewOwner) -> WriteResult:
        """Read the key and the person again; a key that changed hands meanwhile stays where it is."""
        found = await read_again(work, wanted)
        if isinstance(found, WriteResult):
            return found
        owner = await work.ownership.owner_of(found.id, found.created_time)
        if owner is None or owner != wanted.from_id:
            return refused(tr("The key belongs to somebody else by now than when this was asked. Ask again."))
        return handed_over(found)


OPERATION = KeyTransfer()
