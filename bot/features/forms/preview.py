"""The live line of a form: what would be decided if it were submitted now."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.approvals.cards.terms import approval_text
from bot.approvals.flow import Asked, as_urgent
from bot.deps import LISTENER_SECONDS, Deps
from bot.errors import GatewayError, InputError
from bot.features.forms.urgent import Live, is_urgent
from bot.gateway.models import Key
from bot.keys.prices import PRICES
from bot.keys.text import addresses_note
from bot.languages import tr
from bot.operations import Inspection, Operation
from bot.permissions.models import Actor, Decision
from bot.slack.blocks import Block, context, escape, harmless
from bot.slack.delivery import Delivery, text_of
from bot.slack.errors import ViewChanged, ViewClosed
from bot.slack.form_problem import LIVE_LINE
from bot.slack.inputs import State
from bot.units import format_duration

# Seconds without another change before the form is judged and drawn, since typing sends many changes.
PAUSE = 0.25
_REMEMBERED_VIEWS = 500
UNFINISHED = tr("Fill in the form to see here whether this is granted at once or who must approve it.")


def decision_text(decision: Decision) -> str:
    """One line for people: at once, after whose approval, or no. Which rule says so is told by `/apikey why`."""
    if decision.outcome == "allow":
        return tr(":zap: *Granted at once*")
    approval = decision.approval
    if decision.outcome == "needs_approval" and approval is not None:
        who = approval_text(approval)
        if approval.break_glass:
            return tr(":rotating_light: *Done at once, reviewed afterwards* by {who}", who=who)
        lapse = format_duration(approval.expires)
        return tr(":busts_in_silhouette: *Needs approval* by {who}, within {duration}", who=who, duration=lapse)
    return tr(":no_entry: *Not allowed:* {why}", why=escape(decision.sentence))


def decision_block(text: str = UNFINISHED) -> Block:
    """The line as a block with a name of its own, so that drawing it anew moves nothing else."""
    return context(text, block_id=LIVE_LINE)


async def preview(
    deps: Deps,
    actor: Actor,
    operation: Operation,
    wanted: object,
    *,
    reason: str,
    channel: str,
    state: State,
    read: Key | None = None,
) -> Live:
    """The line for a form as filled in now. `read`: its key as it was read a moment ago."""
    asked = Asked(
        actor=actor,
        operation=operation,
        wanted=wanted,
        reason=reason,
        channel_id=channel,
        delivery_id="",
        deadline=LISTENER_SECONDS,
        preview=True,
        read=read,
    )
    try:
        inspection, decision = await deps.flow.judge(asked)
    except (InputError, GatewayError) as error:
        return Live(text=harmless(error.sentence))
    box = decision.approval is not None and decision.approval.break_glass
    text = decision_text(as_urgent(decision, urgent=is_urgent(state)))
    at_once = {"allow": True, "needs_approval": False}.get(decision.outcome)
    return Live(text=text + _prices(inspection) + _warning(inspection), box=box, at_once=at_once)


def _prices(inspection: Inspection) -> str:
    """What the chosen models cost, where the gateway tells."""
    told = next((change.after for change in inspection.changes if change.field == PRICES), "")
    return f"\n:moneybag: {escape(told)}" if told else ""


def _warning(inspection: Inspection) -> str:
    """What somebody should see before they send the form: a list of addresses that is none."""
    changed = any(change.field == "allow_ips" for change in inspection.changes)
    note = addresses_note(inspection.facts.addresses or ()) if changed else ""
    warning = tr(":warning: Allowed IPs: {note}.", note=note)
    return f"\n{warning}" if note else ""


@dataclass
class _Form:
    """An open form. `replaced`: the hash of a drawing → the hash of ours that took its place."""

    newest: str = ""
    replaced: dict[str, str] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def present(self, seen: str) -> str:
        """The hash of what stands there now, if nobody but us has drawn since `seen`."""
        while seen in self.replaced:
            seen = self.replaced[seen]
        return seen


class Redraws:
    """Draws a form anew after a change, once per burst; never an older state over a newer one, nor over an answer.

    A drawing names what it takes the place of (Slack's `hash`), so that one which comes after the submission does
    not lay the form over the receipt.
    """

    def __init__(self) -> None:
        self._forms: OrderedDict[str, _Form] = OrderedDict()

    def after(self, delivery: Delivery, draw: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        """Compute the view in the background and put it in place, unless something newer came meanwhile."""
        form = self._form_of(delivery)
        delivery.responder.later(self._draw(form, delivery, draw))

    def anew(
        self, delivery: Delivery, draw: Callable[[], Awaitable[Mapping[str, Any]]], *, blank: Mapping[str, Any]
    ) -> None:
        """Put another view in place whose fields begin with their own values.

        Slack keeps what was typed in a field that stays, so for a moment `blank`, without any, takes the form's place.
        """
        form = self._form_of(delivery)
        delivery.responder.later(self._replace(form, delivery, draw, blank), delivery=delivery)

    async def _replace(
        self,
        form: _Form,
        delivery: Delivery,
        draw: Callable[[], Awaitable[Mapping[str, Any]]],
        blank: Mapping[str, Any],
    ) -> None:
        view = await draw()  # before anything is taken away
        async with form.turn:
            if form.newest != delivery.id:
                return
            seen = form.present(text_of(delivery.view or {}, "hash"))
            with contextlib.suppress(ViewClosed, ViewChanged):
                emptied = await delivery.responder.update_modal(delivery, blank, hash=seen or None)
                drawn = await delivery.responder.update_modal(delivery, view, hash=emptied or None)
                form.replaced |= {seen: drawn, emptied: drawn}

    def _form_of(self, delivery: Delivery) -> _Form:
        form = self._forms.setdefault(delivery.view_id, _Form())
        self._forms.move_to_end(delivery.view_id)
        form.newest = delivery.id
        while len(self._forms) > _REMEMBERED_VIEWS:
            self._forms.popitem(last=False)
        return form

    def submitted(self, delivery: Delivery) -> None:
        """Drop the drawing of what was typed before: it would lay the form over the errors of the answer."""
        if (form := self._forms.get(delivery.view_id)) is not None:
            form.newest = delivery.id

    async def _draw(self, form: _Form, delivery: Delivery, draw: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        await asyncio.sleep(PAUSE)
        async with form.turn:
            if form.newest != delivery.id:
                return
            view = await draw()
            if form.newest != delivery.id:
                return
            seen = form.present(text_of(delivery.view or {}, "hash"))
            # Submitted, closed, or drawn by another replica while we were judging.
            with contextlib.suppress(ViewClosed, ViewChanged):
                drawn = await delivery.responder.update_modal(delivery, view, hash=seen or None)
                if drawn and drawn != seen:
                    form.replaced[seen] = drawn
