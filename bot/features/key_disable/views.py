"""The small form before a key is disabled, and how its answer is read."""

from typing import Any

from bot.features.forms import fields as form
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.key_form import Seen
from bot.features.forms.preview import decision_block
from bot.features.key_disable.operation import OPERATION, DisableKey
from bot.slack.blocks import modal, section
from bot.slack.inputs import State

_TEXT = (
    "The key is switched off at the gateway, which may still accept it for a minute; calls that run now may finish. "
    "Then the key itself is tried until it is refused, and you see when."
)


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: what happens, why, and who decides it."""
    del state
    blocks = [
        seen.line(units_per_usd),
        section(_TEXT),
        form.reason_block(Prefill(reason=seen.rest)),
        decision_block(live),
    ]
    return modal(OPERATION.name, OPERATION.title, blocks, submit="Disable", private_metadata=seen.model_dump_json())


def parse_submission(reader: FormReader, seen: Seen) -> tuple[DisableKey, str]:
    """The wish and its reason."""
    return DisableKey(key_id=seen.key_id), reader.reason()
