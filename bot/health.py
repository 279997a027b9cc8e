"""Watching Keydesk from outside: /healthz, /readyz with reasons, /metrics for Prometheus. Knows no feature."""

import asyncio
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.db.engine import Database
from bot.policy_file import PolicyFile

_ACK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_DATABASE_SECONDS = 2.0


class Health:
    """Counters, and whether this process can do its work. `reasons` are asked at each look at /readyz."""

    def __init__(self, *, database: Database, policy: PolicyFile, reasons: Callable[[], Sequence[str]]) -> None:
        self.ready = False
        self._database = database
        self._policy = policy
        self._reasons = reasons
        self.registry = CollectorRegistry()
        self._acks = Histogram(
            "keydesk_ack_seconds", "Time to answer Slack", ["kind"], buckets=_ACK_SECONDS, registry=self.registry
        )
        self._deliveries = Counter("keydesk_deliveries", "What Slack sent", ["kind", "outcome"], registry=self.registry)
        self._rejected = Counter("keydesk_rejected", "Requests refused at the door", ["why"], registry=self.registry)

    def observe(self, kind: str, outcome: str, seconds: float) -> None:
        """One delivery was answered."""
        self._acks.labels(kind).observe(seconds)
        self._deliveries.labels(kind, outcome).inc()

    def count(self, why: str) -> None:
        """One request was refused before it became a delivery, or repeated."""
        self._rejected.labels(why).inc()

    def routes(self) -> list[BaseRoute]:
        """The three pages."""
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _healthz(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _readyz(self, _request: Request) -> Response:
        problems = [] if self.ready else ["starting or stopping"]
        problems += await self._database_problems()
        # A broken policy file is said, but the old policy works: not a reason to take this process out.
        notes = [f"policy file: {problem}" for problem in self._policy.problems] + list(self._reasons())
        body = {"ready": not problems, "problems": problems, "notes": notes}
        return JSONResponse(body, status_code=503 if problems else 200)

    async def _database_problems(self) -> list[str]:
        try:
            await asyncio.wait_for(self._database.read(_one), _DATABASE_SECONDS)
        except (TimeoutError, sa.exc.SQLAlchemyError) as error:
            return [f"database: {type(error).__name__}"]
        return []

    async def _metrics(self, _request: Request) -> Response:
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def _one(c: sa.Connection) -> None:
    c.execute(sa.text("SELECT 1"))
