"""The small form before a key is disabled, and how its answer is read."""

from typing import Any

from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import Seen, build_reason_modal
from bot.features.key_disable.operation import OPERATION, DisableKey
from bot.languages import tr
from bot.slack.inputs import State

_TEXT = tr(
    "The key is switched off at the gateway, which may still accept it for a minute; calls that run now may finish. "
    "Then the key itself is tried until it is refused, and you see when."
)


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: what happens, why, and who decides it."""
    del state
    return build_reason_modal(
        OPERATION, seen, _TEXT, submit=OPERATION.description.button, live=live, units_per_usd=units_per_usd
    )


def parse_submission(reader: FormReader, seen: Seen) -> tuple[DisableKey, str]:
    """The wish and its reason."""
    return DisableKey(key_id=seen.key_id), reader.reason()
