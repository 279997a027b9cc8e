"""The small form before a key is ended, and how its answer is read."""

from typing import Any

from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import Seen, build_reason_modal
from bot.features.key_end.operation import OPERATION, EndKey
from bot.languages import tr
from bot.slack.inputs import State

_TEXT = tr(
    "The key expires now. Nothing else about it changes, and *Edit* can give it time again. "
    "Afterwards the key itself is tried until it is refused, and you see when."
)


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: what happens, why, and who decides it."""
    del state
    return build_reason_modal(
        OPERATION, seen, _TEXT, submit=OPERATION.description.button, live=live, units_per_usd=units_per_usd
    )


def parse_submission(reader: FormReader, seen: Seen) -> tuple[EndKey, str]:
    """The wish and its reason."""
    return EndKey(key_id=seen.key_id), reader.reason()
