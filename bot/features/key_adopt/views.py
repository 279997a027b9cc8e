"""The form for the owner of a key, and how its answer is read."""

from typing import Any

from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import Seen
from bot.features.forms.new_owner import build_owner_modal, read_owner
from bot.features.key_adopt.operation import OPERATION
from bot.languages import tr
from bot.operations import NewOwner
from bot.slack.inputs import State

_TEXT = tr(
    "Nobody owns this key yet. Its owner can see its value, change it and give it away as the policy says, and is told "
    "what happens to it. Nothing about the key itself changes."
)


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: what happens, who is to own the key, why, and who decides it."""
    del state
    return build_owner_modal(OPERATION, seen, _TEXT, live=live, units_per_usd=units_per_usd)


def parse_submission(reader: FormReader, seen: Seen) -> tuple[NewOwner, str]:
    """The wish and its reason. Raises InputError."""
    return NewOwner(key_id=seen.key_id, owner_id=read_owner(reader)), reader.reason()
