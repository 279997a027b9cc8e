"""Makes everything that alerts need and names its ways in. Built once by app.py, which hands in plain values."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import httpx
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.routing import BaseRoute

from bot.alerts import listeners, store
from bot.alerts.cards.card import BatchProgress, DisabledCount, card
from bot.alerts.cards.key_state import Requests
from bot.alerts.cards.notices import author_notice, owner_notice, thread_answer
from bot.alerts.cards.notifications import AUTHOR, CARD, OWNER, THREAD, AlertNotifications
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.index_sync import IndexSync
from bot.alerts.detection.key_index import KeyIndex
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.ingest import TRIAGE_JOB, AlertIngest
from bot.alerts.intake import message_monitor
from bot.alerts.intake.endpoint import AlertEndpoint
from bot.alerts.intake.github import GithubApi
from bot.alerts.listeners import requests_of
from bot.alerts.models import Alert
from bot.alerts.response import WATCH_JOB, AlertResponse, StartBatch
from bot.alerts.triage import PATIENCE, Triage
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import ApprovalRequest
from bot.db.engine import Database
from bot.deps import Deps
from bot.durable.engine import Engine, Job
from bot.slack.blocks import Message
from bot.slack.outbox import Drawer, Outbox
from bot.slack.post_store import PostRow
from bot.slack.router import Router

_MOST_DEAD = 10_000


class AlertSettings:
    """What app.py reads from the settings for this room. `secrets`: source → shared secret, of the configured ones."""

    def __init__(
        self,
        *,
        secrets: Mapping[str, SecretStr | None],
        github_token: SecretStr | None,
        fingerprint_secret: SecretStr,
        security_channel: str,
    ) -> None:
        self.secrets = {name: secret for name, secret in secrets.items() if secret is not None}
        self.github_token = github_token
        self.fingerprint_secret = fingerprint_secret
        self.security_channel = security_channel


class Alerts:
    """See the package. Made in two steps: the outbox needs our drawers before the flow exists that we need."""

    def __init__(
        self,
        *,
        settings: AlertSettings,
        database: Database,
        holder: str,
        units_per_usd: int,
        count: Callable[[str], None],
        died: Callable[[float], None],
        batch_progress: BatchProgress,
        clock: Callable[[], float],
        github_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._holder = holder
        self._units_per_usd = units_per_usd
        self._died = died
        self._batch_progress = batch_progress
        self._clock = clock
        self._dead: OrderedDict[int, None] = OrderedDict()
        self.fingerprints = Fingerprints(settings.fingerprint_secret)
        self.index = KeyIndex(self.fingerprints)
        self.leaked_values = LeakedValues(clock=clock)
        token = settings.github_token
        self._github = None if token is None else GithubApi(token=token, transport=github_transport)
        self.intake = AlertEndpoint(
            secrets=settings.secrets,
            receive=lambda incoming: self.ingest.receive(incoming),
            database=database,
            count=count,
            clock=clock,
        )

    def routes(self) -> list[BaseRoute]:
        """POST /alerts/{source}."""
        return self.intake.routes()

    def drawers(self) -> dict[str, Drawer]:
        """Post kind → what draws it."""
        return {
            CARD: self._card,
            OWNER: self._owner,
            THREAD: self._thread,
            AUTHOR: self._author,
        }

    def jobs(self) -> dict[str, Job]:
        """Durable jobs. Looked up when they run: `wire` comes later."""
        return {
            TRIAGE_JOB: lambda argument: self.triage.run(argument),
            WATCH_JOB: lambda argument: self.response.watch(argument),
        }

    def wire(
        self,
        deps: Deps,
        router: Router,
        *,
        engine: Engine,
        outbox: Outbox,
        granted: GrantedRequests,
        start_batch: StartBatch,
        bot_user_id: str,
        bot_id: str,
        team_id: str,
    ) -> None:
        """The second step: everything that acts."""
        clock, database = self._clock, self._database
        self.notifications = AlertNotifications(outbox=outbox, channel=self._settings.security_channel)
        self.ingest = AlertIngest(
            database=database,
            engine=engine,
            index=self.index,
            leaked_values=self.leaked_values,
            notifications=self.notifications,
            clock=clock,
        )
        self.response = AlertResponse(
            database=database,
            engine=engine,
            flow=deps.flow,
            granted=granted,
            operations=deps.operations,
            policy=deps.policy,
            leaked_values=self.leaked_values,
            notifications=self.notifications,
            start_batch=start_batch,
            bot_user_id=bot_user_id,
            team_id=team_id,
            clock=clock,
        )
        self.index_sync = IndexSync(
            index=self.index,
            fingerprints=self.fingerprints,
            reader=deps.reader,
            database=database,
            holder=self._holder,
            grown=self._grown,
            clock=clock,
        )
        self.triage = Triage(
            database=database,
            reader=deps.reader,
            index=self.index,
            index_sync=self.index_sync,
            ingest=self.ingest,
            response=self.response,
            notifications=self.notifications,
            github=self._github,
            clock=clock,
        )
        listeners.register(
            router,
            listeners.AlertListeners(
                deps, ingest=self.ingest, triage=self.triage, response=self.response, notifications=self.notifications
            ),
        )
        ours = frozenset({bot_user_id, bot_id})
        self.monitor = message_monitor.MessageMonitor(index=self.index, ingest=self.ingest, ours=ours, clock=clock)
        message_monitor.register(router, self.monitor)
        self._engine = engine

    async def start(self) -> None:
        """Begin to learn the account's keys."""
        await self.index_sync.start()

    async def stop(self) -> None:
        """End the background work, write down what waits."""
        if hasattr(self, "index_sync"):
            await self.index_sync.stop()
        await self.intake.close()
        if self._github is not None:
            await self._github.aclose()

    def follow(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """A request moved (approvals/cards/notifications.py): redraw its alert, count the time to dead."""
        self._count_dead(request)
        self.response.follow(c, request)

    def _count_dead(self, request: ApprovalRequest) -> None:
        seen = request.progress.revocation
        refused = None if seen is None else seen.refused_at
        if refused is None or request.id in self._dead:
            return
        self._dead[request.id] = None
        if len(self._dead) > _MOST_DEAD:
            self._dead.popitem(last=False)
        self._died(max(0.0, refused - request.asked_at))

    def changed(self) -> None:
        """A key was made or deleted: the index looks soon."""
        if hasattr(self, "index_sync"):
            self.index_sync.changed()

    def notes(self) -> list[str]:
        """For /readyz: how far the index is."""
        progress = self.index_sync.progress() if hasattr(self, "index_sync") else ""
        return [f"leaked keys: {progress}"] if progress else []

    async def _grown(self) -> None:
        """The index knows more keys: alerts whose values were unknown may mean one of them."""
        await self.monitor.look_again()
        since = self._clock() - PATIENCE
        for alert in await self._database.read(store.with_unknown, since=since):
            again = await self._database.run(self.triage.match_again, alert.id)
            if again.possible_keys:
                await self._database.run(self._triage_again, again)

    def _triage_again(self, c: sa.Connection, alert: Alert) -> None:
        self._engine.start(c, TRIAGE_JOB, f"alert:{alert.id}:known:{len(alert.possible_keys)}", str(alert.id))

    def _drawn(self, c: sa.Connection, post: PostRow) -> tuple[Alert, Requests] | None:
        alert = store.find(c, int(post.subject))
        return None if alert is None else (alert, requests_of(c, alert))

    def _card(self, c: sa.Connection, post: PostRow) -> Message | None:
        found = self._drawn(c, post)
        return (
            None if found is None else card(*found, units_per_usd=self._units_per_usd, batch=self._batch(c, found[0]))
        )

    def _batch(self, c: sa.Connection, alert: Alert) -> DisabledCount | None:
        return None if alert.batch_id is None else DisabledCount(*self._batch_progress(c, alert.batch_id))

    def _author(self, c: sa.Connection, post: PostRow) -> Message | None:
        found = self._drawn(c, post)
        return None if found is None else author_notice(*found)

    def _owner(self, c: sa.Connection, post: PostRow) -> Message | None:
        found = self._drawn(c, post)
        return None if found is None else owner_notice(found[0], int(post.body.get("key_id", 0)), found[1])

    def _thread(self, c: sa.Connection, post: PostRow) -> Message | None:
        found = self._drawn(c, post)
        return None if found is None else thread_answer(*found)
