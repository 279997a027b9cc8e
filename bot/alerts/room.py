"""Makes everything that alerts need and names its ways in. Built once by app.py, which hands in plain values."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import httpx
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.routing import BaseRoute

from bot.alerts import batch_listeners, guard, listeners, store
from bot.alerts.batch_run import ALARM_POST as BATCH_ALARM
from bot.alerts.batch_run import JOB as BATCH
from bot.alerts.batch_run import OWNER_POST as BATCH_OWNER
from bot.alerts.batch_run import POST as BATCH_POST
from bot.alerts.batch_run import BatchRun
from bot.alerts.fingerprints import Fingerprints
from bot.alerts.github_api import GithubApi
from bot.alerts.held import Held
from bot.alerts.index import KeyIndex
from bot.alerts.indexing import Indexing
from bot.alerts.intake import Intake
from bot.alerts.killing import WATCH, Killer
from bot.alerts.listeners import requests_of
from bot.alerts.looking import PATIENCE, Looking
from bot.alerts.models import Alert
from bot.alerts.posts import CARD, OWNER, THREAD, Teller
from bot.alerts.receiving import LOOK, Receiver
from bot.alerts.views import Requests, card, owner_notice, thread_answer
from bot.approvals.models import ApprovalRequest
from bot.approvals.posts import Announcer
from bot.approvals.writers import Writers
from bot.db.engine import Database
from bot.deps import Deps
from bot.durable.engine import Engine, Job
from bot.gateway.client import GatewayClient
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
        clock: Callable[[], float],
        github_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._holder = holder
        self._units_per_usd = units_per_usd
        self._died = died
        self._clock = clock
        self._dead: OrderedDict[int, None] = OrderedDict()
        self.fingerprints = Fingerprints(settings.fingerprint_secret)
        self.index = KeyIndex(self.fingerprints)
        self.held = Held(clock=clock)
        token = settings.github_token
        self._github = None if token is None else GithubApi(token=token, transport=github_transport)
        self.intake = Intake(
            secrets=settings.secrets,
            receive=lambda incoming: self.receiver.receive(incoming),
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
            BATCH_POST: batch_listeners.draw,
            BATCH_OWNER: batch_listeners.draw_owner,
            BATCH_ALARM: batch_listeners.draw_alarm,
        }

    def jobs(self) -> dict[str, Job]:
        """Durable jobs. Looked up when they run: `wire` comes later."""
        return {
            LOOK: lambda argument: self.looking.look(argument),
            WATCH: lambda argument: self.killer.watch(argument),
            BATCH: lambda argument: self.batches.run(argument),
        }

    def wire(
        self,
        deps: Deps,
        router: Router,
        *,
        engine: Engine,
        outbox: Outbox,
        announcer: Announcer,
        client: GatewayClient,
        writers: Writers,
        changed: Callable[[], None],
        bot_user_id: str,
        bot_id: str,
        team_id: str,
    ) -> None:
        """The second step: everything that acts."""
        clock, database = self._clock, self._database
        self.teller = Teller(outbox=outbox, channel=self._settings.security_channel)
        self.receiver = Receiver(
            database=database, engine=engine, index=self.index, held=self.held, teller=self.teller, clock=clock
        )
        self.killer = Killer(
            database=database,
            engine=engine,
            flow=deps.flow,
            announcer=announcer,
            operations=deps.operations,
            policy=deps.policy,
            held=self.held,
            teller=self.teller,
            bot_user_id=bot_user_id,
            team_id=team_id,
            clock=clock,
        )
        self.indexing = Indexing(
            index=self.index,
            fingerprints=self.fingerprints,
            reader=deps.reader,
            database=database,
            holder=self._holder,
            grown=self._grown,
            clock=clock,
        )
        self.looking = Looking(
            database=database,
            reader=deps.reader,
            index=self.index,
            indexing=self.indexing,
            receiver=self.receiver,
            killer=self.killer,
            teller=self.teller,
            github=self._github,
            clock=clock,
        )
        listeners.register(
            router,
            listeners.Listeners(
                deps, receiver=self.receiver, looking=self.looking, killer=self.killer, teller=self.teller
            ),
        )
        ours = frozenset({bot_user_id, bot_id})
        guard.register(router, guard.Guard(index=self.index, receiver=self.receiver, ours=ours))
        self._wire_batches(deps, router, engine=engine, outbox=outbox, client=client, writers=writers, changed=changed)
        self._engine = engine

    def _wire_batches(
        self,
        deps: Deps,
        router: Router,
        *,
        engine: Engine,
        outbox: Outbox,
        client: GatewayClient,
        writers: Writers,
        changed: Callable[[], None],
    ) -> None:
        channel = self._settings.security_channel
        self.batches = BatchRun(
            database=self._database,
            client=client,
            writers=writers,
            policy=deps.policy,
            actor_of=deps.directory.actor,
            outbox=outbox,
            channel=channel,
            changed=changed,
            key_changed=self.killer.key_changed,
            leaked=self.held.of_key,
            clock=self._clock,
        )
        batch_listeners.register(
            router, batch_listeners.BatchListeners(deps, engine=engine, runner=self.batches, channel=channel)
        )

    async def start(self) -> None:
        """Begin to learn the account's keys."""
        await self.indexing.start()

    async def stop(self) -> None:
        """End the background work, write down what waits."""
        if hasattr(self, "indexing"):
            await self.indexing.stop()
        await self.intake.close()
        if self._github is not None:
            await self._github.aclose()

    def follow(self, c: sa.Connection, request: ApprovalRequest) -> None:
        """A request moved (approvals/posts.py): redraw its alert, count the time to dead."""
        self._count_dead(request)
        self.killer.follow(c, request)

    def _count_dead(self, request: ApprovalRequest) -> None:
        probe = request.progress.get("probe")
        refused = probe.get("refused_at") if isinstance(probe, dict) else None
        if refused is None or request.id in self._dead:
            return
        self._dead[request.id] = None
        if len(self._dead) > _MOST_DEAD:
            self._dead.popitem(last=False)
        self._died(max(0.0, float(refused) - request.asked_at))

    def changed(self) -> None:
        """A key was made or deleted: the index looks soon."""
        if hasattr(self, "indexing"):
            self.indexing.changed()

    def notes(self) -> list[str]:
        """For /readyz: how far the index is."""
        progress = self.indexing.progress() if hasattr(self, "indexing") else ""
        return [f"leaked keys: {progress}"] if progress else []

    async def _grown(self) -> None:
        """The index knows more keys: alerts whose values were unknown may mean one of them."""
        since = self._clock() - PATIENCE
        for alert in await self._database.read(store.with_unknown, since=since):
            again = await self._database.run(self.looking.match_again, alert.id)
            if again.possible_keys:
                await self._database.run(self._look_again, again)

    def _look_again(self, c: sa.Connection, alert: Alert) -> None:
        self._engine.start(c, LOOK, f"alert:{alert.id}:known:{len(alert.possible_keys)}", str(alert.id))

    def _drawn(self, c: sa.Connection, post: PostRow) -> tuple[Alert, Requests] | None:
        alert = store.find(c, int(post.subject))
        return None if alert is None else (alert, requests_of(c, alert))

    def _card(self, c: sa.Connection, post: PostRow) -> Message | None:
        found = self._drawn(c, post)
        return None if found is None else card(*found, units_per_usd=self._units_per_usd)

    def _owner(self, c: sa.Connection, post: PostRow) -> Message | None:
        found = self._drawn(c, post)
        return None if found is None else owner_notice(found[0], int(post.body.get("key_id", 0)), found[1])

    def _thread(self, c: sa.Connection, post: PostRow) -> Message | None:
        found = self._drawn(c, post)
        return None if found is None else thread_answer(*found)
