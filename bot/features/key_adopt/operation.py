"""What adopting means: somebody owns a key that nobody owned. The gateway is only read; the change is our own row.

The run holds the key's write lock, and the row is written with the outcome, so of two adoptions at once one counts.
"""

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


class KeyAdopt(Operation):
    """`key.adopt`."""

    description = Description(
        name="key.adopt",
        title=tr("Adopt API key"),
        command="adopt",
        usage="KEY @person",
        help=tr("an owner for a key that nobody owns, such as one made in the gateway's console"),
        button=trc("button", "Adopt"),
        owned=False,
        asks=tr("{who} asks for an owner of key {name}"),
        you_ask=tr("you asked for an owner of key {name}"),
        done=tr("Key {name} has an owner now."),
        ended=trc("status of a request", "Owner found"),
        effect=Effect.GIVES,
        fields=(OWNER_FIELD, REASON),
    )
    input_model = NewOwner

    async def inspect(self, look: Look, actor: Actor, wanted: NewOwner) -> Inspection:
        """Read the key fresh, and ask Slack who the person is. Raises InputError for a key that has an owner."""
        person = await receiver(look, wanted)
        key, own = await read_key(look, actor, wanted.key_id)
        owner = await look.ownership.owner_of(key.id, key.created_time)
        if owner is not None:
            raise InputError({OWNER_FIELD: _has_an_owner(key.id)})
        await refuse_replaced(look, key)
        return Inspection(
            key=key,
            key_name=key.name,
            own=own,
            facts=arriving(key, look),
            changes=owner_lines(None, wanted.owner_id),
            completed=wanted.model_copy(update={"owner_team": person.team_id}),
        )

    def form_fields(self, wanted: NewOwner, *, now: float) -> dict[str, Filled]:
        """The same person."""
        del now
        return {OWNER_FIELD: wanted.owner_id}

    async def run(self, work: Work, wanted: NewOwner) -> WriteResult:
        """Read the key and the person again; a key that got an owner meanwhile keeps them."""
        found = await read_again(work, wanted)
        if isinstance(found, WriteResult):
            return found
        owner = await work.ownership.owner_of(found.id, found.created_time)
        return handed_over(found) if owner is None else refused(_has_an_owner(found.id))


def _has_an_owner(key_id: int) -> str:
    return tr(
        "The key has an owner already. `/apikey give {number} @person` gives it to somebody else.",
        number=shown_number(key_id),
    )


OPERATION = KeyAdopt()
