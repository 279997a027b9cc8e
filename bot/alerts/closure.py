"""Closing an alert: somebody says that it is a false alarm, or names nothing of ours. Nothing is disabled by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.calls import SecurityCalls
from bot.alerts.cards.key_state import came_to_nothing
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.models import Alert, AlertStatus
from bot.approvals.flow import Flow
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.errors import ApprovalConflict, BotError
from bot.languages import tr
from bot.permissions.models import Actor, Decision

OWN_ALERT = tr("This alert is about a key of yours, so somebody else has to say that it is a false alarm.")
ASKS_FIRST = tr("Somebody who may disable any key without asking has to say that this is a false alarm.")
_DISABLE = "key.disable"
# Alerts of one message that are closed with one click.
_MOST_OF_A_MINUTE = 1_000


@dataclass(frozen=True, kw_only=True)
class AlertClosure:
    """Closes alerts, each with the later ones that its card shows."""

    database: Database
    flow: Flow
    notifications: AlertNotifications
    calls: SecurityCalls
    clock: Callable[[], float]

    async def close(self, alert: Alert, actor: Actor, judged: Sequence[Decision], status: AlertStatus) -> str:
        """Close it; returns what to tell. `judged`: what the policy says of disabling each key that it may mean.

        Raises PermissionDenied, ApprovalConflict. Nobody closes an alert about their own key on the strength of owning
        it: it needs the right on any key, and on each that the alert may mean. Who must ask to stop a key must not say
        alone that none needs to be stopped.
        """
        decision = next((one for one in judged if not is_at_once(one)), judged[0])
        if not is_at_once(decision):
            owners = {alert.keys[key_id].owner for key_id in alert.possible_keys if key_id in alert.keys}
            why = decision.sentence if decision.outcome == "deny" else ASKS_FIRST
            decision = replace(decision, sentence=OWN_ALERT if actor.slack_user_id in owners else why)
            await self.flow.refuse(actor, _DISABLE, decision, key_id=alert.the_key)
        error = await self.database.run(self._close, alert.id, actor, status)
        if error is not None:
            raise error
        if status is AlertStatus.NOT_OURS:
            return tr("Alert {number} is noted as not ours.", number=alert.id)
        return tr("Alert {number} is closed as a false alarm; nothing was disabled.", number=alert.id)

    def _close(self, c: sa.Connection, alert_id: int, actor: Actor, status: AlertStatus) -> BotError | None:
        alert, now = _locked(c, alert_id, status), self.clock()
        error = _conflict(c, alert, status)
        if error is not None:
            return error
        fact = Fact.FALSE_ALARM if status is AlertStatus.FALSE_ALARM else Fact.NOT_OURS
        append(c, fact=fact, at=now, actor=actor.slack_user_id, key_id=alert.the_key, details=_told(alert))
        changes = {"status": status.value, "closed_by": actor.slack_user_id, "closed_at": now}
        for seen in sightings.close(c, alert):
            store.change(c, seen, **changes)
        if status is AlertStatus.NOT_OURS:
            for one in _of_the_same_message(c, alert):
                append(c, fact=fact, at=now, actor=actor.slack_user_id, details=_told(one))
                store.change(c, one.id, **changes)
        alert = store.change(c, alert_id, **changes)
        self.calls.begin(c, alert)
        self.notifications.moved(c, store.get(c, alert_id))
        return None


def _told(alert: Alert) -> dict[str, object]:
    return {"alert": alert.id, "source": alert.source, "their_id": alert.their_id}


def _locked(c: sa.Connection, alert_id: int, status: AlertStatus) -> Alert:
    """The alert, locked with all that may be closed with it, in one step: of one a key may just be found to be ours."""
    alert = store.get(c, alert_id)
    ids = {alert_id, *sightings.ids_of_card(c, alert_id)}
    ids |= set(_sharing_its_message(c, alert)) if status is AlertStatus.NOT_OURS else set()
    return store.lock_all(c, ids)[alert_id]


def _sharing_its_message(c: sa.Connection, alert: Alert) -> list[int]:
    """The numbers of the alerts that share the message of this one, its own included; none if it shares none."""
    found, _ = store.without_card(c, int(alert.received_at // 60), limit=_MOST_OF_A_MINUTE)
    ids = [one.id for one in found]
    return ids if alert.id in ids else []


def _of_the_same_message(c: sa.Connection, alert: Alert) -> list[Alert]:
    """Alerts that name nothing of ours and share the message of this one."""
    others = store.lock_all(c, set(_sharing_its_message(c, alert)) - {alert.id}).values()
    return [one for one in others if one.status is AlertStatus.OPEN and one.is_foreign]


def _conflict(c: sa.Connection, alert: Alert, status: AlertStatus) -> BotError | None:
    if alert.status is not AlertStatus.OPEN:
        return ApprovalConflict(
            tr("{who} has closed alert {number} already.", who=f"<@{alert.closed_by}>", number=alert.id)
        )
    if alert.is_sighting:
        return ApprovalConflict(
            tr(
                "The key of alert {number} is on the card of alert {card}; say it there.",
                number=alert.id,
                card=min(alert.elsewhere.values()),
            )
        )
    if status is AlertStatus.NOT_OURS and not alert.may_be_not_ours:
        return ApprovalConflict(tr("Alert {number} names a key of ours; look at its card.", number=alert.id))
    if alert.batch_id is not None or not all(came_to_nothing(one) for one in store.requests_of(c, alert).values()):
        return ApprovalConflict(
            tr("Something was done about alert {number} already; the card says what.", number=alert.id)
        )
    return None


def is_at_once(decision: Decision) -> bool:
    """Whether it needs nobody else beforehand."""
    return decision.allowed or (decision.approval is not None and decision.approval.break_glass)
