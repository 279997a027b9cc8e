"""What the small forms on one existing key share: open it, keep its live line, hand its submission to the flow.

A feature gives its operation, `build_modal` and `parse_submission`; decisions are the flow's. What the open form must
know of the key travels in its private_metadata: an id to look up and numbers to show, never a right. The channel in it
counts only where the delivery proves that we wrote it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from bot.deps import Deps
from bot.errors import InputError
from bot.features.forms.again import register_again
from bot.features.forms.fields import FormReader, Prefill, amounts_hint, reason_block
from bot.features.forms.key_command import register_key_command
from bot.features.forms.preview import UNFINISHED, Redraws, decision_block, preview
from bot.features.forms.submission import submit_form
from bot.features.forms.urgent import Live
from bot.features.forms.wishes import as_state, prefilled
from bot.gateway.models import EffectiveState, Key, KeyId
from bot.gateway.numbers import shown_number
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import locks
from bot.keys.text import left_text, state_text
from bot.languages import joined, tr
from bot.operations import Filled, Frozen, Look, Operation, Work
from bot.permissions.models import Actor
from bot.redaction import redact
from bot.slack.blocks import Block, bold_name, code, context, harmless, modal, section, truncate
from bot.slack.delivery import Ack, Delivery
from bot.slack.inputs import State, input_block, text_input
from bot.slack.router import Router
from bot.units import MAX_QUOTA

NAME_SHOWN = 100
# Until another request that moves quota of the same key is looked at again.
BUSY_SECONDS = 2.0
# A live line is drawn at each change of a form, and goes by the record as the form read it. What is sent reads anew.
PREVIEW_SECONDS = 60.0
DELTA = "delta"


class Seen(Frozen):
    """The key as it was when the form opened, and what followed the key in the command. Quota in units.

    `name` may be cut; it is for showing.
    """

    key_id: int
    name: str
    hint: str
    state: EffectiveState
    remain_quota: int
    unlimited_quota: bool
    expired: bool
    channel: str
    rest: str = ""
    # The open alert that names the key, or the one that it is locked for; 0 = none.
    alert: int = 0

    @classmethod
    def of(cls, key: Key, *, now: float, channel: str, rest: str) -> "Seen":
        """From a fresh record. `now`: the gateway's clock."""
        return cls(
            key_id=key.id,
            name=truncate(key.name, NAME_SHOWN),
            hint=key.last_four,
            state=key.state(now),
            remain_quota=key.remain_quota,
            unlimited_quota=key.unlimited_quota,
            expired=key.is_past(now),
            channel=channel,
            rest=redact(rest, wide=False)[:60],  # before the cut: the part of a key is known by nothing
        )

    @classmethod
    def remembered(cls, delivery: Delivery) -> "Seen":
        """What the form of this delivery remembers. ValueError if odd."""
        seen = cls.model_validate_json(delivery.private_metadata)
        return seen.model_copy(update={"channel": delivery.form_channel(seen.channel)})

    @property
    def empty(self) -> bool:
        """Whether nothing is left that could be spent."""
        return not self.unlimited_quota and self.remain_quota <= 0

    def line(self, units_per_usd: int) -> Block:
        """The key in a small line, for the top of a form."""
        left = left_text(self.remain_quota, unlimited=self.unlimited_quota, units_per_usd=units_per_usd)
        number, name = tr("Key {number}", number=shown_number(self.key_id)), bold_name(self.name)
        return context(f"{number} · {name} · {code(self.hint)} · {state_text(self.state)} · {left}")


async def read_key(look: Look, actor: Actor, key_id: int) -> tuple[Key, bool]:
    """The record, fresh but for a preview, and whether it is the actor's own. Raises GatewayError."""
    key = look.read if look.read is not None and look.read.id == key_id else None
    if key is None and look.preview:
        key = look.inventory.recent(key_id, within=PREVIEW_SECONDS)
    if key is None:
        key = await look.reader.get_key(KeyId(key_id), deadline=look.deadline)
    return key, await look.owner_of(key.id, key.created_time) == actor.slack_user_id


async def waits(work: Work, key_id: int, name: str) -> WriteResult | None:
    """That another request is moving quota of this key; None where none is, or ours, checkpoint `name`, has begun."""
    if await work.journal.recall(name) is not None:
        return None
    why = await work.lineage.waits_for(key_id)
    return WriteResult(status=WriteStatus.FAILED, sentence=why, again_after=BUSY_SECONDS) if why else None


def build_reason_modal(
    operation: Operation, seen: Seen, text: str, *, submit: str, live: str, units_per_usd: int
) -> dict[str, Any]:
    """The modal of an operation that asks for nothing but a reason: the key, what happens, why, who decides it."""
    blocks = [
        seen.line(units_per_usd),
        section(text),
        reason_block(Prefill(reason=seen.rest)),
        decision_block(live),
    ]
    return modal(operation.name, operation.title, blocks, submit=submit, private_metadata=seen.model_dump_json())


class FormViews(Protocol):
    """The two functions of a feature's views.py."""

    def build_modal(self, seen: Seen, *, state: State, live: str, units_per_usd: int) -> dict[str, Any]:
        """The modal; `state` is what is filled in so far, {} at first."""

    def parse_submission(self, reader: FormReader, seen: Seen) -> tuple[Frozen, str]:
        """The wish and its reason. Raises InputError."""


@dataclass(eq=False)
class KeyForm:
    """Everything Slack can send about one such form."""

    deps: Deps
    operation: Operation
    form: FormViews
    _redraws: Redraws = field(default_factory=Redraws, init=False)

    async def build(self, delivery: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        """The form for a key that was just read, judged as it stands."""
        return await self.refilled(delivery, actor, key, rest, {})

    async def refilled(
        self, delivery: Delivery, actor: Actor, key: Key, rest: str, fields: Mapping[str, Filled]
    ) -> dict[str, Any]:
        """The same with these fields filled in."""
        deps = self.deps
        seen = Seen.of(key, now=deps.reader.server_now(key.id), channel=delivery.channel_id, rest=rest)
        seen = seen.model_copy(update={"alert": await deps.database.read(self._alert_of, key)})

        def drawn(state: State, live: str) -> dict[str, Any]:
            view = self.form.build_modal(seen, state=state, live=live, units_per_usd=deps.dollars.of(key.id))
            return prefilled(view, fields)

        state = filled_in(drawn(as_state(fields), UNFINISHED))
        live = await self._live(actor, seen, state, key)
        return live.onto(drawn(state, live.text), state)

    def _alert_of(self, c: sa.Connection, key: Key) -> int:
        """The open alert that names a key, or else the one because of which it is locked."""
        lock = locks.lock_of(c, key.id, key.created_time)
        because_of = lock.number if lock is not None and lock.cause == "alert" else 0
        return self.deps.in_open_alerts(c, [key.id]).get(key.id) or because_of or 0

    async def redraw(self, delivery: Delivery) -> Ack:
        """Something in the form changed: show what would be decided now, and the fields that are needed now."""

        async def draw() -> dict[str, Any]:
            seen = Seen.remembered(delivery)
            live = await self._live(await self.deps.actor(delivery), seen, delivery.state)
            units_per_usd = self.deps.dollars.of(seen.key_id)
            view = self.form.build_modal(seen, state=delivery.state, live=live.text, units_per_usd=units_per_usd)
            return live.onto(view, delivery.state)

        self._redraws.after(delivery, draw)
        return None

    async def _live(self, actor: Actor, seen: Seen, state: State, key: Key | None = None) -> Live:
        try:
            wanted, reason = self.form.parse_submission(self._reader(state, seen), seen)
        except InputError as error:
            return Live(text=harmless(error.sentence))
        return await preview(
            self.deps, actor, self.operation, wanted, reason=reason, channel=seen.channel, state=state, read=key
        )

    def _reader(self, state: State, seen: Seen) -> FormReader:
        units = self.deps.dollars.of(seen.key_id)
        return FormReader(state=state, now=self.deps.clock(), units_per_usd=units)

    async def submit(self, delivery: Delivery) -> Ack:
        """Read the form, ask the flow, show the request's number."""
        self._redraws.submitted(delivery)
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, self.operation.name)
        seen = Seen.remembered(delivery)
        wanted, reason = self.form.parse_submission(self._reader(delivery.state, seen), seen)
        return await submit_form(deps, delivery, self.operation, actor, wanted, reason=reason, channel=seen.channel)


def too_much() -> str:
    """That a quota would be more than the gateway can hold."""
    return tr("That is more than the gateway can store ({most} units).", most=f"{MAX_QUOTA:,}")


def delta_block(initial: str, units_per_usd: int, *, hint: str, optional: bool) -> Block:
    """How much more. Slack writes “(optional)” beside the label by itself, so the hint says when it may be empty."""
    element = text_input(initial=initial, placeholder=tr("+100k or +$5"), max_length=60, focus=not initial) | {
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]}
    }
    hint = joined(hint, amounts_hint(units_per_usd))
    return input_block(DELTA, tr("More quota"), element, hint=hint, optional=optional, dispatch=True)


def filled_in(view: Mapping[str, Any]) -> State:
    """What a form holds before anybody touches it, as Slack would send it back."""
    names = {
        "initial_value": "value",
        "initial_option": "selected_option",
        "initial_options": "selected_options",
        "initial_date_time": "selected_date_time",
        "initial_user": "selected_user",
    }
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for block in view["blocks"]:
        element = block.get("element")
        if isinstance(element, dict):
            values = {sent: element[name] for name, sent in names.items() if name in element}
            found[block["block_id"]] = {element["action_id"]: values}
    return found


def register_key_form(router: Router, deps: Deps, operation: Operation, form: FormViews) -> KeyForm:
    """Name the command, the button, the changes in the form and its submission."""
    key_form = KeyForm(deps, operation, form)
    register_key_command(router, deps, operation.description, key_form.build)
    register_again(router, deps, operation, key_form.refilled)
    router.modal_action(operation.name, key_form.redraw)
    router.view(operation.name, key_form.submit)
    return key_form
