"""Calls the people of security to an alert about a living key, again and again, until somebody acts.

When, and whom: call_times.py. From an hour on the channel sees it. It ends when the key is out of use,
expired or spent, or the alert is closed: then the messages that called say how it ended. It begins anew when a key
works again. A replaced key calls when it outlives its overlap, an order that is not done after a minute calls too. Of
several cards about one key one calls. *I am on it* pauses it for half an hour.
"""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.call_times import ACKNOWLEDGED_SECONDS, ESCALATES_AT, due, roles_called
from bot.alerts.cards.card import ACKNOWLEDGE, DISABLE, BatchProgress
from bot.alerts.cards.key_blocks import key_name
from bot.alerts.cards.key_state import is_being_tried, living_keys, stopping_keys
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.models import Alert, AlertCalls, AlertStatus
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.errors import ApprovalConflict, GatewayError
from bot.gateway.limiter import Priority, prioritized
from bot.languages import joined, tr, trc, trn
from bot.languages.formats import some_of, with_commas
from bot.oncall import Schedules
from bot.permissions.models import Actor, Ask
from bot.permissions.policy import decide
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy
from bot.slack.blocks import Block, actions, button, date, mention, mention_all, section

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
        living, stopping = self._standing(c, alert)
        if not living and not stopping:
            self._end(c, alert)
        elif alert.calls.step == 0:
            automatic = alert.source in self.policy().auto_disable and bool(alert.all_sure_keys)
            self._start(c, alert, delay=AUTOMATIC_SECONDS if automatic else 0.0)

    def look(self, c: sa.Connection, alert: Alert) -> None:
        """Something about a key of it has changed: read its keys, and call if one works again."""
        if alert.calls.step == 0:
            self._start(c, self._next(c, alert, step=0), delay=0.0)

    def _end(self, c: sa.Connection, alert: Alert) -> None:
        """Nobody needs to act: the calls end, and their messages say so once it is seen how the order ended."""
        if alert.calls.step or alert.acknowledged_by:
            alert = self._next(c, alert, step=0, acknowledged_by=None, acknowledged_at=None)
        calls = alert.calls
        if calls.first == calls.number:
            return
        requests = store.requests_of(c, alert)
        if not any(is_being_tried(action, requests) for action in alert.actions.values()):
            self.notifications.calls_ended(c, alert)
            store.change(c, alert.id, calls=calls.model_copy(update={"first": calls.number}))

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

    def _standing(self, c: sa.Connection, alert: Alert) -> tuple[list[int], list[int]]:
        """Keys of it that work, and those of them that an order is about to stop."""
        if alert.status is not AlertStatus.OPEN:
            return [], []
        if alert.is_mass_leak:
            keys = list(alert.all_sure_keys)
            if alert.batch_id is None:
                return keys, []
            done, total, _, over = self.batch_progress(c, alert.batch_id)
            if over or total < len(keys):
                return keys[: len(keys) - done], []
            return [], keys[: len(keys) - done]
        requests, now = store.requests_of(c, alert), self.clock()
        return living_keys(alert, requests, now=now), stopping_keys(alert, requests, now=now)

    async def run(self, argument: str) -> Again | None:
        """One call, by `ALERT:NUMBER`, after a look at the keys: one that is dead by now calls nobody."""
        alert_id, number = (int(part) for part in argument.split(":"))
        alert = await self.database.read(store.find, alert_id)
        if alert is None or alert.calls.number != number:
            return None
        if await self.database.read(self._is_called_elsewhere, alert):
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
        living, stopping = self._standing(c, alert)
        if not living and not stopping:
            self._end(c, self._next(c, alert, step=0, acknowledged_by=None, acknowledged_at=None))
            return None
        if not living:
            return Again(LOOK_SECONDS)
        paused = (alert.acknowledged_at or float("-inf")) + ACKNOWLEDGED_SECONDS - self.clock()
        if paused > 0:
            return Again(paused)
        step = alert.calls.step
        self.notifications.call(c, alert, self._sentence(alert, living, step), aloud=step >= ESCALATES_AT)
        delay = due(step + 1) - due(step)
        self._start(c, self._next(c, alert, step=step + 1, next_at=self.clock() + delay), delay=delay)
        return None

    def _is_called_elsewhere(self, c: sa.Connection, alert: Alert) -> bool:
        """Whether other alerts about the same keys call already: many alerts about one key are one call.

        Those that prove the key come before those that may mean it, then the older ones.
        """
        living = set(self._standing(c, alert)[0])
        older = (one for one in store.called(c) if living and _turn(one) < _turn(alert) and one.calls.step)
        sharing = (one for one in older if not living.isdisjoint(one.all_sure_keys + one.possible_keys))
        return bool(living) and living <= {key_id for one in sharing for key_id in self._standing(c, one)[0]}

    def _sentence(self, alert: Alert, living: list[int], step: int) -> str:
        policy = self.policy()
        ids = policy.roles.ids(roles_called(policy, step)) - {EVERYBODY}
        shown = some_of([key_name(alert, key_id) for key_id in living], 3)
        if set(living) <= set(alert.all_sure_keys):
            which = trn(
                "The leaked key {keys} still works.", "The leaked keys {keys} still work.", len(living), keys=shown
            )
        else:
            which = trn(
                "An alert may mean key {keys}, which still works.",
                "An alert may mean one of the keys {keys}, which still work.",
                len(living),
                keys=shown,
            )
        if alert.acknowledged_by:
            who = tr("{who} was on it; is it done?", who=mention(alert.acknowledged_by))
        else:
            who = tr("Nobody has acted yet.") if step else tr("Please act on the card above.")
        # Said when these people are called first, not at every call.
        silence = self.schedules.silence(ids) if step in {0, ESCALATES_AT} else ""
        return joined(mention_all(self.schedules.called(ids)), which, who, silence)

    async def home_rows(self, actor: Actor) -> list[Block]:
        """For the Home of those who may disable any key: alerts about living keys that nobody has acted on."""
        if decide(self.policy(), Ask(actor=actor, operation="key.disable", own=False)).outcome == "deny":
            return []
        found = sorted(await self.database.read(self._open), key=_turn)
        return [row for alert in found for row in self._row(alert)]

    def _open(self, c: sa.Connection) -> list[Alert]:
        return [alert for alert in store.called(c) if self._standing(c, alert)[0]]

    def _row(self, alert: Alert) -> list[Block]:
        keys = alert.possible_keys or alert.all_sure_keys
        shown = with_commas(key_name(alert, key_id) for key_id in keys[:3])
        # What only has the ends of a key is not put as if it were that key.
        proven = tr(":rotating_light: Leaked: {keys}", keys=shown)
        perhaps = tr(":question: Perhaps leaked: {keys}", keys=shown)
        parts: list[str] = [proven if alert.all_sure_keys else perhaps, tr("alert {number}", number=alert.id)]
        parts.append(date(alert.received_at))
        if alert.acknowledged_by:
            parts.append(tr("{who} is on it", who=mention(alert.acknowledged_by)))
        row, text = str(alert.id), " · ".join(parts)
        disable = tr("Disable now") if alert.the_keys else trc("button", "Disable…")
        buttons = [button(disable, DISABLE, value=row, style="danger")]
        buttons += [] if alert.acknowledged_by else [button(tr("I am on it"), ACKNOWLEDGE, value=row)]
        return [section(text), actions(*buttons)]

    def acknowledge(self, c: sa.Connection, alert_id: int, actor: str) -> ApprovalConflict | None:
        """Somebody is on it: the card says who, and calling pauses."""
        alert, now = store.get(c, alert_id, lock=True), self.clock()
        if not self._standing(c, alert)[0]:
            return ApprovalConflict(
                tr("Alert {number} needs nobody any more; the card says what was done.", number=alert.id)
            )
        told = {"alert": alert.id, "source": alert.source, "their_id": alert.their_id}
        append(c, fact=Fact.ACKNOWLEDGED, at=now, actor=actor, key_id=alert.the_key, details=told)
        self.notifications.card(c, store.change(c, alert_id, acknowledged_by=actor, acknowledged_at=now))
        return None


def _turn(alert: Alert) -> tuple[bool, int]:
    return not alert.all_sure_keys, alert.id
