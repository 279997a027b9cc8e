"""Calls the people of security to an alert about a living key, again and again, until somebody acts.

When, and whom: call_times.py. From an hour on the channel sees it. It ends when the key is out of use,
expired or spent, or the alert is closed: then the messages that called say how it ended. It begins anew when a key
works again. A replaced key calls when it outlives its overlap, an order that is not done after a minute calls too. Of
several cards about one key one calls. *I am on it* pauses it for half an hour. Keys whose gateway is not in the policy
any more are called for once: nobody can stop them here. Messages that called are drawn anew as soon as things move.
"""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.call_times import (
    ACKNOWLEDGED_SECONDS,
    ESCALATES_AT,
    call_plan,
    due,
    ids_called,
    is_automatic,
)
from bot.alerts.cards.call_lines import home_text
from bot.alerts.cards.card import ACKNOWLEDGE, DISABLE, is_taken
from bot.alerts.cards.key_blocks import key_name
from bot.alerts.cards.key_state import is_being_tried
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.cards.standing import BatchProgress, DisabledCount, Standing, standing_of
from bot.alerts.models import Alert, AlertCalls, AlertStatus
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.errors import ApprovalConflict, GatewayError
from bot.gateway.limiter import Priority, prioritized
from bot.languages import tr, trc
from bot.languages.formats import some_of
from bot.oncall import Schedules
from bot.permissions.models import Actor, Ask
from bot.permissions.policy import decide
from bot.permissions.rules import Policy
from bot.slack.blocks import Block, actions, button, date, mention_all, section

JOB = "alert_call"
# While an order is about to stop the key; and while another alert calls for it, which costs the gateway nothing.
LOOK_SECONDS, ELSEWHERE_SECONDS = 60.0, 900.0
# What the policy disables at once needs nobody, unless it fails.
AUTOMATIC_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class SecurityCalls:
    """The durable job behind the calls of an alert, and the button that pauses them."""

    database: Database
    engine: Engine
    policy: Callable[[], Policy]
    notifications: AlertNotifications
    batch_progress: BatchProgress
    read_keys: Callable[[int], Awaitable[Alert]]
    schedules: Schedules
    clock: Callable[[], float]

    def begin(self, c: sa.Connection, alert: Alert) -> None:
        """Start calling where it does not go on; where nothing of it works any more, a later call begins anew."""
        standing = self._standing(c, alert)
        if standing.is_over:
            self._end(c, alert)
            return
        if alert.calls.step == 0:
            automatic = is_automatic(self.policy(), alert)
            self._start(c, alert, delay=AUTOMATIC_SECONDS if automatic else 0.0)
        self._retell(c, alert, standing)

    def _retell(self, c: sa.Connection, alert: Alert, standing: Standing) -> Alert:
        """Have the messages that called drawn anew where they would say something else than they did."""
        lives, stops = len(standing.living), len(standing.stopping)
        if alert.is_mass_leak:
            lives, stops = min(lives, 1), min(stops, 1)
        told = f"{lives} {stops} {alert.acknowledged_by or ''}"
        if told == alert.calls.told:
            return alert
        self.notifications.calls_moved(c, alert)
        return store.change(c, alert.id, calls=alert.calls.model_copy(update={"told": told}))

    def look(self, c: sa.Connection, alert: Alert) -> None:
        """Something about a key of it has changed: read its keys, and call if one works again."""
        if alert.calls.step == 0:
            self._start(c, self._next(c, alert, step=0), delay=0.0)

    def _end(self, c: sa.Connection, alert: Alert) -> None:
        """Nobody needs to act: the calls end, and their messages say so once it is seen how the order ended."""
        if alert.calls.step or alert.acknowledged_by:
            alert = self._next(c, alert, step=0, acknowledged_by=None, acknowledged_at=None)
        if alert.calls.first == alert.calls.number:
            return
        requests = store.requests_of(c, alert)
        if any(is_being_tried(action, requests) for action in alert.actions.values()):
            self._retell(c, alert, Standing())
        else:
            self.notifications.calls_moved(c, alert)
            store.change(c, alert.id, calls=alert.calls.model_copy(update={"first": alert.calls.number, "told": ""}))

    def _next(
        self, c: sa.Connection, alert: Alert, *, step: int, next_at: float | None = None, **changes: Any
    ) -> Alert:
        calls = alert.calls
        # Without a call that went before there is no message to correct.
        first = calls.number + 1 if step == 0 and calls.step == 0 and calls.first == calls.number else calls.first
        new = AlertCalls(number=calls.number + 1, step=step, first=first, next_at=next_at)
        return store.change(c, alert.id, calls=new, **changes)

    def _start(self, c: sa.Connection, alert: Alert, *, delay: float) -> None:
        number = alert.calls.number
        self.engine.start(c, JOB, f"alert:{alert.id}:call:{number}", f"{alert.id}:{number}", delay=delay)

    def _standing(self, c: sa.Connection, alert: Alert) -> Standing:
        batch = None if alert.batch_id is None else DisabledCount(*self.batch_progress(c, alert.batch_id))
        return standing_of(alert, store.requests_of(c, alert), batch, now=self.clock())

    async def run(self, argument: str) -> Again | None:
        """One call, by `ALERT:NUMBER`, after a look at the keys: one that is dead by now calls nobody."""
        alert_id, number = (int(part) for part in argument.split(":"))
        alert = await self.database.read(store.find, alert_id)
        if alert is None or alert.calls.number != number:
            return None
        if await self.database.run(self._is_called_elsewhere, alert_id):
            return Again(ELSEWHERE_SECONDS)
        if alert.status is AlertStatus.OPEN:
            # Not with the priority of a kill: what is read here must not hold one up.
            with contextlib.suppress(GatewayError), prioritized(Priority.PEOPLE):
                await self.read_keys(alert_id)
        await self.schedules.look()
        return await self.database.run(self._call, alert_id, number)

    def _call(self, c: sa.Connection, alert_id: int, number: int) -> Again | None:
        alert = store.find(c, alert_id, lock=True)
        if alert is None or alert.calls.number != number:
            return None
        standing = self._standing(c, alert)
        if standing.is_over:
            self._end(c, self._next(c, alert, step=0, acknowledged_by=None, acknowledged_at=None))
            return None
        alert = self._retell(c, alert, standing)
        if not standing.living:
            return Again(LOOK_SECONDS)
        if alert.removed and alert.calls.step:
            return Again(ELSEWHERE_SECONDS)
        paused = (alert.acknowledged_at or float("-inf")) + ACKNOWLEDGED_SECONDS - self.clock()
        if paused > 0:
            return Again(paused)
        self._call_people(c, alert)
        return None

    def _call_people(self, c: sa.Connection, alert: Alert) -> None:
        step = alert.calls.step
        ids = ids_called(self.policy(), step)
        # Said when these people are called first, not at every call.
        silence = self.schedules.silence(ids) if step in {0, ESCALATES_AT} else ""
        who = mention_all(self.schedules.called(ids))
        self.notifications.call(c, alert, who, silence=silence, aloud=step >= ESCALATES_AT)
        delay = due(step + 1) - due(step)
        alert = self._next(c, alert, step=step + 1, next_at=self.clock() + delay)
        # What an earlier call said of whoever was on it then is over.
        self.notifications.calls_moved(c, alert)
        self._start(c, alert, delay=delay)

    def _is_called_elsewhere(self, c: sa.Connection, alert_id: int) -> bool:
        """Whether other alerts about the same keys call already: many alerts about one key are one call.

        Those that prove the key come before those that may mean it, then the older ones. The card says which calls.
        """
        alert = store.get(c, alert_id, lock=True)
        living = set(self._standing(c, alert).living)
        older = (one for one in store.called(c) if living and _turn(one) < _turn(alert) and one.calls.step)
        sharing = [one for one in older if not living.isdisjoint(one.all_sure_keys + one.possible_keys)]
        there = bool(living) and living <= {key_id for one in sharing for key_id in self._standing(c, one).living}
        called_by = sharing[0].id if there else None
        if called_by != alert.calls.called_by:
            calls = alert.calls.model_copy(update={"called_by": called_by})
            self.notifications.card(c, store.change(c, alert_id, calls=calls))
        return there

    async def home_rows(self, actor: Actor) -> list[Block]:
        """For the Home of those who may disable any key: alerts about living keys that nobody has acted on."""
        if decide(self.policy(), Ask(actor=actor, operation="key.disable", own=False)).outcome == "deny":
            return []
        found = sorted(await self.database.read(self._open), key=_turn)
        return [row for alert in found for row in self._row(alert)]

    def _open(self, c: sa.Connection) -> list[Alert]:
        return [alert for alert in store.called(c) if self._standing(c, alert).living]

    def _row(self, alert: Alert) -> list[Block]:
        keys = alert.possible_keys or alert.all_sure_keys
        shown = some_of([key_name(alert, key_id) for key_id in keys], 3)
        # What only has the ends of a key is not put as if it were that key.
        proven = tr(":rotating_light: Leaked: {keys}", keys=shown)
        perhaps = tr(":warning: Perhaps leaked: {keys}", keys=shown)
        parts: list[str] = [proven if alert.all_sure_keys else perhaps, tr("alert {number}", number=alert.id)]
        parts.append(date(alert.received_at))
        plan = call_plan(alert, self.policy(), on_call=self.schedules.called, now=self.clock())
        parts.append(home_text(alert, plan))
        row, text = str(alert.id), " · ".join(parts)
        if alert.removed:
            return [section(text)]
        disable = tr("Disable now") if alert.the_keys else trc("button", "Disable…")
        buttons = [button(disable, DISABLE, value=row, style="danger")]
        if not is_taken(alert, now=plan.now):
            buttons.append(button(tr("I am on it"), ACKNOWLEDGE, value=row))
        return [section(text), actions(*buttons)]

    def acknowledge(self, c: sa.Connection, alert_id: int, actor: str) -> ApprovalConflict | None:
        """Somebody is on it: the card says who, and calling pauses."""
        alert, now = store.get(c, alert_id, lock=True), self.clock()
        standing = self._standing(c, alert)
        if not standing.living:
            return ApprovalConflict(
                tr("Alert {number} needs nobody any more; the card says what was done.", number=alert.id)
            )
        told = {"alert": alert.id, "source": alert.source, "their_id": alert.their_id}
        append(c, fact=Fact.ACKNOWLEDGED, at=now, actor=actor, key_id=alert.the_key, details=told)
        taken = store.change(c, alert_id, acknowledged_by=actor, acknowledged_at=now)
        self.notifications.card(c, taken)
        self._retell(c, taken, standing)
        return None


def _turn(alert: Alert) -> tuple[bool, int]:
    return not alert.all_sure_keys, alert.id
