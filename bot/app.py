"""The life of one Keydesk: open what it needs (resources.py), meet Slack, build the rest (services.py), work, stop."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Unpack

import sqlalchemy as sa

from bot.db import leases
from bot.db.driver_reason import reason_of
from bot.db.engine import Database
from bot.db.migrate import migrate
from bot.durable import schema
from bot.errors import BotError, CannotStart, ConfigurationError
from bot.languages import load_all
from bot.resources import ResourceOptions, Resources
from bot.services import Services
from bot.settings import Settings
from bot.slack.http_endpoint import HttpApp, SlackEndpoint, http_app
from bot.slack.identity import identify

if TYPE_CHECKING:
    from bot.slack.socket_mode import SocketMode

STOP_SECONDS = 8.0


class Application:
    """One running Keydesk. `start`, then `stop`; or serve `asgi`, which does both. `options`: see Resources."""

    def __init__(self, settings: Settings, **options: Unpack[ResourceOptions]) -> None:
        self.resources = Resources(settings, blocked=self._blocked, reasons=self._reasons, **options)
        # None until Slack was met.
        self.services: Services | None = None
        self.failure: BotError | None = None
        self._socket: SocketMode | None = None

    async def start(self, *, work: bool = True, listen: bool = True) -> Services:
        """Meet Slack, build everything, begin to work. Raises ConfigurationError, CannotStart."""
        with database_in_use():
            return await self._start(work=work, listen=listen)

    async def _start(self, *, work: bool, listen: bool) -> Services:
        resources, settings = self.resources, self.resources.settings
        load_all()
        identity = await identify(resources.web, api_url=settings.slack_api_url, team_id=settings.slack_team_id)
        await resources.open_accounts()
        self.services = services = Services(resources, identity)
        if resources.database.dialect == "sqlite":
            # One process has the file, so whoever held these is dead: its work need not wait for them.
            await resources.database.run(leases.clear)
        await resources.accounts.accounts.start()
        await services.engine.launch(work=work)
        services.approvals.announcements.start()
        services.care.schedule.start()
        services.review.schedule.start()
        await services.alerts.start()
        await resources.accounts.capabilities.start()
        await services.maintenance.start()
        if services.webhooks is not None and work:
            await services.webhooks.start()
        if settings.slack_app_token is not None and listen:
            from bot.slack.socket_mode import SocketMode  # noqa: PLC0415  # most use HTTP

            self._socket = SocketMode(
                edge=services.edge,
                web=resources.web,
                app_token=settings.slack_app_token,
                count=resources.health.count,
            )
            await self._socket.start()
        resources.health.ready = True
        return services

    def _blocked(self) -> Sequence[str]:
        """What keeps this process from answering people now: /readyz is 503 then."""
        if self._socket is not None and not self._socket.connected:
            return ["Socket Mode is not connected"]
        return []

    async def _reasons(self) -> Sequence[str]:
        return [] if self.services is None else await self.services.reasons()

    async def stop(self) -> None:
        """Take no new work, finish or hand over what runs, close every connection."""
        self.resources.health.ready = False
        services = self.services
        if services is not None:
            await services.maintenance.stop()
            if services.webhooks is not None:
                await services.webhooks.stop()
            if self._socket is not None:
                await self._socket.stop()
            await services.windows.stop()
            await services.responder.drain(grace=STOP_SECONDS / 2)
            await services.alerts.stop()
            await services.approvals.announcements.stop()
            await services.care.schedule.stop()
            await services.review.schedule.stop()
            await services.approvals.lock_watch.stop()
            await services.engine.stop(grace=STOP_SECONDS / 2)
            await services.directory.close()
        await self.resources.close()

    async def give_up(self) -> None:
        """After a start that failed: end what had begun."""
        await self.resources.web.close()
        if self.services is not None:
            # What hindered the start may hinder the stop as well, and was told already.
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                await self.stop()

    def asgi(self, *, work: bool = True) -> HttpApp:
        """The HTTP side; its lifespan starts and stops everything. Without Slack's route in Socket Mode."""

        @contextlib.asynccontextmanager
        async def lifespan(app: HttpApp) -> AsyncIterator[None]:
            try:
                services = await self.start(work=work)
            except (CannotStart, ConfigurationError) as error:
                self.failure = error
                await self.give_up()
                raise
            # No request is served before this is over.
            app.serve(services.alerts.routes())
            if services.settings.slack_app_token is None:
                app.answer_slack(
                    SlackEndpoint(
                        edge=services.edge,
                        signing_secret=services.settings.slack_signing_secret,
                        clock=services.clock,
                        count=services.health.count,
                    )
                )
            try:
                yield
            finally:
                await self.stop()

        return http_app(routes=self.resources.health.routes(), lifespan=lifespan)


def prepare_database(database: Database) -> list[str]:
    """Bring the tables up to date, ours and the durable engine's. Returns what was done. Raises CannotStart."""
    with database_in_use():
        return migrate(database, also=[schema.migrate])


@contextlib.contextmanager
def database_in_use() -> Iterator[None]:
    """A database that does not do what it should (full, read-only, away, without a right) is one sentence."""
    try:
        yield
    except sa.exc.OperationalError as error:
        sentence = f"DATABASE_URL: the database cannot be used: {reason_of(error.orig)}. Nothing was half done."
        raise CannotStart(sentence) from error
