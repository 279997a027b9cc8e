"""The buttons of an alert and the message shortcut. Who clicks is asked of Slack anew; decisions are the policy's.

`value` is an alert's id. What is shown is drawn from the row; the message that was pasted is read once, in memory.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.calls import SecurityCalls
from bot.alerts.cards.drawers import locked_of
from bot.alerts.cards.modal import TITLE, WINDOW, alert_window, chosen, ordered_text, said, standing_text
from bot.alerts.cards.notifications import AlertNotifications, untold_owners
from bot.alerts.closure import AlertClosure, is_at_once
from bot.alerts.detection.long_text import read_aside
from bot.alerts.detection.scanner import find
from bot.alerts.detection.text_extraction import message_texts
from bot.alerts.ingest import AlertIngest
from bot.alerts.intake.sources import slack_message
from bot.alerts.models import Alert, AlertStatus
from bot.alerts.response import DISABLE, ROTATE, AlertResponse
from bot.alerts.triage import Triage
from bot.approvals import store as requests_store
from bot.approvals.models import FINAL, ApprovalRequest
from bot.deps import Deps
from bot.errors import ApprovalConflict, BotError, GatewayError, InputError, PermissionDenied, TooMuch
from bot.gateway.models import Key
from bot.gateway.numbers import shown_number
from bot.keys.access import SHOW
from bot.languages import english, tr, trn
from bot.permissions.models import Actor, Decision
from bot.slack.blocks import modal, section
from bot.slack.delivery import Ack, Delivery, text_of
from bot.slack.errors import ViewClosed
from bot.slack.rate_limits import CallWindows
from bot.slack.router import Router

NOTHING = tr(
    "No key was found in this message. A key looks like `sk-` and 48 letters and digits; a masked one shows its first "
    "and last four. If one is spread over pieces, paste it into a message to yourself and use this shortcut there."
)


logger = logging.getLogger(__name__)

# Somebody who looks at a window is told after so long that nothing could be looked up yet, whatever the gateway does.
LOOK_SECONDS = 4.0
# A window that says so is corrected this often, after this pause.
CORRECTIONS, CORRECTION_PAUSE = 60, 5.0
# Messages that one person may report in a minute.
MOST_REPORTS, MOST_REPORTS_OF_SECURITY = 10, 60
# How often, and for how many times, a window that ordered something looks whether it is done.
LOOKS, LOOK_PAUSE = 60, 1.0
ASKS_FIRST_TO_ACT = tr("Calls are paused by those who may disable any key without asking.")


@dataclass(frozen=True)
class AlertListeners:
    """Everything Slack can send about an alert."""

    deps: Deps
    _: KW_ONLY
    ingest: AlertIngest
    triage: Triage
    response: AlertResponse
    notifications: AlertNotifications
    calls: SecurityCalls
    closure: AlertClosure
    reports: CallWindows
    workspace: str = ""

    async def shortcut(self, delivery: Delivery) -> Ack:
        """`disable_leaked_key` on any message: find keys, tell security, show what can be done."""
        actor = await self.deps.actor(delivery)
        await self.deps.flow.admit_member(actor, DISABLE)
        self._count_report(actor)
        if not self.deps.policy().counts(actor):
            await self._thank(delivery, await self._reported(delivery, actor))
            return None
        loading = modal("loading", TITLE, [section(tr(":hourglass_flowing_sand: Looking for keys…"))])
        await self._fill(delivery, loading, actor, lambda: self._reported(delivery, actor))
        return None

    def _count_report(self, actor: Actor) -> None:
        """Raises TooMuch. Those who may disable any key have more to report than others."""
        kills = self._judged(actor, DISABLE, None, own=False).outcome != "deny"
        most = MOST_REPORTS_OF_SECURITY if kills else MOST_REPORTS
        if not self.reports.take(actor.slack_user_id, per_minute=most):
            raise TooMuch(
                trn(
                    "You have reported {count} message within a minute; security has it. Report this one in a "
                    "moment, or tell security directly if it cannot wait.",
                    "You have reported {count} messages within a minute; security has all of those. Report this one "
                    "in a moment, or tell security directly if it cannot wait.",
                    most,
                )
            )

    async def _thank(self, delivery: Delivery, alert_id: int | None) -> None:
        """The window for somebody who may do nothing here but report: it looks nothing up."""
        told = tr("Thank you. Security is told and looks into it (alert {number}).", number=alert_id)
        await delivery.responder.open_modal(delivery, said(NOTHING if alert_id is None else told))

    async def _fill(
        self,
        delivery: Delivery,
        loading: Mapping[str, Any],
        actor: Actor,
        alert_of: Callable[[], Awaitable[int | None]],
    ) -> None:
        """Show the alert in a window. What could not be looked up yet is said, and corrected as soon as it was."""
        # The alert whose window says that something could not be looked up yet.
        unsure: list[int] = []

        async def first() -> Mapping[str, Any]:
            alert_id = await alert_of()
            if alert_id is None:
                return said(NOTHING)
            alert, records = await self._looked_up(alert_id)
            if _is_unsure(alert):
                unsure.append(alert_id)
            return await self._window(alert, records, actor)

        async def corrected() -> Mapping[str, Any] | None:
            for _ in range(CORRECTIONS if unsure else 0):
                await asyncio.sleep(CORRECTION_PAUSE)
                alert, records = await self._looked_up(unsure[0])
                if not _is_unsure(alert):
                    return await self._window(alert, records, actor)
            return None

        await delivery.responder.fill(delivery, loading, first, corrected=corrected)

    async def _looked_up(self, alert_id: int) -> tuple[Alert, Mapping[int, Key]]:
        """The alert with the records of its keys as they are now; without them where the gateway does not tell soon."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self.triage.match(alert_id)
                return await self._with_records(alert_id)
        except GatewayError as error:
            logger.info("alert %d: not looked up yet: %s", alert_id, english(error.sentence))
        except TimeoutError:
            logger.info("alert %d: not looked up yet: the gateway takes longer than %g s", alert_id, LOOK_SECONDS)
        return await self.deps.database.read(self._whole, alert_id), {}

    async def _with_records(self, alert_id: int) -> tuple[Alert, Mapping[int, Key]]:
        alert, records = await self.triage.read_records(alert_id)
        for shown_by in sorted(set(alert.elsewhere.values())):
            records |= (await self.triage.read_records(shown_by))[1]
        return await self.deps.database.read(self._whole, alert_id), records

    def _whole(self, c: sa.Connection, alert_id: int) -> Alert:
        return sightings.whole(c, store.get(c, alert_id))

    def _judged(self, actor: Actor, operation: str, key: Key | None, *, own: bool) -> Decision:
        """What the policy says about one key of an alert, by its record where it could be read."""
        access, channel = self.deps.access, self.notifications.channel
        if key is None:
            return access.decide_unread(actor, operation, own=own, channel=channel)
        return access.decide(actor, operation, key, own=own, channel=channel)

    async def _reported(self, delivery: Delivery, actor: Actor) -> int | None:
        """Store the message as an alert; None when there is nothing in it that looks like a key."""
        texts = list(message_texts(delivery.message))
        found = await read_aside(lambda: find(texts), size=sum(map(len, texts)))
        findings, _ = await self.ingest.findings(found)
        if not findings:
            return None
        ts = text_of(delivery.message, "ts") or delivery.message_ts
        by, shown_by = text_of(delivery.message, "user"), actor.slack_user_id
        place = {"by": by, "shown_by": shown_by, "workspace": self.workspace}
        incoming = slack_message(channel=delivery.channel_id, ts=ts, found=found, **place)
        return await self.ingest.receive(incoming)

    async def disable(self, delivery: Delivery) -> Ack:
        """Disable the key the alert means; where that is not plain, show the window with the choice."""
        return await self._act(delivery, DISABLE)

    async def rotate(self, delivery: Delivery) -> Ack:
        """Make a successor for the owner first; the old key ends when that was revealed."""
        return await self._act(delivery, ROTATE)

    async def acknowledge(self, delivery: Delivery) -> Ack:
        """Somebody says that they act: for those who may disable any key, at once or by asking."""
        alert = await self._alert(delivery.action_value)
        actor = await self.deps.actor(delivery, fresh=True)
        await self.deps.flow.admit(actor, DISABLE)
        decision = self._judged(actor, DISABLE, None, own=False)
        if decision.outcome == "deny":
            await self.deps.flow.refuse(actor, DISABLE, decision)
        if not is_at_once(decision):
            raise PermissionDenied(ASKS_FIRST_TO_ACT, rule=decision.rule)
        refused = await self.deps.database.run(self.calls.acknowledge, alert.id, actor.slack_user_id)
        if refused is not None:
            raise refused
        return None

    async def _act(self, delivery: Delivery, operation: str) -> Ack:
        alert = await self._alert(delivery.action_value)
        actor = await self.deps.actor(delivery, fresh=True)
        await self.deps.flow.admit(actor, operation)
        if alert.is_mass_leak and operation == DISABLE:
            await self._order_all(delivery, alert, actor)
            return None
        in_window = delivery.in_modal and delivery.callback_id == WINDOW
        keys = chosen(alert, delivery.state if in_window else {})
        if not keys and in_window:
            raise InputError({"keys": tr("Tick the key that is meant; nothing was touched.")})
        if not keys or (operation == ROTATE and not in_window):
            await self._fill(delivery, _loading(), actor, lambda: _known(alert.id))
            return None
        if len(keys) == 1:
            await self._order(delivery, alert, keys[0], actor, operation)
            return None
        delivery.responder.later(self._order_many(delivery, alert, keys, actor, operation), delivery=delivery)
        return None

    async def _order_all(self, delivery: Delivery, alert: Alert, actor: Actor) -> None:
        # Whether they may order a batch from here at all; the batch judges each key by its record.
        decision = self._judged(actor, DISABLE, None, own=False)
        if decision.outcome == "deny":
            await self.deps.flow.refuse(actor, DISABLE, decision)
        batch_id = await self.response.order_all(alert, actor)
        if delivery.in_modal:
            sentence = trn(
                "{count} key is being disabled by batch {batch}; its progress is in {channel}.",
                "{count} keys are being disabled by batch {batch}; its progress is in {channel}.",
                len(alert.all_sure_keys),
                batch=batch_id,
                channel=f"<#{self.notifications.channel}>",
            )
            view = said(sentence)
            delivery.responder.later(delivery.responder.update_modal(delivery, view))

    async def _order(self, delivery: Delivery, alert: Alert, key_id: int, actor: Actor, operation: str) -> None:
        request = await self.response.order(
            alert,
            key_id,
            actor,
            operation=operation,
            clicked_at=delivery.received_at,
            deadline=self.deps.left(delivery),
        )
        if delivery.in_modal:
            first = f"{ordered_text(key_id, request, operation)} {self._where()}"
            delivery.responder.later(self._follow(delivery, {key_id: request}, first=first))

    def _where(self) -> str:
        channel = f"<#{self.notifications.channel}>"
        return tr("Each step and its time are on the card in {channel}.", channel=channel)

    async def _follow(
        self, delivery: Delivery, ordered: Mapping[int, ApprovalRequest | str], *, first: str = ""
    ) -> None:
        """Show in the window what becomes of each order, until all have ended. A text: why there was none."""
        requests = {key_id: request for key_id, request in ordered.items() if not isinstance(request, str)}
        shown = first
        with contextlib.suppress(ViewClosed):
            if first:
                await delivery.responder.update_modal(delivery, said(first))
            for look in range(LOOKS):
                now = await self.deps.database.read(requests_store.several, [one.id for one in requests.values()])
                lines = [
                    tr(
                        "Key {number}: {state}",
                        number=shown_number(key_id),
                        state=order if isinstance(order, str) else standing_text(now.get(order.id, order)),
                    )
                    for key_id, order in ordered.items()
                ]
                moved = any(now.get(one.id, one).status is not one.status for one in requests.values())
                text = "\n".join([*lines, self._where()])
                if text != shown and (moved or not first):
                    await delivery.responder.update_modal(delivery, said(text))
                    shown = text
                if all(one.status in FINAL for one in now.values()):
                    return
                await asyncio.sleep(LOOK_PAUSE if look else LOOK_PAUSE / 2)

    async def _order_many(
        self, delivery: Delivery, alert: Alert, keys: list[int], actor: Actor, operation: str
    ) -> None:
        ordered: dict[int, ApprovalRequest | str] = {}
        refused: BotError | None = None
        for key_id in keys:
            try:
                ordered[key_id] = await self.response.order(
                    alert,
                    key_id,
                    actor,
                    operation=operation,
                    clicked_at=delivery.received_at,
                    deadline=self.deps.left(delivery) + 10.0,
                )
            except BotError as error:
                ordered[key_id], refused = error.sentence, error
        if delivery.in_modal:
            await self._follow(delivery, ordered)
        elif refused is not None:
            raise refused

    async def _window(self, alert: Alert, records: Mapping[int, Key], actor: Actor) -> dict[str, Any]:
        deps = self.deps
        visible = []
        for key_id in alert.possible_keys:
            own = key_id in alert.keys and alert.keys[key_id].owner == actor.slack_user_id
            judged = (self._judged(actor, name, records.get(key_id), own=own) for name in (DISABLE, SHOW))
            if own or any(decision.outcome != "deny" for decision in judged):
                visible.append(key_id)
        return alert_window(
            alert,
            await deps.database.read(store.requests_of, alert),
            visible=visible,
            channel=self.notifications.channel,
            dollars=deps.dollars,
            now=deps.clock(),
            untold=await deps.database.read(untold_owners, alert),
            locked=await deps.database.read(locked_of, alert, deps.policy()),
            joined_to=set((await deps.database.read(store.get, alert.id)).elsewhere.values()),
        )

    async def false_alarm(self, delivery: Delivery) -> Ack:
        """Somebody who could disable the key says that it is none of our business."""
        return await self._close(delivery, AlertStatus.FALSE_ALARM)

    async def not_ours(self, delivery: Delivery) -> Ack:
        """The same for what names no key of ours: it is noted as somebody else's."""
        return await self._close(delivery, AlertStatus.NOT_OURS)

    async def _close(self, delivery: Delivery, status: AlertStatus) -> Ack:
        alert = await self._alert(delivery.action_value)
        actor = await self.deps.actor(delivery, fresh=True)
        await self.deps.flow.admit(actor, DISABLE)
        alert, records = await self._looked_up(alert.id)
        judged = [self._judged(actor, DISABLE, records.get(i), own=False) for i in alert.possible_keys or [0]]
        told = await self.closure.close(alert, actor, judged, status)
        if delivery.in_modal:
            delivery.responder.later(delivery.responder.update_modal(delivery, said(told)))
        return None

    async def _alert(self, text: str) -> Alert:
        known = text.isascii() and text.isdigit() and len(text) < 10
        alert = await self.deps.database.read(store.find, int(text)) if known else None
        if alert is None:
            raise ApprovalConflict(tr("There is no such alert any more."))
        return await self.deps.database.read(sightings.whole, alert)


def _is_unsure(alert: Alert) -> bool:
    """Whether something in it could not be looked up yet."""
    return alert.awaits_lookup or any(key_id not in alert.keys for key_id in alert.possible_keys)


async def _known(alert_id: int) -> int:
    return alert_id


def _loading() -> dict[str, Any]:
    return modal("loading", TITLE, [section(tr(":hourglass_flowing_sand: Asking the gateway…"))])


def register(router: Router, listeners: AlertListeners) -> None:
    """Name every way in. Action ids and the shortcut's name are fixed in names.md."""
    router.shortcut("disable_leaked_key", listeners.shortcut)
    actions: dict[str, Callable[[Delivery], Any]] = {
        "disable": listeners.disable,
        "rotate": listeners.rotate,
        "acknowledge": listeners.acknowledge,
        "false_alarm": listeners.false_alarm,
        "not_ours": listeners.not_ours,
    }
    for name, handler in actions.items():
        router.action(name, handler)
    router.modal_action(WINDOW, _ticked)


async def _ticked(_delivery: Delivery) -> Ack:
    """A box in the window was ticked: it is read when a button is pressed."""
    return None
