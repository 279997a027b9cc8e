"""Opens the form to change a key, keeps its live line, and hands the submission to the flow. No decisions here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.care.messages import EXTEND
from bot.deps import Deps
from bot.errors import InputError
from bot.features.forms import fields as form
from bot.features.forms.again import register_again
from bot.features.forms.fields import FormReader, Prefill
from bot.features.forms.key_command import KeyCommand, register_key_command
from bot.features.forms.key_form import filled_in
from bot.features.forms.preview import UNFINISHED, Redraws, preview
from bot.features.forms.submission import submit_form
from bot.features.forms.urgent import Live
from bot.features.forms.wishes import prefilled
from bot.features.key_update.operation import OPERATION, UpdateKey
from bot.features.key_update.views import Remembered, build_modal, parse_submission, prefill_of
from bot.gateway.models import NEVER, Key
from bot.gateway.numbers import gateway_of
from bot.operations import Expiry, Filled
from bot.permissions.models import Actor
from bot.slack.blocks import harmless
from bot.slack.delivery import Ack, Delivery
from bot.slack.inputs import typed
from bot.slack.router import Router

EXTENSION = 30 * 86_400


class KeyUpdateListeners:
    """Everything Slack can send about changing a key."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._redraws = Redraws()

    async def build(self, delivery: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        """The form for a key that was just read."""
        del actor, rest
        prefill = prefill_of(key.settings())
        remembered = Remembered.of(key.id, delivery.channel_id, prefill, limited=key.model_limits_enabled)
        return build_modal(remembered, prefill, hint=key.last_four)

    async def extend(self, delivery: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        """The same with 30 days more, judged as it stands; a key that has expired gets them from now on."""
        if key.expired_time == NEVER:
            return await self.build(delivery, actor, key, rest)
        prefill = prefill_of(key.settings())
        remembered = Remembered.of(key.id, delivery.channel_id, prefill, limited=key.model_limits_enabled)
        end = int(max(self._deps.reader.server_now(key.id), key.expired_time)) + EXTENSION
        wanted = UpdateKey(key_id=key.id, expiry=Expiry(at=end))
        live = await preview(
            self._deps, actor, OPERATION, wanted, reason="", channel=delivery.channel_id, state={}, read=key
        )
        longer = replace(prefill, expiry=form.CUSTOM, expiry_at=end)
        return live.onto(build_modal(remembered, longer, hint=key.last_four, live=live.text), {})

    async def refilled(
        self, delivery: Delivery, actor: Actor, key: Key, rest: str, fields: Mapping[str, Filled]
    ) -> dict[str, Any]:
        """The form with what was asked before filled in, judged as it stands."""
        del rest
        deps, prefill = self._deps, prefill_of(key.settings())
        remembered = Remembered.of(key.id, delivery.channel_id, prefill, limited=key.model_limits_enabled)
        chosen = str(fields.get(form.EXPIRY, prefill.expiry))

        def drawn(live: str) -> dict[str, Any]:
            view = build_modal(remembered, prefill, hint=key.last_four, chosen_expiry=chosen, live=live)
            return prefilled(view, fields)

        state = filled_in(drawn(UNFINISHED))
        reader = FormReader(state=state, now=deps.clock(), units_per_usd=deps.dollars.of(key.id))
        live = await self._live(actor, reader, remembered, key)
        return live.onto(drawn(live.text), state)

    def _reader(self, delivery: Delivery, remembered: Remembered) -> FormReader:
        units = self._deps.dollars.of(remembered.key_id)
        return FormReader(state=delivery.state, now=self._deps.clock(), units_per_usd=units)

    async def redraw(self, delivery: Delivery) -> Ack:
        """Something in the form changed: show what would be decided now, and the picker when it is needed."""
        self._redraws.after(delivery, lambda: self._draft(delivery))
        return None

    async def _draft(self, delivery: Delivery) -> dict[str, Any]:
        deps = self._deps
        remembered = Remembered.parse(delivery)
        key = await deps.known.key(remembered.key_id)
        live = await self._live(await deps.actor(delivery), self._reader(delivery, remembered), remembered)
        # What people typed stays in place; the prefill only matters for what is drawn for the first time.
        prefill = Prefill() if key is None else prefill_of(key.settings())
        hint = "" if key is None else key.last_four
        chosen = typed(delivery.state, form.EXPIRY)
        view = build_modal(remembered, prefill, hint=hint, chosen_expiry=chosen, live=live.text)
        return live.onto(view, delivery.state)

    async def _live(self, actor: Actor, reader: FormReader, remembered: Remembered, key: Key | None = None) -> Live:
        try:
            wanted, reason = parse_submission(reader, remembered, groups=None, count_bytes=False)
        except InputError as error:
            return Live(text=harmless(error.sentence))
        if not wanted.model_dump(exclude={"key_id"}, exclude_defaults=True):
            return Live(text=UNFINISHED)
        channel, state = remembered.channel, reader.state
        return await preview(
            self._deps, actor, OPERATION, wanted, reason=reason, channel=channel, state=state, read=key
        )

    async def submit(self, delivery: Delivery) -> Ack:
        """Read the form, ask the flow, show the request's number."""
        self._redraws.submitted(delivery)
        deps = self._deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, OPERATION.name)
        remembered = Remembered.parse(delivery)
        wanted, reason = parse_submission(
            self._reader(delivery, remembered),
            remembered,
            groups=await deps.inventory.groups(deadline=0.3, gateway=gateway_of(remembered.key_id)),
            count_bytes=deps.count_name_bytes(gateway_of(remembered.key_id)),
        )
        return await submit_form(deps, delivery, OPERATION, actor, wanted, reason=reason, channel=remembered.channel)


def register(router: Router, deps: Deps) -> None:
    """Name every way in."""
    listeners = KeyUpdateListeners(deps)
    register_key_command(router, deps, OPERATION.description, listeners.build)
    register_again(router, deps, OPERATION, listeners.refilled)
    router.action(EXTEND, KeyCommand(deps, OPERATION.description, listeners.extend).by_button)
    router.modal_action(OPERATION.name, listeners.redraw)
    router.view(OPERATION.name, listeners.submit)
