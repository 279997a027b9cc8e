"""The form for the new owner of a key, and how its answer is read."""

from typing import Any

from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import Seen
from bot.features.forms.new_owner import build_owner_modal, read_owner
from bot.features.key_transfer.operation import OPERATION
from bot.languages import joined, said, tr
from bot.operations import NewOwner
from bot.slack.inputs import State

_TEXT = tr(
    "The new owner is asked first, and has a week to accept; until then nothing changes. Then the key is theirs, with "
    "what is left on it, and counts as theirs; an allowance of the key ends. Nothing about the key itself changes: "
    "whoever knows its value can still use it, until the new owner rotates it."
)
_YOURSELF = tr("If you choose yourself, it is yours as soon as it is granted.")


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: what happens, who is to own the key, why, and who decides it."""
    del state
    return build_owner_modal(
        OPERATION, seen, joined(said(_TEXT), said(_YOURSELF)), live=live, units_per_usd=units_per_usd
    )


def parse_submission(reader: FormReader, seen: Seen) -> tuple[NewOwner, str]:
    """The wish and its reason. Raises InputError."""
    return NewOwner(key_id=seen.key_id, owner_id=read_owner(reader)), reader.reason()
