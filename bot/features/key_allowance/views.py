"""The form for an allowance and how its answer is read."""

from typing import Any

from bot.features.forms import fields as form
from bot.features.forms.allowance_fields import allowance_blocks, parse_typed, read_terms
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.key_form import Seen
from bot.features.forms.preview import decision_block
from bot.features.key_allowance.operation import OPERATION, ChangeAllowance
from bot.languages import tr
from bot.slack.blocks import modal, section
from bot.slack.inputs import State

_TEXT = tr(
    "The key is refilled once at the beginning of each period, and for the first time as soon as this is approved. "
    "What was refilled for a period stays: other terms count from the next one."
)


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal. What people typed stays when it is drawn anew."""
    del state
    shown = parse_typed(seen.rest)
    blocks = [
        seen.line(units_per_usd),
        section(_TEXT),
        *allowance_blocks(shown, units_per_usd),
        form.reason_block(Prefill(reason=shown.reason)),
        decision_block(live),
    ]
    return modal(OPERATION.name, OPERATION.title, blocks, submit=form.ASK, private_metadata=seen.model_dump_json())


def parse_submission(reader: FormReader, seen: Seen) -> tuple[ChangeAllowance, str]:
    """The wish and its reason. Raises InputError."""
    return ChangeAllowance(key_id=seen.key_id, terms=read_terms(reader)), reader.reason()
