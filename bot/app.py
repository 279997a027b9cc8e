"""The composition root: makes every long-lived object once, in order, and takes them down in the other order.

Read `Application` from top to bottom to see how the house is wired. Nothing else builds clients.
"""

import asyncio
import contextlib
import functools
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import httpx
from starlette.applications import Starlette

from bot import __version__
from bot.abilities import Abilities
from bot.alerts.bootstrap import Alerts, AlertSettings
from bot.approvals.actions import RequestActions
from bot.approvals.cards import listeners as card_listeners
from bot.approvals.cards.notifications import Notifications
from bot.approvals.cards.views import RequestViews
from bot.approvals.execution import Execution
from bot.approvals.flow import Flow
from bot.approvals.granted import GrantedRequests
from bot.approvals.revocation.check import JOB as PROBE
from bot.approvals.revocation.check import RevocationChecks
from bot.approvals.rotation.overlap import JOB as RETIRE
from bot.approvals.rotation.overlap import RotationOverlap
from bot.approvals.timers import Timers
from bot.approvals.verified_write import VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.audit import Fact, append
from bot.db import leases
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.deps import Deps
from bot.durable import schema
from bot.durable.engine import Engine, Job
from bot.errors import BotError, CannotStart, ConfigurationError
from bot.fallback_notices import FallbackNotices
from bot.features import FEATURES, OPERATIONS
from bot.gateway.client import GatewayClient, connect
from bot.health import Health
from bot.incident import bootstrap as incident
from bot.keys.account import AccountBinding
from bot.keys.inventory import Inventory
from bot.logs import for_request, redact
from bot.maintenance import Maintenance
from bot.policy_file import PolicyFile
from bot.settings import Settings
from bot.slack.bolt import Identity, build_bolt
from bot.slack.delivery import Delivery
from bot.slack.directory import Directory
from bot.slack.http_endpoint import SlackEndpoint, http_app
from bot.slack.identity import identify
from bot.slack.outbox import JOB as POST
from bot.slack.outbox import Outbox
from bot.slack.responder import Responder
from bot.slack.router import Router
from bot.slack.socket_mode import SocketMode
from bot.slack.web_client import SlackWebClient
from bot.telemetry import configured

logger = logging.getLogger(__name__)

STOP_SECONDS = 8.0


class Application:
    """One running Keydesk: `start`, serve `asgi`, `stop`. The transports are for tests with a gateway in process."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database | None = None,
        gateway_transport: httpx.AsyncBaseTransport | None = None,
        github_transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.policy = PolicyFile(settings.keydesk_policy, units_per_usd=settings.keydesk_units_per_usd)
        self.database = database or open_database(settings.database_url)
        self.telemetry = configured(settings.otel_endpoint, version=__version__)
        self.health = Health(
            database=self.database,
            policy=self.policy,
            blocked=self._blocked,
            reasons=self._reasons,
            clock=clock,
            called=self.telemetry.called,
        )
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.client: GatewayClient = connect(
            base_url=settings.cometapi_base_url,
            access_token=settings.cometapi_access_token,
            user_id=settings.cometapi_user_id,
            transport=gateway_transport,
            clock=clock,
            sleep=sleep,
            observe=self.health.gateway_called,
        )
        self.account = AccountBinding(
            database=self.database, reader=self.client, address=str(settings.cometapi_base_url), clock=clock
        )
        self.inventory = Inventory(self.client, clock=clock, listed=self.account.listed)
        self.abilities = Abilities(database=self.database, reader=self.client)
        self.web = SlackWebClient(
            token=settings.slack_bot_token, api_url=settings.slack_api_url, observe=self.health.slack_called
        )
        self.alerts = Alerts(
            settings=_alert_settings(settings),
            database=self.database,
            holder=self.name,
            units_per_usd=settings.keydesk_units_per_usd,
            count=self.health.count,
            died=self.health.key_died,
            batch_progress=incident.progress_of,
            clock=clock,
            github_transport=github_transport,
        )
        self.failure: BotError | None = None
        self._socket: SocketMode | None = None

    async def start(self, *, work: bool = True, listen: bool = True) -> None:
        """Meet Slack, wire everything, begin to work. Raises ConfigurationError."""
        identity = await identify(self.web, api_url=self.settings.slack_api_url)
        self._wire(identity)
        if self.database.dialect == "sqlite":
            # One process has the file, so whoever held these is dead: its work need not wait for them.
            await self.database.run(leases.clear)
        await self.account.start()
        await self.engine.launch(work=work)
        await self.alerts.start()
        await self.abilities.start()
        await self.maintenance.start()
        app_token = self.settings.slack_app_token
        if app_token is not None and listen:
            self._socket = SocketMode(edge=self.edge, web=self.web, app_token=app_token, count=self.health.count)
            await self._socket.start()
        self.health.ready = True

    def _wire(self, identity: Identity) -> None:
        settings, clock, database = self.settings, self.clock, self.database
        units = settings.keydesk_units_per_usd
        self.directory = Directory(
            web=self.web,
            team_id=identity.team_id,
            group_ids=lambda: self.policy.current().group_ids(),
            clock=clock,
            counts=lambda actor: self.policy.current().counts(actor),
        )
        self.engine = Engine(database=database, jobs=self._jobs(), executor_id=self.name, clock=clock)
        drawing = RequestViews(
            operations=OPERATIONS,
            units_per_usd=units,
            clock=clock,
            nobody=lambda roles: self.directory.nobody(self.policy.current().roles.ids(roles)),
        )
        urgent = frozenset(self.alerts.drawers()) | frozenset(incident.DRAWERS)
        self.outbox = Outbox(
            database=database,
            engine=self.engine,
            web=self.web,
            directory=self.directory,
            drawers=drawing.drawers() | self.alerts.drawers() | incident.DRAWERS,
            urgent=urgent,
            unreachable=FallbackNotices(self.policy.current, self.directory.known, urgent).tell,
            clock=clock,
        )
        self.maintenance = Maintenance(
            database=database,
            policy=self.policy,
            outbox=self.outbox,
            channel=settings.security_channel,
            anchor=settings.keydesk_anchor_channel,
            version=__version__,
            clock=clock,
        )
        notifications = Notifications(
            outbox=self.outbox, channel=settings.keydesk_channel, followers=(self.alerts.follow,)
        )
        granted = GrantedRequests(engine=self.engine, notifications=notifications)
        self.timers = Timers(database=database, engine=self.engine, notifications=notifications, clock=clock)
        self.revocation_checks = RevocationChecks(
            database=database,
            engine=self.engine,
            client=self.client,
            notifications=notifications,
            leaked=self.alerts.leaked_values.of_key,
        )
        self.rotation_overlap = RotationOverlap(
            database=database,
            engine=self.engine,
            granted=granted,
            notifications=notifications,
            operations=OPERATIONS,
            clock=clock,
        )
        write_locks = WriteLocks(database=database, holder=self.name, operations=OPERATIONS, clock=clock)
        writes = VerifiedWrites(client=self.client, database=database, write_locks=write_locks)
        self.execution = Execution(
            database=database,
            reader=self.client,
            writes=writes,
            policy=self.policy.current,
            actor_of=functools.partial(self.directory.actor, fresh=True),
            notifications=notifications,
            operations=OPERATIONS,
            changed=self._keys_changed,
            learn=self.abilities.learn,
            followers=(self.revocation_checks.follow, self.rotation_overlap.follow),
            clock=clock,
        )
        actions = RequestActions(
            database=database,
            engine=self.engine,
            policy=self.policy.current,
            notifications=notifications,
            operations=OPERATIONS,
            clock=clock,
        )
        flow = Flow(
            database=database,
            engine=self.engine,
            reader=self.client,
            inventory=self.inventory,
            policy=self.policy.current,
            notifications=notifications,
            granted=granted,
            operations=OPERATIONS,
            units_per_usd=units,
            clock=clock,
        )
        deps = Deps(
            flow=flow,
            actions=actions,
            reader=self.client,
            inventory=self.inventory,
            database=database,
            directory=self.directory,
            policy=self.policy.current,
            operations=OPERATIONS,
            units_per_usd=units,
            channel=settings.keydesk_channel,
            count_name_bytes=lambda: self.abilities.counts_bytes,
            problems=lambda: [*self.policy.problems, *self._reasons()],
            clock=clock,
        )
        router = Router(observe=self.health.observe, span=self.telemetry.span)
        for register in FEATURES:
            register(router, deps)
        cards = card_listeners.CardListeners(
            database=database,
            actions=actions,
            directory=self.directory,
            drawing=drawing,
            units_per_usd=units,
            clock=clock,
        )
        card_listeners.register(router, cards)
        self.directory.register(router)
        self.alerts.wire(
            deps,
            router,
            engine=self.engine,
            outbox=self.outbox,
            granted=granted,
            start_batch=lambda c, **batch: self.incident.begin(c, **batch),
            bot_user_id=identity.bot_user_id,
            bot_id=identity.bot_id,
            team_id=identity.team_id,
        )
        self.incident: incident.BatchExecution = incident.build(
            deps,
            router,
            engine=self.engine,
            outbox=self.outbox,
            writes=writes,
            channel=settings.security_channel,
            changed=self._keys_changed,
            key_changed=self.alerts.response.key_changed,
            moved=self.alerts.response.batch_moved,
            leaked=self.alerts.leaked_values.of_key,
        )
        self.router = router
        self.responder = Responder(web=self.web, dm_channel=self.directory.dm_channel)
        self.edge = build_bolt(
            router=router, responder=self.responder, clock=clock, me=identity, on_stranger=self._record_stranger
        )

    def _jobs(self) -> Mapping[str, Job]:
        """Every durable job by name. Looked up when it runs, since the engine is made before what it runs."""
        jobs: dict[str, Job] = {
            "run": for_request(lambda argument: self.execution.run(argument)),
            "lapse": for_request(lambda argument: self.timers.lapse(argument)),
            "remind": for_request(lambda argument: self.timers.remind(argument)),
            "redraw": for_request(lambda argument: self.timers.redraw(argument)),
            PROBE: lambda argument: self.revocation_checks.probe(argument),
            RETIRE: lambda argument: self.rotation_overlap.retire(argument),
            POST: lambda argument: self.outbox.deliver(argument),
            **self.alerts.jobs(),
            incident.JOB: lambda argument: self.incident.run(argument),
        }
        return {name: self.telemetry.traced(name, job) for name, job in jobs.items()}

    def _keys_changed(self) -> None:
        self.inventory.changed()
        self.alerts.changed()

    async def _record_stranger(self, delivery: Delivery) -> None:
        # Redacted before it is cut: the beginning of a key no longer looks like one.
        word = redact("".join(delivery.text.split(maxsplit=1)[:1]))[:40]
        details = {"kind": "outsider", "team": delivery.team_id, "tried": delivery.callback_id or word}
        await self.database.run(append, fact=Fact.REFUSED, at=self.clock(), actor=delivery.user_id, details=details)

    def _blocked(self) -> list[str]:
        """What keeps this process from answering people now: /readyz is 503 then."""
        lost = self._socket is not None and not self._socket.connected
        return ["Socket Mode is not connected"] if lost else []

    def _reasons(self) -> list[str]:
        """What else is wrong, for /readyz; with the policy's mistakes also for the Home of those who can mend it."""
        problems = list(self.directory.problems()) if hasattr(self, "directory") else []
        problems += self.outbox.problems() if hasattr(self, "outbox") else []
        return [*filter(None, [self.account.problem]), *problems, *self.alerts.notes()]

    async def stop(self) -> None:
        """Take no new work, finish or hand over what runs, close every connection."""
        self.health.ready = False
        if hasattr(self, "maintenance"):
            await self.maintenance.stop()
        if self._socket is not None:
            await self._socket.stop()
        if hasattr(self, "responder"):
            await self.responder.drain(grace=STOP_SECONDS / 2)
        await self.alerts.stop()
        if hasattr(self, "engine"):
            await self.engine.stop(grace=STOP_SECONDS / 2)
        if hasattr(self, "directory"):
            await self.directory.close()
        await self.abilities.close()
        await self.inventory.close()
        await self.web.close()
        await self.client.aclose()
        self.telemetry.close()
        self.database.close()

    def asgi(self, *, work: bool = True) -> Starlette:
        """The HTTP side; its lifespan starts and stops everything. Without Slack's route in Socket Mode."""

        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            try:
                await self.start(work=work)
            except (CannotStart, ConfigurationError) as error:
                self.failure = error
                await self.web.close()
                raise
            try:
                yield
            finally:
                await self.stop()

        endpoint = None
        if self.settings.slack_app_token is None:
            secret, count = self.settings.slack_signing_secret, self.health.count
            endpoint = SlackEndpoint(edge=lambda: self.edge, signing_secret=secret, clock=self.clock, count=count)
        return http_app(endpoint=endpoint, routes=[*self.health.routes(), *self.alerts.routes()], lifespan=lifespan)


def _alert_settings(settings: Settings) -> AlertSettings:
    kinds = {
        "generic": "secret",
        "github": "secret",
        "gitlab": "token",
        "gitguardian": "secret",
        "alertmanager": "token",
    }
    return AlertSettings(
        secrets={source: getattr(settings, f"keydesk_alert_{kind}_{source}") for source, kind in kinds.items()},
        github_token=settings.github_token,
        # A secret that every deployment has and that never leaves it (docs/alerts.md).
        fingerprint_secret=settings.slack_signing_secret,
        security_channel=settings.security_channel,
    )


def prepare_database(database: Database) -> list[str]:
    """Bring the tables up to date, ours and the durable engine's. Returns what was done."""
    return migrate(database, also=[schema.migrate])
