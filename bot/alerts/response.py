"""From the order to a dead key: one request per alert and key, through the same flow as any other.

A person's order is judged by the policy like any wish. With `auto_disable` the policy has said yes beforehand, for
keys matched by their whole value: then Keydesk stores a granted request itself, as at the end of a rotation. Run,
read-back and proof are the flow's; `follow` redraws the alert whenever its request moves.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.calls import SecurityCalls
from bot.alerts.cards.key_state import came_to_nothing
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.cards.standing import BatchProgress
from bot.alerts.detection.fingerprints import from_text
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.models import ROTATION_OVERLAP, Alert, AlertAction, AlertStatus
from bot.approvals import store as requests_store
from bot.approvals.flow import Asked, Flow
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import WAITING, ApprovalRequest, Judgement, NewRequest, Origin, OriginKind, Status
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.errors import ApprovalConflict, BotError
from bot.gateway.models import EffectiveState
from bot.keys import owners
from bot.languages import tr, trn
from bot.operations import Effect, Operation
from bot.permissions.models import Actor, Decision, Facts
from bot.permissions.rules import Policy

logger = logging.getLogger(__name__)

DISABLE, ROTATE = "key.disable", "key.rotate"
RULE = "[alerts] auto_disable"
WATCH_JOB, WATCH_SECONDS, LONGEST_WATCH = "alert_rotated", 5.0, 60.0
RETIRE = "retire"
_MOST_CLICKS = 1_000
# Operation → the state of the key after it, and whether it is gone.


class StartBatch(Protocol):
    """Begins a batch that disables keys (bot/incident), in the caller's transaction, once per delivery id."""

    def __call__(
        self,
        c: sa.Connection,
        *,
        delivery_id: str,
        keys: Mapping[int, str],
        requester_id: str,
        requester_team: str,
        what: str,
        reason: str,
        channel_id: str,
        rule: str,
    ) -> int: ...


@dataclass(kw_only=True, eq=False)
class AlertResponse:
    """Acts on alerts. `bot_user_id`, `team_id`: who Keydesk is in Slack."""

    database: Database
    engine: Engine
    flow: Flow
    granted: GrantedRequests
    operations: Mapping[str, Operation]
    policy: Callable[[], Policy]
    leaked_values: LeakedValues
    notifications: AlertNotifications
    start_batch: StartBatch
    batch_progress: BatchProgress
    calls: SecurityCalls
    bot_user_id: str
    team_id: str
    clock: Callable[[], float]
    _clicks: OrderedDict[tuple[str, str], float] = field(default_factory=OrderedDict, init=False)

    async def order(
        self, alert: Alert, key_id: int, actor: Actor, *, operation: str, clicked_at: float, deadline: float
    ) -> ApprovalRequest:
        """Somebody orders this key of the alert disabled or rotated. Raises PermissionDenied, InputError, GatewayError.

        However often it is ordered, by however many, it is one request, of the alert whose card shows the key.
        """
        self._bind(alert, key_id)
        alert = await self.database.read(sightings.card_of, alert.id, key_id)
        if alert.status is not AlertStatus.OPEN:
            raise ApprovalConflict(_closed(alert))
        attempt = await self.database.read(_attempt, alert, key_id, actor.slack_user_id)
        delivery_id = _delivery_id(alert, key_id, operation, attempt)
        click = (delivery_id, actor.slack_user_id)
        self._remember_click(click, clicked_at)
        self._bind(alert, key_id)
        asked = Asked(
            actor=actor,
            operation=self.operations[operation],
            wanted=self._wanted(operation, key_id),
            reason=_reason(alert),
            channel_id=self.notifications.channel,
            delivery_id=delivery_id,
            origin=Origin(kind=OriginKind.ALERT, alert_id=alert.id, attempt=attempt),
            deadline=deadline,
            # An order on an alert about a leaked key is urgent by itself.
            urgent=True,
        )
        try:
            return await self.flow.submit(asked)
        except BotError:
            # A click that was refused is no order, so the time counts from the click that was accepted.
            self._clicks.pop(click, None)
            raise

    def _wanted(self, operation: str, key_id: int) -> Any:
        wanted = {"key_id": key_id} | ({"overlap": ROTATION_OVERLAP} if operation == ROTATE else {})
        return self.operations[operation].input_model.model_validate(wanted)

    def _remember_click(self, click: tuple[str, str], clicked_at: float) -> None:
        # The time from the click is what people feel; the row begins only after the first look at the key.
        self._clicks.setdefault(click, clicked_at)
        if len(self._clicks) > _MOST_CLICKS:
            self._clicks.popitem(last=False)

    def _bind(self, alert: Alert, key_id: int) -> None:
        for finding in alert.findings:
            if key_id in finding.key_ids and finding.fingerprint is not None:
                self.leaked_values.bind(key_id, from_text(finding.fingerprint))

    async def act_by_policy(self, alert: Alert, *, on: Alert) -> None:
        """Disable at once what the policy says is disabled at once: its source, whole values, keys still in use.

        `on`: the alert whose card shows the keys, which is another one for keys that were seen before.
        """
        closed = any(one.status is not AlertStatus.OPEN for one in (alert, on))
        if alert.source not in self.policy().auto_disable or closed:
            return
        if alert.is_mass_leak:
            await self.database.run(self._begin_batch, alert.id, None)
            return
        shown = (key_id for key_id in alert.proven_keys if alert.elsewhere.get(key_id, alert.id) == on.id)
        for key_id in shown:
            seen = on.keys.get(key_id)
            if seen is None or seen.gone or seen.state == EffectiveState.DISABLED.value:
                continue
            self._bind(alert, key_id)
            await self.database.run(self._order_by_policy, on, key_id, seen.name, alert)

    async def order_all(self, alert: Alert, actor: Actor) -> int:
        """Have all keys of a mass leak disabled by one batch, which judges each. However many order it: one batch."""
        if alert.status is not AlertStatus.OPEN:
            raise ApprovalConflict(_closed(alert))
        return await self.database.run(self._begin_batch, alert.id, actor)

    def _begin_batch(self, c: sa.Connection, alert_id: int, actor: Actor | None) -> int:
        alert = store.get(c, alert_id, lock=True)
        named = {key_id: seen.name for key_id, seen in alert.keys.items()}
        keys = {key_id: named.get(key_id, "") for key_id in alert.all_sure_keys}
        batch_id = self.start_batch(
            c,
            # Another delivery may bring more keys, and a batch may end without all: those are another batch.
            delivery_id=f"alert:{alert.id}:batch:{len(keys)}" + self._after_batch(c, alert),
            keys=keys,
            requester_id=self.bot_user_id if actor is None else actor.slack_user_id,
            requester_team=self.team_id if actor is None else actor.team_id,
            what=trn(
                "the {count} key of alert {number}", "the {count} keys of alert {number}", len(keys), number=alert.id
            ),
            reason=_reason(alert),
            channel_id=self.notifications.channel,
            rule=RULE if actor is None else "",
        )
        if alert.batch_id != batch_id:
            alert = store.change(c, alert.id, batch_id=batch_id)
            told = {"alert": alert.id, "source": alert.source, "their_id": alert.their_id, "batch": batch_id}
            by = None if actor is None else actor.slack_user_id
            append(c, fact=Fact.ALERT, at=self.clock(), actor=by, details=told)
        self.notifications.card(c, alert)
        return batch_id

    def _after_batch(self, c: sa.Connection, alert: Alert) -> str:
        if alert.batch_id is None:
            return ""
        done, total, _, over = self.batch_progress(c, alert.batch_id)
        return f"+{alert.batch_id}" if over and done < total else ""

    def batch_moved(self, c: sa.Connection, batch_id: int) -> None:
        """A batch went on: the alert that it is for says how far it is."""
        alert = store.of_batch(c, batch_id)
        if alert is not None:
            self.notifications.card(c, alert)
            self.calls.begin(c, alert)

    def _order_by_policy(self, c: sa.Connection, alert: Alert, key_id: int, name: str, because: Alert) -> None:
        # A rotation, an ask that waits, or an order that came to nothing leaves the key alive; what was brought back,
        # people decide.
        action = alert.actions.get(key_id)
        if action is not None and action.operation == DISABLE and not _stops_nothing(c, action):
            return
        now = self.clock()
        attempt = _attempt(c, alert, key_id, self.bot_user_id)
        sentence = tr("The policy disables whole keys in alerts from {source} at once.", source=because.source)
        new = NewRequest(
            delivery_id=_delivery_id(alert, key_id, DISABLE, attempt),
            origin=Origin(kind=OriginKind.ALERT_RULE, alert_id=alert.id, attempt=attempt),
            operation=DISABLE,
            requester_id=self.bot_user_id,
            requester_team=self.team_id,
            channel_id=self.notifications.channel,
            key_id=key_id,
            key_name=name,
            reason=_reason(because),
            input=self._wanted(DISABLE, key_id).model_dump(mode="json"),
            before=None,
            summary=(),
            judgement=Judgement(
                decision=Decision(outcome="allow", rule=RULE, sentence=sentence), facts=Facts(), own=False
            ),
            asked_at=now,
        )
        self.granted.insert(c, new)

    def follow(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """A request moved: if it came from an alert, note it there and redraw. In the same transaction."""
        if request.status is Status.SUCCEEDED and request.key_id is not None:
            self.key_changed(c, request.key_id, request.operation)
        found = self._origin(c, request)
        if found is None:
            return None
        alert_id, attempt, by, clicked_at = found
        alert = store.find(c, alert_id, lock=True)
        if alert is None or request.key_id is None:
            return None
        key_id = _old_key(request)
        before = alert.actions.get(key_id)
        if before is None or before.request_id != request.id:
            if before is not None and before.request_id > request.id:
                return self.notifications.card(c, alert)
            action = AlertAction(
                operation=request.operation, by=by, clicked_at=clicked_at, request_id=request.id, attempt=attempt
            )
            alert = store.change(c, alert_id, actions={**alert.actions, key_id: action})
            told = {
                "alert": alert_id,
                "source": alert.source,
                "their_id": alert.their_id,
                "operation": request.operation,
            }
            actor = by or None
            append(c, fact=Fact.ALERT, at=self.clock(), actor=actor, request_id=request.id, key_id=key_id, details=told)
        if request.operation == ROTATE and request.status is Status.SUCCEEDED:
            self.engine.start(c, WATCH_JOB, f"req:{request.id}:watch", str(request.id))
        self.calls.begin(c, alert)
        return self.notifications.moved(c, alert)

    def key_changed(self, c: sa.Connection, key_id: int, operation: str) -> None:
        """A key was changed, by whatever way: alerts that name it say so, and call again when it works again."""
        described = self.operations[operation].description
        if described.state_after is None:
            # More quota or time may bring back a leaked key that was spent or expired: it is looked at.
            for alert in store.lock_all(c, [alert.id for alert in store.naming(c, key_id)]).values():
                if alert.status is AlertStatus.OPEN:
                    self.calls.look(c, alert)
            return
        state, gone = described.state_after.value, described.effect is Effect.DELETES
        for alert in store.key_changed(c, key_id, state=state, at=self.clock(), gone=gone):
            self.notifications.moved(c, alert)
            self.calls.begin(c, alert)

    def _origin(self, c: sa.Connection, request: ApprovalRequest) -> tuple[int, int, str, float] | None:
        """(alert id, attempt, by whom, when) of a request that an alert led to, None for all others."""
        origin = request.origin
        if origin.kind is OriginKind.ROTATION_END:
            rotation = requests_store.find(c, origin.request_id or 0)
            found = None if rotation is None else self._origin(c, rotation)
            return None if found is None else (found[0], found[1], found[2], request.asked_at)
        if origin.alert_id is None:
            return None
        clicked_at = self._clicks.get((request.delivery_id, request.requester_id), request.asked_at)
        by = request.requester_id if origin.by_person else ""
        return origin.alert_id, origin.attempt or 1, by, min(clicked_at, request.asked_at)

    async def watch(self, argument: str) -> Again | None:
        """The durable job behind a rotation: end the leaked key as soon as its successor was revealed."""
        return await self.database.run(self._watch, int(argument))

    def _watch(self, c: sa.Connection, request_id: int) -> Again | None:
        rotation = requests_store.find(c, request_id)
        if rotation is None or rotation.outcome is None or _has_ended(rotation):
            return None
        successor = owners.find(c, rotation.outcome.key_id or 0)
        if successor is None or successor.reveals == 0:
            age = self.clock() - (rotation.settled_at or rotation.asked_at)
            # Each look is a row of the queue for some days: soon at first, then once a minute.
            return None if age > ROTATION_OVERLAP else Again(min(LONGEST_WATCH, WATCH_SECONDS + age / 20))
        # The same job that the overlap's end would start; whichever comes second finds its request made.
        self.engine.start(c, RETIRE, f"req:{rotation.id}:retire:revealed", str(rotation.id))
        return None


def _delivery_id(alert: Alert, key_id: int, operation: str, attempt: int) -> str:
    """The same for all who order the same now. Never read again: what it says is in the request's origin."""
    return f"alert:{alert.id}:{key_id}:{operation}:{attempt}"


def _attempt(c: sa.Connection, alert: Alert, key_id: int, by: str) -> int:
    """The number of this attempt on the key: the next one once an earlier order came to nothing, or was undone.

    What somebody else asked for and waits for an approval holds nobody up who needs none.
    """
    action = alert.actions.get(key_id)
    if action is None:
        return 1
    request = requests_store.find(c, action.request_id)
    waits = request is not None and request.status in WAITING and request.requester_id != by
    over = waits or (request is not None and came_to_nothing(request)) or _is_undone(c, alert.id, key_id, request)
    return action.attempt + (1 if over else 0)


def _stops_nothing(c: sa.Connection, action: AlertAction) -> bool:
    request = requests_store.find(c, action.request_id)
    return request is not None and (request.status in WAITING or came_to_nothing(request))


def _is_undone(c: sa.Connection, alert_id: int, key_id: int, request: ApprovalRequest | None) -> bool:
    """Whether the key was seen active after it was disabled. Reads the alert anew: it moved with the request."""
    if request is None or request.operation != DISABLE or request.status is not Status.SUCCEEDED:
        return False
    alert = store.find(c, alert_id)
    seen = None if alert is None else alert.keys.get(key_id)
    return seen is not None and seen.state == EffectiveState.ACTIVE.value and seen.looked_at > (request.settled_at or 0)


def _old_key(request: ApprovalRequest) -> int:
    """The key that the alert is about: a rotation's outcome is another one."""
    return int(request.input.get("key_id") or request.key_id or 0)


def _reason(alert: Alert) -> str:
    """Why, for the record: which alert, from where."""
    if not alert.title:
        return tr(
            "Leaked: alert {number} from {source} ({id})", number=alert.id, source=alert.source, id=alert.their_id
        )
    return tr(
        "Leaked: alert {number} from {source} ({id}): {title}",
        number=alert.id,
        source=alert.source,
        id=alert.their_id,
        title=alert.title,
    )


def _closed(alert: Alert) -> str:
    return tr("Alert {number} was closed as a false alarm by {who}.", number=alert.id, who=f"<@{alert.closed_by}>")


def _has_ended(rotation: ApprovalRequest) -> bool:
    return rotation.progress.overlap is not None and rotation.progress.overlap.request_id is not None
