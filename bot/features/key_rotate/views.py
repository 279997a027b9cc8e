"""The form to rotate a key and how its answer is read."""

from typing import Any

from bot.features.forms import fields as form
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.key_form import Seen
from bot.features.forms.preview import decision_block
from bot.features.key_rotate.operation import OPERATION, OVERLAP, OVERLAPS, RotateKey
from bot.gateway.models import EffectiveState
from bot.languages import tr
from bot.slack.blocks import Block, modal, option, section
from bot.slack.inputs import State, input_block, select, typed

_CHOICES = (
    (tr("None: the old key ends at once"), "0"),
    (tr("1 hour"), "1h"),
    (tr("24 hours"), "24h"),
    (tr("7 days"), "7d"),
)
_TEXT = tr(
    "A new key is made with the same settings. Its name gets a number, like “name (2)”, because usage is filed by "
    "name. The owner of this key gets the new one and reveals it. While both keys work they share the quota that is "
    "left: the new key gets half of it at once, and what this key has not spent when it ends. Then this key stays out "
    "of use."
)
_DEAD = tr("This key does not work any more, so there is no overlap.")


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: what happens, how long both keys work, why, and who decides it."""
    del state
    blocks: list[Block] = [seen.line(units_per_usd), section(_TEXT)]
    if seen.state is EffectiveState.ACTIVE:
        choices = select([option(text, value) for text, value in _CHOICES], initial="24h")
        hint = tr("How long the old key goes on working, so that you can replace it everywhere.")
        blocks.append(input_block(OVERLAP, tr("Overlap"), choices, hint=hint, dispatch=True))
    else:
        blocks.append(section(_DEAD))
    blocks += [form.reason_block(Prefill()), decision_block(live)]
    return modal(
        OPERATION.name,
        OPERATION.title,
        blocks,
        submit=OPERATION.description.button,
        private_metadata=seen.model_dump_json(),
    )


def parse_submission(reader: FormReader, seen: Seen) -> tuple[RotateKey, str]:
    """The wish and its reason. Raises InputError."""
    overlap = 0
    if seen.state is EffectiveState.ACTIVE:
        chosen = typed(reader.state, OVERLAP)
        if chosen not in OVERLAPS:
            reader.errors[OVERLAP] = tr("Choose how long the old key goes on working.")
        overlap = OVERLAPS.get(chosen, 0)
    reader.check()
    return RotateKey(key_id=seen.key_id, overlap=overlap), reader.reason()
