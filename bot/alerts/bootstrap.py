"""Makes everything that alerts need and names its ways in. Built once by services.py, which hands in plain values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.routing import BaseRoute

from bot.alerts import all_keys, listeners, store
from bot.alerts.calls import JOB as CALL_JOB
from bot.alerts.calls import SecurityCalls
from bot.alerts.cards.call_lines import NOBODY_CALLED
from bot.alerts.cards.drawers import drawers
from bot.alerts.cards.notifications import CARD, OWNER, AlertNotifications, redraw_card
from bot.alerts.cards.standing import BatchProgress
from bot.alerts.closure import AlertClosure
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.index_sync import IndexSync
from bot.alerts.detection.key_index import KeyIndex
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.ingest import TRIAGE_JOB, AlertIngest
from bot.alerts.intake import message_monitor
from bot.alerts.intake.endpoint import AlertEndpoint
from bot.alerts.intake.github import GithubApi
from bot.alerts.models import Alert
from bot.alerts.response import WATCH_JOB, AlertResponse, StartBatch
from bot.alerts.revocation_time import RevocationTime
from bot.alerts.store import in_open_alerts
from bot.alerts.triage import PATIENCE, Triage
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import ApprovalRequest
from bot.deps import Deps
from bot.durable.engine import Engine, Job
from bot.keys.list_pass import ListPass
from bot.languages import tr, trc
from bot.permissions.entitlements import calls_nobody
from bot.redaction import know_keys
from bot.slack.edge import Identity
from bot.slack.outbox import Outbox
from bot.slack.rate_limits import CallWindows
from bot.slack.router import Router

__all__ = ["SECURITY_POSTS", "AlertSettings", "AlertWays", "Alerts", "drawers", "in_open_alerts", "retold"]

# Kinds of posts in the security channel → what people call their subject, when the channel does not take them.
SECURITY_POSTS = {CARD: trc("what nobody in a channel sees", "security alert {number}")}


def retold(*, channel: str) -> dict[str, Callable[[sa.Connection, Outbox, str], None]]:
    """Kind of a direct message → what says it elsewhere when Slack does not take it, by its subject."""

    def on_card(c: sa.Connection, outbox: Outbox, alert_id: str) -> None:
        redraw_card(c, outbox, int(alert_id), channel=channel)

    return {OWNER: on_card}


@dataclass(frozen=True, kw_only=True)
class AlertSettings:
    """What of the settings concerns this room. `secrets`: source → shared secret, of the configured ones."""

    secrets: Mapping[str, SecretStr]
    github_token: SecretStr | None
    fingerprint_secret: SecretStr
    security_channel: str


@dataclass(frozen=True, kw_only=True)
class AlertWays:
    """What an alert acts through. `count` gets the outcome of a delivery, `died` the seconds to a refusal."""

    identity: Identity
    engine: Engine
    outbox: Outbox
    granted: GrantedRequests
    start_batch: StartBatch
    batch_progress: BatchProgress
    leaked_values: LeakedValues
    holder: str
    list_passes: Sequence[ListPass]
    count: Callable[[str], None]
    died: Callable[[float], None]
    github_transport: httpx.AsyncBaseTransport | None = None
    github_proxy: str | None = None


class Alerts:
    """Everything behind an alert, and its ways in."""

    def __init__(self, deps: Deps, router: Router, settings: AlertSettings, ways: AlertWays) -> None:
        clock, database = deps.clock, deps.database
        self._database = database
        self._engine = ways.engine
        self._policy = deps.policy
        self._clock = clock
        self._revocation_time = RevocationTime(ways.died)
        token = settings.github_token
        self._github = (
            None if token is None else GithubApi(token=token, transport=ways.github_transport, proxy=ways.github_proxy)
        )
        self.fingerprints = Fingerprints(settings.fingerprint_secret)
        self.index = KeyIndex(self.fingerprints)
        know_keys(self.index)
        notifications = AlertNotifications(outbox=ways.outbox, channel=settings.security_channel)
        self.ingest = AlertIngest(
            database=database,
            engine=ways.engine,
            index=self.index,
            leaked_values=ways.leaked_values,
            notifications=notifications,
            clock=clock,
        )
        self._endpoint = AlertEndpoint(
            secrets=settings.secrets, receive=self.ingest.receive, database=database, count=ways.count, clock=clock
        )
        self.calls = self._security_calls(deps, ways, notifications)
        self.response = _response(deps, ways, notifications, self.calls)
        self.index_sync = IndexSync(
            index=self.index,
            fingerprints=self.fingerprints,
            reader=deps.reader,
            database=database,
            holder=ways.holder,
            grown=self._grown,
            list_passes=ways.list_passes,
            clock=clock,
        )
        self.triage = Triage(
            database=database,
            reader=deps.reader,
            index=self.index,
            index_sync=self.index_sync,
            ingest=self.ingest,
            response=self.response,
            notifications=notifications,
            calls=self.calls,
            github=self._github,
            clock=clock,
        )
        self._register_buttons(deps, router, notifications, workspace=ways.identity.url)
        self.monitor = self._monitor(deps, ways)
        message_monitor.register(router, self.monitor)

    def _security_calls(self, deps: Deps, ways: AlertWays, notifications: AlertNotifications) -> SecurityCalls:
        return SecurityCalls(
            database=self._database,
            engine=ways.engine,
            policy=deps.policy,
            notifications=notifications,
            batch_progress=ways.batch_progress,
            read_keys=self._read_keys,
            schedules=deps.directory.schedules,
            clock=self._clock,
        )

    async def _read_keys(self, alert_id: int) -> Alert:
        return await self.triage.read_keys(alert_id)

    def _register_buttons(
        self, deps: Deps, router: Router, notifications: AlertNotifications, *, workspace: str
    ) -> None:
        buttons = listeners.AlertListeners(
            deps,
            ingest=self.ingest,
            triage=self.triage,
            response=self.response,
            notifications=notifications,
            calls=self.calls,
            closure=AlertClosure(
                database=self._database,
                flow=deps.flow,
                notifications=notifications,
                calls=self.calls,
                clock=self._clock,
            ),
            reports=CallWindows(clock=self._clock),
            workspace=workspace,
        )
        listeners.register(router, buttons)
        all_keys.register(router, all_keys.AllKeys(deps, notifications.channel))

    def _monitor(self, deps: Deps, ways: AlertWays) -> message_monitor.MessageMonitor:
        return message_monitor.MessageMonitor(
            database=self._database,
            index=self.index,
            ingest=self.ingest,
            ours=frozenset({ways.identity.bot_user_id, ways.identity.bot_id}),
            hit=self.index_sync.hit,
            who_is=deps.directory.actor,
            clock=self._clock,
            workspace=ways.identity.url,
        )

    def routes(self) -> list[BaseRoute]:
        """The route POST /alerts/{source}."""
        return self._endpoint.routes()

    def jobs(self) -> dict[str, Job]:
        """Durable jobs by name."""
        return {TRIAGE_JOB: self.triage.run, WATCH_JOB: self.response.watch, CALL_JOB: self.calls.run}

    async def start(self) -> None:
        """Begin to learn the account's keys."""
        await self.index_sync.start()

    async def stop(self) -> None:
        """End the background work, write down what waits."""
        await self.index_sync.stop()
        await self._endpoint.close()
        if self._github is not None:
            await self._github.aclose()

    def follow(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """A request moved (approvals/cards/notifications.py): redraw its alert, measure the time to its refusal."""
        self._revocation_time.follow(request)
        self.response.follow(c, request)

    def changed(self) -> None:
        """A key was made or deleted: the index looks soon."""
        self.index_sync.changed()

    def notes(self) -> list[str]:
        """For /readyz: that nobody is called when a key leaks, and how far the index is."""
        progress = self.index_sync.progress()
        return [
            *([NOBODY_CALLED] if calls_nobody(self._policy()) else []),
            *([tr("leaked keys: {progress}", progress=progress)] if progress else []),
        ]

    async def _grown(self) -> None:
        """The index knows more keys: alerts whose values were unknown may mean one of them."""
        await self.monitor.look_again()
        since = self._clock() - PATIENCE
        for alert in await self._database.read(store.with_unknown, since=since):
            again = await self._database.run(self.triage.match_again, alert.id)
            if again.named_keys:
                await self._database.run(self._triage_again, again)

    def _triage_again(self, c: sa.Connection, alert: Alert) -> None:
        self._engine.start(c, TRIAGE_JOB, f"alert:{alert.id}:known:{len(alert.named_keys)}", str(alert.id))


def _response(deps: Deps, ways: AlertWays, notifications: AlertNotifications, calls: SecurityCalls) -> AlertResponse:
    return AlertResponse(
        database=deps.database,
        engine=ways.engine,
        flow=deps.flow,
        granted=ways.granted,
        start_batch=ways.start_batch,
        batch_progress=ways.batch_progress,
        calls=calls,
        operations=deps.operations,
        policy=deps.policy,
        leaked_values=ways.leaked_values,
        notifications=notifications,
        bot_user_id=ways.identity.bot_user_id,
        team_id=ways.identity.team_id,
        clock=deps.clock,
    )
