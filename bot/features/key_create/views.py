"""The form for a new key and how its answer is read."""

from collections.abc import Sequence
from typing import Any

from bot.features.forms import fields as form
from bot.features.forms.allowance_fields import read_refill, refill_block
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.preview import UNFINISHED, decision_block
from bot.features.key_create.operation import OPERATION, CreateKey
from bot.gateway.models import Group
from bot.languages import StoredText, tr
from bot.operations import Frozen
from bot.permissions.templates import Template
from bot.slack.blocks import Block, actions, button, context, modal, option
from bot.slack.delivery import Delivery
from bot.slack.inputs import input_block, select, typed
from bot.typed_text import clean_line

TEMPLATES, NOTES = "templates", "notes"
_NOTES_LIMIT = 2000
FROM_COMMAND = tr("Filled in from your command.")


class FormMemory(Frozen):
    """What an open form remembers: where it was asked for, for the policy, and what is said at its top (mrkdwn)."""

    channel: str
    notes: tuple[StoredText, ...] = ()

    @classmethod
    def of(cls, delivery: Delivery) -> "FormMemory":
        """What the form of this delivery remembers; the channel counts where we wrote it. ValueError if odd."""
        text = delivery.private_metadata
        memory = cls.model_validate_json(text) if text.startswith("{") else cls(channel=text)
        return memory.model_copy(update={"channel": delivery.form_channel(memory.channel)})

    def with_notes(self, notes: Sequence[str]) -> "FormMemory":
        """The same with other words at the top, as far as there is room for them."""
        kept, left = [], _NOTES_LIMIT
        for note in notes:
            left -= len(note.encode())
            if left >= 0:
                kept.append(note)
        return FormMemory(channel=self.channel, notes=tuple(kept))

    def dump(self) -> str:
        """The text for private_metadata: the channel alone where nothing else is remembered."""
        return self.model_dump_json() if self.notes else self.channel


def template_blocks(templates: Sequence[Template]) -> list[Block]:
    """A button for each usual wish."""
    if not templates:
        return []
    buttons = [
        button(template.words, f"template_{place}", value=template.name) for place, template in enumerate(templates)
    ]
    return [context(tr("One click fills in a usual wish:")), actions(*buttons, block_id=TEMPLATES)]


def gateway_blocks(gateways: Sequence[str], chosen: str) -> list[Block]:
    """Where the key is made; not asked for where there is one gateway."""
    if not gateways:
        return []
    options = [option(name, name) for name in gateways]
    element = select(options, initial=chosen if chosen in gateways else gateways[0])
    hint = tr("The choices for models and groups are those of this gateway.")
    return [input_block(form.GATEWAY, tr("Gateway"), element, hint=hint, dispatch=True)]


def build_modal(
    prefill: Prefill,
    *,
    units_per_usd: int,
    channel: str,
    notes: Sequence[str] = (),
    templates: Sequence[Template] = (),
    gateways: Sequence[str] = (),
    chosen_expiry: str | None = None,
    live: str = UNFINISHED,
) -> dict[str, Any]:
    """The modal. `channel`: where it was asked for, for the policy. What people typed stays when it is drawn anew.

    `notes`: what is said at its top, mrkdwn. `gateways`: which there are, () = one.
    """
    memory = FormMemory(channel=channel).with_notes(notes)
    blocks = [
        *([context(*notes, block_id=NOTES)] if notes else []),
        *template_blocks(templates),
        *gateway_blocks(gateways, prefill.gateway),
        form.name_block(prefill),
        *form.quota_blocks(prefill, units_per_usd),
        refill_block(),
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
        private_metadata=memory.dump(),
    )


def parse_submission(
    reader: FormReader, *, groups: list[Group] | None, count_bytes: bool, gateways: Sequence[str] = ()
) -> tuple[CreateKey, str]:
    """The wish and its reason. Raises InputError with every wrong field at once."""
    unlimited = reader.unlimited()
    group = reader.group(groups)
    wanted = CreateKey.model_construct(
        name=reader.name(count_bytes=count_bytes),
        remain_quota=reader.quota(unlimited=unlimited),
        unlimited_quota=unlimited,
        refill=read_refill(reader, unlimited=unlimited),
        expiry=reader.expiry(),
        models=reader.models(),
        allowed_ips=reader.allowed_ips(),
        group=group,
        cross_group_retry=reader.cross_group_retry(group, groups),
        gateway=reader.gateway(gateways),
    )
    reason = reader.reason()
    reader.check()
    return CreateKey.model_validate(dict(wanted)), reason


def parse_draft(reader: FormReader) -> tuple[CreateKey | None, str, str]:
    """A form still being filled in: the wish as far as it can be judged, its reason, and the chosen expiry."""
    chosen = typed(reader.state, form.EXPIRY)
    unlimited = reader.unlimited()
    quota, expiry = reader.quota(unlimited=unlimited), reader.expiry()
    refill = read_refill(reader, unlimited=unlimited)
    if reader.errors:
        return None, "", chosen
    group = clean_line(typed(reader.state, form.GROUP))
    wanted = CreateKey(
        name=clean_line(typed(reader.state, form.NAME)),
        remain_quota=quota,
        unlimited_quota=unlimited,
        refill=refill,
        expiry=expiry,
        models=reader.models(),
        allowed_ips=reader.allowed_ips(),
        group=group,
        gateway=typed(reader.state, form.GATEWAY),
    )
    return wanted, reader.reason(), chosen
