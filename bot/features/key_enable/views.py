"""The form to enable a key and how its answer is read. It asks only for what the key cannot be used without."""

from typing import Any

from bot.errors import InputError
from bot.features.forms import fields as form
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.key_form import DELTA, Seen, delta_block
from bot.features.forms.preview import decision_block
from bot.features.key_enable.operation import OPERATION, EnableKey
from bot.gateway.models import EffectiveState
from bot.languages import tr
from bot.slack.blocks import Block, modal, section
from bot.slack.inputs import State, typed
from bot.typed_text import clean_number
from bot.units import parse_delta

_HINT = tr("The key has nothing left, so it needs some to work.")


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal; without a submit button when the key is in use already."""
    blocks: list[Block] = [seen.line(units_per_usd)]
    if seen.state is EffectiveState.ACTIVE:
        blocks.append(section(tr("This key is active already; there is nothing to enable.")))
        return modal(
            OPERATION.name, OPERATION.title, blocks, close=tr("Close"), private_metadata=seen.model_dump_json()
        )
    if seen.alert:
        blocks.insert(0, section(_leaked(seen.alert)))
    if seen.expired:
        prefill = Prefill()
        blocks += form.expiry_blocks(prefill, typed(state, form.EXPIRY) or prefill.expiry)
    if seen.empty:
        blocks.append(delta_block(seen.rest, units_per_usd, hint=_HINT, optional=False))
    blocks += [form.reason_block(Prefill()), decision_block(live)]
    return modal(
        OPERATION.name,
        OPERATION.title,
        blocks,
        submit=OPERATION.description.button,
        private_metadata=seen.model_dump_json(),
    )


def _leaked(alert: int) -> str:
    return tr(
        ":warning: Alert {number} names this key. If its value has leaked, whoever has it could use the key again. "
        "A new key is safer.",
        number=alert,
    )


def parse_submission(reader: FormReader, seen: Seen) -> tuple[EnableKey, str]:
    """The wish and its reason. Raises InputError."""
    if seen.state is EffectiveState.ACTIVE:
        raise InputError({form.REASON: tr("The key is active already.")})
    expiry = reader.expiry() if seen.expired else None
    delta = None
    if seen.empty and not clean_number(typed(reader.state, DELTA)):
        reader.errors[DELTA] = tr("Write how much quota to add, like 100k or $5.")
    elif seen.empty:
        try:
            delta = parse_delta(typed(reader.state, DELTA), reader.units_per_usd)
        except ValueError as error:
            reader.errors[DELTA] = str(error)
        else:
            if delta < 0:
                reader.errors[DELTA] = tr("The key has nothing left; add some quota to use it again.")
    reader.check()
    return EnableKey(key_id=seen.key_id, expiry=expiry, delta=delta), reader.reason()
