"""Opens the form for a new key, keeps its live line, and hands the submission to the flow. No decisions here."""

import re
from collections.abc import Sequence
from typing import Any

from bot.approvals.cards.again import again_action
from bot.deps import LISTENER_SECONDS, Deps
from bot.features.forms import fields as form
from bot.features.forms.fields import Prefill
from bot.features.forms.key_command import loading
from bot.features.forms.preview import UNFINISHED, Redraws, preview
from bot.features.forms.submission import submit_form
from bot.features.forms.urgent import Live
from bot.features.forms.wishes import typed_fields
from bot.features.key_create.command_text import CommandText, gateway_in, read_command
from bot.features.key_create.filled_form import FilledForm, FilledFormListeners, form_reader
from bot.features.key_create.operation import OPERATION
from bot.features.key_create.replacement import ACTION, open_replacement
from bot.features.key_create.views import TEMPLATES, FormMemory, build_modal, parse_draft, parse_submission
from bot.gateway.numbers import gateway_of
from bot.keys.prices import price_text
from bot.redaction import redact
from bot.slack.blocks import harmless
from bot.slack.delivery import Ack, Delivery, Options
from bot.slack.inputs import typed
from bot.slack.router import Router
from bot.typed_text import clean_line

# The key that a form for one remembers (key_form.py, key_update/views.py).
_KEY_IN_FORM = re.compile(r'"key_id": ?"?([0-9]{1,19})\b')
# Choices are shown without prices when those do not come soon.
PRICES_SECONDS = 0.5
# The list of models is waited for so long before a form that a command fills in.
LISTS_SECONDS = 0.3


class KeyCreateListeners:
    """Everything Slack can send about asking for a key."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._redraws = Redraws()
        self._filled = FilledFormListeners(deps, FilledForm(deps))
        self.again = self._filled.again

    async def open_modal(self, delivery: Delivery) -> Ack:
        """Open the form, filled in with what the words after the command say."""
        deps = self._deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, OPERATION.name)
        found = await self._command_text(redact(delivery.text, wide=False))
        if not found.only_a_name:
            await self._filled.by_command(delivery, actor, found)
            return None
        view = build_modal(
            Prefill(name=str(found.fields.get(form.NAME, ""))),
            gateways=deps.gateways,
            units_per_usd=deps.dollars.usual,
            channel=delivery.channel_id,
            templates=deps.policy().templates,
        )
        show = delivery.responder.push_modal if delivery.in_modal else delivery.responder.open_modal
        await show(delivery, view)
        return None

    async def _command_text(self, text: str) -> CommandText:
        deps = self._deps
        gateway = gateway_in(text, deps.gateways)
        models = await deps.inventory.models(deadline=LISTS_SECONDS, gateway=gateway) if clean_line(text) else None
        units = deps.dollars.at(gateway)
        return read_command(text, models=models, now=deps.clock(), units_per_usd=units, gateways=deps.gateways)

    async def redraw(self, delivery: Delivery) -> Ack:
        """Something in the form changed: show what would be decided now, and the picker when it is needed."""
        if delivery.action.get("block_id") == TEMPLATES:
            self._redraws.anew(delivery, lambda: self._filled.by_template(delivery), blank=loading(OPERATION.title))
            return None
        self._redraws.after(delivery, lambda: self._draft(delivery))
        return None

    async def _draft(self, delivery: Delivery) -> dict[str, Any]:
        deps = self._deps
        reader = form_reader(deps, delivery.state)
        wanted, reason, chosen = parse_draft(reader)
        memory = FormMemory.of(delivery)
        live = Live(text=harmless(next(iter(reader.errors.values()), UNFINISHED)))
        if wanted is not None:
            actor, state = await deps.actor(delivery), delivery.state
            live = await preview(deps, actor, OPERATION, wanted, reason=reason, channel=memory.channel, state=state)
        notes: Sequence[str] = memory.notes
        if delivery.action.get("block_id") == form.GATEWAY:
            notes = await self._filled.form.missing(typed_fields(delivery.state))
        view = build_modal(
            Prefill(gateway=typed(delivery.state, form.GATEWAY)),
            gateways=deps.gateways,
            units_per_usd=reader.units_per_usd,
            channel=memory.channel,
            notes=notes,
            templates=deps.policy().templates,
            chosen_expiry=chosen,
            live=live.text,
        )
        return live.onto(view, delivery.state)

    async def submit(self, delivery: Delivery) -> Ack:
        """Read the form, ask the flow, show the request's number."""
        self._redraws.submitted(delivery)
        deps = self._deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, OPERATION.name)
        reader = form_reader(deps, delivery.state)
        gateway = typed(delivery.state, form.GATEWAY)
        wanted, reason = parse_submission(
            reader,
            # Nothing was chosen, so the list of groups need not be read.
            groups=await deps.inventory.groups(deadline=0.3, gateway=gateway) if reader.group(None) else None,
            count_bytes=deps.count_name_bytes(gateway),
            gateways=deps.gateways,
        )
        channel = FormMemory.of(delivery).channel
        return await submit_form(deps, delivery, OPERATION, actor, wanted, reason=reason, channel=channel)

    async def models(self, delivery: Delivery) -> Ack:
        """Choices for every form's models field."""
        group = typed(delivery.state, form.GROUP)
        group = "" if group == form.OWN_GROUP else group
        inventory, gateway = self._deps.inventory, form_gateway(delivery)
        models = await inventory.models(group=group, gateway=gateway, deadline=LISTENER_SECONDS)
        prices = await inventory.prices(group=group, gateway=gateway, deadline=PRICES_SECONDS)
        units = self._deps.dollars.at(gateway)
        told = {model: price_text(price, units_per_usd=units) for model, price in prices.items()}
        return Options(form.model_options(models, delivery.query, prices=told))

    async def groups(self, delivery: Delivery) -> Ack:
        """Choices for every form's group field."""
        groups = await self._deps.inventory.groups(deadline=LISTENER_SECONDS, gateway=form_gateway(delivery))
        return Options(form.group_options(groups, delivery.query))


def form_gateway(delivery: Delivery) -> str:
    """The gateway that a form is about: as it was chosen, or that of its key; "" = that of the settings."""
    chosen = typed(delivery.state, form.GATEWAY)
    key = _KEY_IN_FORM.search(delivery.private_metadata)
    return chosen or (gateway_of(int(key[1])) if key else "")


def register(router: Router, deps: Deps) -> None:
    """Name every way in."""
    listeners = KeyCreateListeners(deps)
    described = OPERATION.description
    router.command(described.command, listeners.open_modal, usage=described.usage, help=described.help)
    router.shortcut("new_key", listeners.open_modal)
    router.action(OPERATION.name, listeners.open_modal)
    router.action(ACTION, lambda delivery: open_replacement(deps, delivery))
    router.action(again_action(OPERATION), listeners.again)
    router.modal_action(OPERATION.name, listeners.redraw)
    router.view(OPERATION.name, listeners.submit)
    router.options(form.MODELS, listeners.models)
    router.options(form.GROUP, listeners.groups)
