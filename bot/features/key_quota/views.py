"""The form for a change of quota and how its answer is read. Which number it asks for follows from the box."""

from typing import Any

from bot.errors import InputError
from bot.features.forms import fields as form
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.key_form import DELTA, Seen, delta_block
from bot.features.forms.preview import decision_block
from bot.features.key_quota.operation import OPERATION, ChangeQuota
from bot.languages import said, tr
from bot.slack.blocks import Block, modal
from bot.slack.inputs import State, typed
from bot.typed_text import clean_number
from bot.units import parse_delta, parse_quota

_HINT = tr("Leave empty only if you take the limit away below. A minus sign takes quota away; =100k sets what is left.")
_NOTHING = tr(
    "Nothing is changed yet: write how much to add (+100k) or to take away (-100k), or tick the box for no limit."
)


def build_modal(seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal. A limited key asks for a delta; an unlimited one, once unticked, for what is to be left."""
    reader = FormReader(state=state, now=0.0, units_per_usd=units_per_usd)
    ticked = reader.unlimited() if state else seen.unlimited_quota
    quota, box = form.quota_blocks(Prefill(unlimited=seen.unlimited_quota), units_per_usd)
    blocks: list[Block] = [seen.line(units_per_usd)]
    if not ticked:
        blocks.append(
            quota if seen.unlimited_quota else delta_block(seen.rest, units_per_usd, hint=_HINT, optional=True)
        )
    blocks += [box, form.reason_block(Prefill()), decision_block(live)]
    return modal(
        OPERATION.name,
        OPERATION.title,
        blocks,
        submit=form.ASK,
        private_metadata=seen.model_dump_json(),
    )


def parse_submission(reader: FormReader, seen: Seen) -> tuple[ChangeQuota, str]:
    """The wish and its reason. Raises InputError."""
    reason, unlimited = reader.reason(), reader.unlimited()
    if unlimited != seen.unlimited_quota:
        if unlimited:
            return ChangeQuota(key_id=seen.key_id, unlimited_quota=True), reason
        if form.QUOTA in reader.state:
            left = reader.quota(unlimited=False)
            reader.check()
        elif clean_number(typed(reader.state, DELTA)):
            left = seen.remain_quota + _delta(reader, seen)  # sent before the form could be redrawn
            if left < 0:
                raise InputError({DELTA: tr("Less than nothing would be left.")})
        else:
            raise InputError({form.UNLIMITED: tr("Say how much is to be left: the field for it is above.")})
        return ChangeQuota(key_id=seen.key_id, unlimited_quota=False, remain_quota=left), reason
    if seen.unlimited_quota:
        raise InputError({form.UNLIMITED: tr("The key has no limit. Untick the box to give it one.")})
    if not clean_number(typed(reader.state, DELTA)):
        raise InputError({DELTA: said(_NOTHING)})
    return ChangeQuota(key_id=seen.key_id, delta=_delta(reader, seen)), reason


def _delta(reader: FormReader, seen: Seen) -> int:
    """The change; `=100k` is what is to be left, counted from what the form showed."""
    text = clean_number(typed(reader.state, DELTA))
    try:
        if not text.startswith("="):
            return parse_delta(text, reader.units_per_usd)
        delta = parse_quota(text[1:], reader.units_per_usd) - seen.remain_quota
    except ValueError as error:
        raise InputError({DELTA: str(error)}) from None
    if delta == 0:
        raise InputError({DELTA: tr("That much is left already.")})
    return delta
