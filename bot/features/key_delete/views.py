"""The form before a key is deleted: its name has to be typed. And how its answer is read."""

from typing import Any

from bot.features.forms import fields as form
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.key_form import Seen
from bot.features.forms.preview import decision_block
from bot.features.key_delete.operation import CONFIRM, OPERATION, DeleteKey
from bot.languages import tr
from bot.slack.blocks import modal, section
from bot.slack.inputs import State, input_block, text_input, typed

_TEXT = tr(
    "This is final: the key's value never works again and its record is gone from the gateway. "
    "*Disable* takes a key out of use and can be taken back."
)


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: what happens, the name to type, why, and who decides it."""
    del state
    named, numbered = tr("Type the key's exact name to delete it"), tr("It has no name: type its number to delete it")
    blocks = [
        seen.line(units_per_usd),
        section(_TEXT),
        input_block(CONFIRM, named if seen.name.strip() else numbered, text_input(max_length=300, focus=True)),
        form.reason_block(Prefill()),
        decision_block(live),
    ]
    return modal(
        OPERATION.name,
        OPERATION.title,
        blocks,
        submit=OPERATION.description.button,
        private_metadata=seen.model_dump_json(),
    )


def parse_submission(reader: FormReader, seen: Seen) -> tuple[DeleteKey, str]:
    """The wish and its reason; the name is compared with a fresh read (operation.py)."""
    return DeleteKey(key_id=seen.key_id, confirm=typed(reader.state, CONFIRM)), reader.reason()
