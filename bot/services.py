"""The second phase of the start: everything that acts, once Slack has said which app, bot and workspace this is."""

import functools
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot import __version__, oncall
from bot.alerts import bootstrap as alerts
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.intake.github import BASE_URL
from bot.approvals.bootstrap import Approvals
from bot.approvals.cards import acceptance_buttons, copies, copy_button, lock_notices
from bot.approvals.cards import listeners as card_listeners
from bot.approvals.cards.lock_notices import POST as UNLOCKED
from bot.approvals.cards.notifications import Notifications
from bot.approvals.cards.quiet_days import DAY, ChannelNoise, QuietDay
from bot.approvals.cards.receipt_windows import ReceiptWindows
from bot.approvals.cards.views import RequestViews
from bot.approvals.models import ApprovalRequest
from bot.care import bootstrap as care
from bot.care.kind import CareParts
from bot.care.requests import CareRequests
from bot.deps import Deps
from bot.durable.engine import Engine, Job
from bot.fallback_notices import JOB as UNREAD
from bot.fallback_notices import FallbackNotices
from bot.features import FEATURES, OPERATIONS
from bot.features.forms.receipt import read_receipt
from bot.gateway.limiter import asked_by
from bot.incident import bootstrap as incident
from bot.languages import trc
from bot.maintenance import Maintenance
from bot.permissions.models import Actor
from bot.resources import Resources
from bot.review import bootstrap as review
from bot.slack.blocks import Block
from bot.slack.channel_events import ChannelEvents
from bot.slack.command_words import other_words
from bot.slack.edge import Edge, Identity
from bot.slack.new_blocks import NewBlocks
from bot.slack.outbox import JOB as POST
from bot.slack.outbox import Drawer, Outbox
from bot.slack.people import people_of
from bot.slack.people_list import PeopleList
from bot.slack.person_languages import message_language
from bot.slack.person_limits import PersonLimits
from bot.slack.responder import Responder
from bot.slack.router import Router
from bot.slack.view_seal import ViewSeal
from bot.strangers import record_stranger
from bot.webhooks import webhook_sender

# Kinds of posts in the security channel → what people call their subject, when the channel does not take them.
SECURITY_POSTS = {
    **alerts.SECURITY_POSTS,
    **incident.SECURITY_POSTS,
    UNLOCKED: trc("what nobody in a channel sees", "the unlocking of key {number}"),
    **care.SECURITY_POSTS,
}
# Command words, action ids and callback ids of what stops a key: they have a share of their own.
STOPS_A_KEY = frozenset({"disable", "end", "key.disable", "key.end", "batch.start", "stop_batch", "disable_leaked_key"})


class Services:
    """Everything that acts. Read it from top to bottom to see what is built from what."""

    def __init__(self, resources: Resources, identity: Identity) -> None:
        self.resources = resources
        self.settings = resources.settings
        self.clock = resources.clock
        self.policy = resources.policy
        self.database = resources.database
        self.health = resources.health
        self.client = resources.client
        self.dollars = resources.dollars
        self.inventory = resources.inventory
        self.leaked_values = LeakedValues(clock=self.clock)
        self.engine = Engine(database=self.database, jobs={}, executor_id=resources.name, clock=self.clock)
        self._people(identity)
        self._messages()
        self.approvals = self._approvals()
        deps = self._deps()
        self.router = self._router(deps, identity)
        self._alerts_and_incidents(deps, identity)
        self.care = self._care(deps, identity)
        self.review = self._review(deps, identity)
        self.engine.register(self._jobs())
        # Not the signing secret: whoever can sign payloads must not be able to seal what a view remembers.
        view_seal = ViewSeal.of(self.settings.cometapi_access_token, clock=self.clock)
        form_alerts = NewBlocks(kind="form alerts", database=self.database, clock=self.clock)
        self.responder = Responder(
            web=resources.web, dm_channel=self.directory.dm_channel, view_seal=view_seal, form_alerts=form_alerts
        )
        self.edge = Edge(
            router=self.router,
            responder=self.responder,
            clock=self.clock,
            me=identity,
            on_stranger=functools.partial(record_stranger, self.database),
            on_held_back=self._events_held_back,
        )

    def _people(self, identity: Identity) -> None:
        """Who people are, and in which language they read."""
        pagerduty = oncall.client(
            self.settings.keydesk_pagerduty_token,
            url=self.settings.keydesk_pagerduty_url,
            proxies=self.resources.proxies,
        )
        people = people_of(
            web=self.resources.web,
            team_id=identity.team_id,
            database=self.database,
            policy=self.policy.current,
            pagerduty=pagerduty,
            clock=self.clock,
        )
        self.directory, self.zones, self.languages = people.directory, people.zones, people.languages

    def _messages(self) -> None:
        """What is said to people."""
        settings, dollars = self.settings, self.dollars
        self.drawing = RequestViews(operations=OPERATIONS, dollars=dollars, clock=self.clock)
        self.fallback_notices = FallbackNotices(
            database=self.database,
            engine=self.engine,
            policy=self.policy.current,
            members=self.directory.people,
            security=SECURITY_POSTS,
            retold={
                **alerts.retold(channel=settings.security_channel),
                **care.retold(channel=settings.keydesk_channel, clock=self.clock),
            },
            clock=self.clock,
        )
        noise = ChannelNoise(settings.keydesk_channel_noise)
        of_requests = self.drawing.drawers() | {DAY: QuietDay(OPERATIONS, noise).draw}
        of_review = review.drawers(
            dollars=dollars,
            policy=self.policy.current,
            on_call=self.directory.schedules.called,
            clock=self.clock,
        )
        of_security = self._security_drawers()
        self.outbox = Outbox(
            database=self.database,
            engine=self.engine,
            web=self.resources.web,
            directory=self.directory,
            drawers=of_requests | care.drawers(dollars=dollars) | of_review | of_security,
            urgent=frozenset(of_security),
            on_refusal=self.fallback_notices.tell,
            language_of=message_language(settings.keydesk_language),
            clock=self.clock,
        )
        files = self.resources.secret_files
        self.maintenance = Maintenance(
            database=self.database,
            policy=self.policy,
            outbox=self.outbox,
            channel=settings.security_channel,
            anchor=settings.keydesk_anchor_channel,
            version=__version__,
            clock=self.clock,
            **({} if files is None else {"look_at_secrets": files.look}),
        )
        self.webhooks = webhook_sender(
            settings.keydesk_webhook_url,
            database=self.database,
            secrets=settings.webhook_secrets,
            holder=self.resources.name,
            proxies=self.resources.proxies,
            clock=self.clock,
            observe=self.health.event_sent,
        )
        self.notifications = Notifications(outbox=self.outbox, channel=settings.keydesk_channel, noise=noise)

    def _security_drawers(self) -> dict[str, Drawer]:
        """What draws the messages of the security channel, which overtake all others."""
        of_alerts = alerts.drawers(
            dollars=self.dollars,
            batch_progress=incident.progress_of,
            policy=self.policy.current,
            on_call=self.directory.schedules.called,
            clock=self.clock,
        )
        return of_alerts | incident.DRAWERS | lock_notices.DRAWERS | copies.DRAWERS

    def _approvals(self) -> Approvals:
        """From a request to its outcome."""
        return Approvals(
            database=self.database,
            engine=self.engine,
            client=self.client,
            inventory=self.inventory,
            policy=self.policy.current,
            directory=self.directory,
            notifications=self.notifications,
            outbox=self.outbox,
            operations=OPERATIONS,
            leaked=self.leaked_values.of_key,
            learn=self.resources.accounts.capabilities.learn,
            security_channel=self.settings.security_channel,
            dollars=self.dollars,
            most_open=self.settings.keydesk_open_requests,
            holder=self.resources.name,
            clock=self.clock,
        )

    def _deps(self) -> Deps:
        """What features may use."""
        self.windows = ReceiptWindows(database=self.database, update=self._update_view, draw=self._draw_receipt)
        return Deps(
            flow=self.approvals.flow,
            counts=self.approvals.counts,
            actions=self.approvals.actions,
            windows=self.windows,
            reader=self.client,
            inventory=self.inventory,
            known=self.resources.known_keys,
            database=self.database,
            directory=self.directory,
            policy=self.policy.current,
            operations=OPERATIONS,
            dollars=self.dollars,
            channel=self.settings.keydesk_channel,
            addresses=self.resources.accounts.addresses,
            count_name_bytes=self.resources.accounts.capabilities.counts_bytes,
            languages=self.languages,
            problems=self.problems,
            silent_gateways=self.health.silent_gateways,
            open_alerts=self._open_alerts,
            in_open_alerts=alerts.in_open_alerts,
            open_reviews=self.open_reviews,
            clock=self.clock,
        )

    def _router(self, deps: Deps, identity: Identity) -> Router:
        """Every way in from Slack, but those of alerts and incident mode."""
        limits = PersonLimits(
            per_minute=self.settings.keydesk_commands_per_minute, urgent=STOPS_A_KEY, clock=self.clock
        )
        router = Router(
            observe=self.health.observe,
            limits=limits,
            language_of=self.languages.of,
            other_words=other_words(),
            span=self.resources.telemetry.span,
            asked_by=asked_by,
        )
        for register in FEATURES:
            register(router, deps)
        cards = card_listeners.CardListeners(
            database=self.database,
            actions=deps.actions,
            directory=self.directory,
            drawing=self.drawing,
            dollars=deps.dollars,
            clock=self.clock,
        )
        card_listeners.register(router, cards)
        answers = acceptance_buttons.AcceptanceButtons(acceptances=self.approvals.acceptances, directory=self.directory)
        acceptance_buttons.register(router, answers)
        copied = copy_button.CopyButton(copies=self.approvals.key_copies, directory=self.directory)
        copy_button.register(router, copied)
        self.directory.register(router)
        ChannelEvents(self.outbox, identity.bot_user_id).register(router)
        return router

    def _alerts_and_incidents(self, deps: Deps, identity: Identity) -> None:
        """Leaked keys, and many keys at once."""
        self.incident = incident.build(
            deps,
            self.router,
            engine=self.engine,
            outbox=self.outbox,
            writes=self.approvals.writes,
            channel=self.settings.security_channel,
            changed=self.inventory.changed,
            leaked=self.leaked_values.of_key,
            key_locks=self.approvals.key_locks,
        )
        settings = alerts.AlertSettings(
            secrets=self.settings.alert_secrets(),
            github_token=self.settings.github_token,
            # A secret that every deployment has and that never leaves it (docs/alerts.md).
            fingerprint_secret=self.settings.slack_signing_secret,
            security_channel=self.settings.security_channel,
        )
        ways = alerts.AlertWays(
            identity=identity,
            engine=self.engine,
            outbox=self.outbox,
            granted=self.approvals.granted,
            start_batch=self.incident.begin,
            batch_progress=incident.progress_of,
            leaked_values=self.leaked_values,
            holder=self.resources.name,
            list_passes=self.resources.accounts.list_passes,
            count=self.health.count,
            died=self.health.key_died,
            github_transport=self.resources.github_transport,
            github_proxy=self.resources.proxies.of_url(BASE_URL),
        )
        self.alerts = alerts.Alerts(deps, self.router, settings, ways)
        self.notifications.subscribe(self.alerts.follow)
        self.incident.subscribe(key_changed=self.alerts.response.key_changed, moved=self.alerts.response.batch_moved)
        self.incident.subscribe(key_changed=self.approvals.key_changed)

    def _care(self, deps: Deps, identity: Identity) -> care.Care:
        """What comes to people by itself, after each list of all keys."""
        parts = CareParts(
            deps=deps,
            engine=self.engine,
            outbox=self.outbox,
            approvals=self.approvals,
            requests=CareRequests(
                deps=deps,
                granted=self.approvals.granted,
                bot_user_id=identity.bot_user_id,
                team_id=identity.team_id,
            ),
            zones=self.zones,
            terms=lambda: self.policy.current().care,
            security_channel=self.settings.security_channel,
            people=PeopleList(web=self.resources.web, team_id=identity.team_id),
            in_batch=incident.is_writing,
        )
        made = care.Care(parts, self.router)
        self.notifications.subscribe(made.follow)
        self.approvals.execution.subscribe(made.settled)
        self.incident.subscribe(key_changed=made.batch_changed)
        for one in self.resources.accounts.list_passes:
            one.subscribe(made.schedule.passed)
        return made

    def _review(self, deps: Deps, identity: Identity) -> review.Reviews:
        """Keys that somebody should look at."""
        made = review.build(
            deps,
            self.router,
            identity=identity,
            outbox=self.outbox,
            granted=self.approvals.granted,
            security_channel=self.settings.security_channel,
        )
        for one in self.resources.accounts.list_passes:
            one.subscribe(made.schedule.passed)
        self.notifications.subscribe(made.decisions.follow)
        return made

    def _jobs(self) -> Mapping[str, Job]:
        """Every durable job by name."""
        jobs: dict[str, Job] = {
            **self.approvals.jobs(),
            POST: self.outbox.deliver,
            UNREAD: functools.partial(self.fallback_notices.run, self.outbox),
            **self.alerts.jobs(),
            incident.JOB: self.incident.run,
            **self.care.jobs,
        }
        return {name: self.resources.telemetry.traced(name, job) for name, job in jobs.items()}

    async def open_reviews(self, actor: Actor) -> list[Block]:
        """Rows about keys that this person is asked to review, or to decide about."""
        reviews = await self.database.read(review.home_rows, actor, self.policy.current())
        return [*reviews, *await self.care.home_rows(actor)]

    async def _update_view(self, view_id: str, view: dict[str, Any]) -> None:
        await self.resources.web.write("views.update", interactive=True, view_id=view_id, view=view)

    def _draw_receipt(self, c: sa.Connection, request: ApprovalRequest) -> dict[str, Any]:
        return read_receipt(c, request, OPERATIONS[request.operation], channel=self.settings.keydesk_channel)

    async def _open_alerts(self, actor: Actor) -> list[Block]:
        return await self.alerts.calls.home_rows(actor)

    async def _events_held_back(self) -> None:
        self.health.events_held_back()
        await self.maintenance.events_held_back()

    async def reasons(self) -> list[str]:
        """What is wrong, for /readyz, though this process answers people."""
        resources, webhooks = self.resources, self.webhooks.problem if self.webhooks else ""
        await resources.accounts.check_units()
        await self.directory.schedules.look()
        return [
            *resources.gateway_problems(),
            *filter(None, [self.maintenance.problem, webhooks]),
            *self.directory.problems(),
            *await self.outbox.problems(),
            *self.alerts.notes(),
            *(files.problems if (files := self.resources.secret_files) else ()),
        ]

    async def problems(self) -> list[str]:
        """The same and the policy's mistakes, for the Home of those who can mend it."""
        return [*self.policy.problems, *await self.reasons()]
