"""The form for a new key and how its answer is read."""

from typing import Any

from bot.features.forms import fields as form
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.preview import UNFINISHED, decision_block
from bot.features.key_create.operation import OPERATION, CreateKey
from bot.gateway.models import Group
from bot.slack.blocks import modal
from bot.slack.inputs import typed
from bot.typed_text import clean_line


def build_modal(
    prefill: Prefill, *, units_per_usd: int, channel: str, chosen_expiry: str | None = None, live: str = UNFINISHED
) -> dict[str, Any]:
    """The modal. `channel`: where it was asked for, for the policy. What people typed stays when it is drawn anew."""
    blocks = [
        form.name_block(prefill),
        *form.quota_blocks(prefill, units_per_usd),
        *form.expiry_blocks(prefill, chosen_expiry or prefill.expiry),
        form.models_block(prefill),
        form.ips_block(prefill),
        *form.group_blocks(prefill),
        form.reason_block(prefill),
        decision_block(live),
    ]
    return modal(
        OPERATION.name,
        OPERATION.title,
        blocks,
        submit=form.ASK,
        private_metadata=channel,
    )


def parse_submission(reader: FormReader, *, groups: list[Group] | None, count_bytes: bool) -> tuple[CreateKey, str]:
    """The wish and its reason. Raises InputError with every wrong field at once."""
    unlimited = reader.unlimited()
    group = reader.group(groups)
    wanted = CreateKey.model_construct(
        name=reader.name(count_bytes=count_bytes),
        remain_quota=reader.quota(unlimited=unlimited),
        unlimited_quota=unlimited,
        expiry=reader.expiry(),
        models=reader.models(),
        allowed_ips=reader.allowed_ips(),
        group=group,
        cross_group_retry=reader.cross_group_retry(group, groups),
    )
    reason = reader.reason()
    reader.check()
    return CreateKey.model_validate(dict(wanted)), reason


def parse_draft(reader: FormReader) -> tuple[CreateKey | None, str, str]:
    """A form still being filled in: the wish as far as it can be judged, its reason, and the chosen expiry."""
    chosen = typed(reader.state, form.EXPIRY)
    unlimited = reader.unlimited()
    quota, expiry = reader.quota(unlimited=unlimited), reader.expiry()
    if reader.errors:
        return None, "", chosen
    group = clean_line(typed(reader.state, form.GROUP))
    wanted = CreateKey(
        name=clean_line(typed(reader.state, form.NAME)),
        remain_quota=quota,
        unlimited_quota=unlimited,
        expiry=expiry,
        models=reader.models(),
        allowed_ips=reader.allowed_ips(),
        group=group,
    )
    return wanted, reader.reason(), chosen
