"""Watching Keydesk from outside: /healthz, /readyz with reasons, /metrics for Prometheus. Knows no feature.

A look asks our own database and nothing else: what is said of Slack and the gateway is what the last real calls saw.
/readyz is 503 only for what keeps *this process* from answering people: a balancer that took every replica out because
the gateway is down would turn our honest sentences into Slack's "did not respond". All else is a note, and a metric.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot import __version__, durable
from bot.approvals import store
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.db.tables import posts
from bot.languages import catalog, english
from bot.policy_file import PolicyFile
from bot.slack.errors import FATAL_CODES

_ACK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_DEAD_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_DATABASE_SECONDS = 2.0
# A result of a gateway call (wire.py) that says something is wrong with more than the one call.
_GATEWAY_TROUBLE = {
    "GatewayAuthError": "the gateway does not take our access token; look at COMETAPI_ACCESS_TOKEN",
    "GatewayUnavailable": "the gateway cannot be reached, or has trouble",
    "GatewayLimited": "the gateway limits how often Keydesk may ask, and the limit is reached",
    "GatewayOutcomeUnknown": "the gateway cannot be reached, or has trouble",
    "GatewayProtocolError": "what answers is not the gateway's API; look at COMETAPI_BASE_URL",
}


@dataclass(frozen=True)
class _Counted:
    """What one look at the database found."""

    requests: Mapping[str, int]
    later: int
    due: int
    oldest_due: float
    waiting_posts: int
    troubled_posts: int


async def _no_reasons() -> Sequence[str]:
    return ()


class Health:
    """Counters, and whether this process can do its work.

    Asked at each look at /readyz: `blocked` for what keeps it from working (503), `reasons` for what else is wrong.
    """

    def __init__(
        self,
        *,
        database: Database,
        policy: PolicyFile,
        reasons: Callable[[], Awaitable[Sequence[str]]] = _no_reasons,
        blocked: Callable[[], Sequence[str]] = tuple,
        clock: Callable[[], float] = time.time,
        called: Callable[[str, str, float], None] = lambda _name, _outcome, _seconds: None,
    ) -> None:
        self.ready = False
        self._called = called
        self._database = database
        self._policy = policy
        self._reasons = reasons
        self._blocked = blocked
        self._clock = clock
        # What the last call ended with where that is trouble, by the name of the gateway.
        self._gateway_trouble: dict[str, str] = {}
        self._slack_fatal: str | None = None
        self._counted: dict[tuple[str, str], tuple[Histogram, Counter]] = {}
        self.registry = CollectorRegistry()
        self._count_what_happens(self.registry)
        self._measure_what_is(self.registry)

    def _count_what_happens(self, to: CollectorRegistry) -> None:
        self._acks = Histogram(
            "keydesk_ack_seconds", "Time to answer Slack", ["kind"], buckets=_ACK_SECONDS, registry=to
        )
        self._deliveries = Counter("keydesk_deliveries", "What Slack sent", ["kind", "outcome"], registry=to)
        self._rejected = Counter("keydesk_rejected", "Requests refused at the door, or repeated", ["why"], registry=to)
        self._gateway = Counter("keydesk_gateway_calls", "Calls to the gateway", ["result"], registry=to)
        self._slack = Counter("keydesk_slack_calls", "Calls to Slack's Web API", ["method", "result"], registry=to)
        self._held_back = Counter(
            "keydesk_slack_events_held_back", "Minutes in which Slack held our events back", registry=to
        )
        self._events = Counter("keydesk_webhook_events", "Events sent to KEYDESK_WEBHOOK_URL", ["result"], registry=to)
        self._dead = Histogram(
            "keydesk_time_to_dead_seconds",
            "From the order to disable a key until the gateway refused the key itself",
            buckets=_DEAD_SECONDS,
            registry=to,
        )

    def _measure_what_is(self, to: CollectorRegistry) -> None:
        build = Gauge("keydesk_build_info", "Always 1; the version is in the label", ["version"], registry=to)
        build.labels(__version__).set(1)
        absent = Gauge("keydesk_missing_catalogs", "Languages whose people read English", registry=to)
        absent.set_function(lambda: len(catalog.missing()))
        self._up = Gauge("keydesk_up", "1 = well, as last seen by real calls", ["what"], registry=to)
        for what in ("gateway", "slack", "database", "policy"):
            self._up.labels(what).set(1)
        self._requests = Gauge("keydesk_requests", "Requests by status", ["status"], registry=to)
        self._queue = Gauge("keydesk_queue_rows", "Durable work: its time has not come, or has", ["state"], registry=to)
        self._oldest = Gauge("keydesk_queue_oldest_due_seconds", "How long the oldest due work waits", registry=to)
        self._posts = Gauge("keydesk_posts", "Messages that Slack does not show yet", ["state"], registry=to)

    def observe(self, kind: str, outcome: str, seconds: float) -> None:
        """One delivery was answered."""
        found = self._counted.get((kind, outcome))
        if found is None:
            # Looked up once: finding the child of some labels takes longer than counting.
            found = self._counted[kind, outcome] = self._acks.labels(kind), self._deliveries.labels(kind, outcome)
        acks, deliveries = found
        acks.observe(seconds)
        deliveries.inc()

    def count(self, why: str) -> None:
        """One request was refused before it became a delivery, or repeated."""
        self._rejected.labels(why).inc()

    def gateway_called(self, doing: str, result: str, seconds: float, gateway: str = "") -> None:
        """One call to a gateway ended: "ok" or the name of the error class. `gateway`: "" = there is only one."""
        self._called(f"gateway: {doing}", result, seconds)
        self._gateway.labels(result).inc()
        self._gateway_trouble[gateway] = result if result in _GATEWAY_TROUBLE else ""
        self._up.labels("gateway").set(not any(self._gateway_trouble.values()))

    def silent_gateways(self) -> list[str]:
        """The names of the gateways, of several, whose last call got no answer that could be used."""
        return [name for name, result in self._gateway_trouble.items() if name and result not in {"", "GatewayLimited"}]

    def slack_called(self, method: str, result: str, seconds: float, _headers: Mapping[str, str]) -> None:
        """One call to Slack ended: "ok", Slack's error word, or "unavailable"."""
        self._called(f"slack: {method}", result, seconds)
        self._slack.labels(method, result).inc()
        if result in FATAL_CODES:
            self._slack_fatal = result
        elif result != "unavailable":
            self._slack_fatal = None
        self._up.labels("slack").set(result != "unavailable" and self._slack_fatal is None)

    def events_held_back(self) -> None:
        """Slack said that it delivers no events in this minute."""
        self._held_back.inc()

    def event_sent(self, result: str) -> None:
        """One event was sent to the webhook: "ok", "refused" or "unavailable"."""
        self._events.labels(result).inc()

    def key_died(self, seconds: float) -> None:
        """A disabled key was refused by the gateway for the first time, so long after the order to disable it."""
        self._dead.observe(seconds)

    def routes(self) -> list[BaseRoute]:
        """The routes of the public port: whether the process lives, and whether it is ready."""
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
        ]

    def detailed_routes(self) -> list[BaseRoute]:
        """For the operators' port: the reasons and the metrics tell an outsider too much."""
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz_in_detail, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _healthz(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _readyz(self, _request: Request) -> Response:
        problems = await self._problems()
        return JSONResponse({"ready": not problems}, status_code=503 if problems else 200)

    async def _problems(self) -> list[str]:
        """What keeps this process from answering people."""
        problems = [] if self.ready else ["starting or stopping"]
        problems += await self._database_problems()
        if self._slack_fatal is not None:
            problems.append(f"Slack does not take our token ({self._slack_fatal}); look at SLACK_BOT_TOKEN")
        return problems + list(self._blocked())

    async def _readyz_in_detail(self, _request: Request) -> Response:
        problems = await self._problems()
        # A broken policy file is said, but the old policy works: not a reason to take this process out.
        notes = [f"policy file: {problem}" for problem in self._policy.problems]
        notes += [_in_trouble(name, result) for name, result in self._gateway_trouble.items() if result]
        with contextlib.suppress(sa.exc.SQLAlchemyError):  # that the database is away is said above
            notes += [english(reason) for reason in await self._reasons()]
        body = {"ready": not problems, "problems": problems, "notes": notes}
        return JSONResponse(body, status_code=503 if problems else 200)

    async def _database_problems(self) -> list[str]:
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                await self._database.read(_one)
        except (TimeoutError, sa.exc.SQLAlchemyError) as error:
            return [f"database: {type(error).__name__}"]
        return []

    async def _metrics(self, _request: Request) -> Response:
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                counted = await self._database.read(_count, self._clock())
        except (TimeoutError, sa.exc.SQLAlchemyError):
            # Old numbers would look like true ones.
            self._up.labels("database").set(0)
            for gauge in (self._requests, self._queue, self._posts):
                gauge.clear()
        else:
            self._show(counted)
        self._up.labels("policy").set(not self._policy.problems)
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    def _show(self, counted: _Counted) -> None:
        self._up.labels("database").set(1)
        for status in Status:
            self._requests.labels(status.value).set(counted.requests.get(status.value, 0))
        self._queue.labels("later").set(counted.later)
        self._queue.labels("due").set(counted.due)
        self._oldest.set(counted.oldest_due)
        self._posts.labels("waiting").set(counted.waiting_posts)
        self._posts.labels("in_trouble").set(counted.troubled_posts)


def _in_trouble(gateway: str, result: str) -> str:
    return f"gateway {gateway}: {_GATEWAY_TROUBLE[result]}" if gateway else _GATEWAY_TROUBLE[result]


def _one(c: sa.Connection) -> None:
    c.execute(sa.text("SELECT 1"))


def _count(c: sa.Connection, now: float) -> _Counted:
    later, due, oldest_due = durable.backlog(c, now=now)
    undone = sa.select(
        sa.func.count().filter(posts.c.error.is_(None)), sa.func.count().filter(posts.c.error.is_not(None))
    ).where(posts.c.drawn < posts.c.wanted)
    waiting, troubled = c.execute(undone).one()
    return _Counted(store.counts(c), later, due, oldest_due, waiting, troubled)
