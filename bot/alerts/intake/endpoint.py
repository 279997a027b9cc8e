"""POST /alerts/{source}, beside Slack's route and in Socket Mode too.

The signature is checked on the raw bytes before anything is parsed and stored.

| What came                                                   | Answer |
|-------------------------------------------------------------|--------|
| a source that is not configured, or is none                 | 404    |
| over 1 MB                                                   | 413    |
| no, wrong, doubled, old or future proof                     | 401    |
| proven, but named as no JSON, no JSON object in UTF-8, or   | 400    |
| not what the source sends                                   |        |
| proven, but of a kind that tells of no leak                  | 200    |
| stored (again)                                              | 202 {"id": …} |

Every refusal is counted in /metrics. The record gets one line per source, reason and minute with how many there were,
so that a flood cannot fill it. What was sent is in neither.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

import sqlalchemy as sa
from pydantic import SecretStr
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.alerts.detection.long_text import read_aside
from bot.alerts.intake import signatures
from bot.alerts.intake.sources import GITHUB_EVENT, IncomingAlert, MalformedAlert, form_payload, parse
from bot.audit import Fact, append
from bot.db.engine import Database

logger = logging.getLogger(__name__)

BODY_LIMIT = 1_000_000
REFUSALS_EVERY = 60.0
# What GitHub sends unless it is told otherwise: the JSON is the field `payload`.
FORM = "application/x-www-form-urlencoded"
TOO_LARGE, MALFORMED, GONE, NO_JSON = "too large", "malformed", "the client went away", "content type"

Receive = Callable[[IncomingAlert], Awaitable[int]]
"""Stores an alert and starts what follows; returns its id."""


class AlertEndpoint:
    """The endpoint. `secrets`: source → its shared secret, for the sources that are configured."""

    def __init__(
        self,
        *,
        secrets: Mapping[str, SecretStr],
        receive: Receive,
        database: Database,
        count: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        # An empty secret would let everybody in.
        self._secrets = {name: secret for name, secret in secrets.items() if secret.get_secret_value()}
        self._receive = receive
        self._count = count
        self._clock = clock
        self._refusals = Refusals(database=database, clock=clock)

    def routes(self) -> list[BaseRoute]:
        """The routes for the HTTP app."""
        return [Route("/alerts/{source}", self.handle, methods=["POST"])]

    async def close(self) -> None:
        """Write down the refusals that still wait for their minute."""
        await self._refusals.flush()

    async def handle(self, request: Request) -> Response:
        """Answer one POST: 404 for a source without a secret, 401 for a wrong signature, 413 for a body that is too
        large.
        """
        source = request.path_params["source"]
        secret = self._secrets.get(source)
        if secret is None:
            self._count("alert_unknown_source")
            return _answer(404, "there is no such source here")
        headers = signatures.single_headers(request.scope["headers"])
        # Checked before the body is read, so that a body without any signature is not read at all.
        why = (
            signatures.DOUBLE if headers is None else signatures.header_problem(source, secret, headers, self._clock())
        )
        if headers is None or why:
            return await self._no(401, source, why)
        try:
            body = await _read(request)
        except ClientDisconnect:
            return await self._no(400, source, GONE)
        if body is None:
            return await self._no(413, source, TOO_LARGE)
        why = signatures.VERIFIERS[source](secret, headers, body, self._clock())
        return await self._no(401, source, why) if why else await self._take(request, source, body)

    async def _take(self, request: Request, source: str, body: bytes) -> Response:
        # GitHub shows every answer but 2xx as a failed delivery: events of other kinds are taken, and tell us nothing.
        if source == "github" and request.headers.get("x-github-event", GITHUB_EVENT) != GITHUB_EVENT:
            return JSONResponse({"id": None})
        content_type = request.headers.get("content-type", "")
        is_form = source == "github" and content_type.partition(";")[0].strip().lower() == FORM
        if not (is_form or _may_be_json(content_type)):
            return await self._no(400, source, NO_JSON, "the content type must be application/json")
        try:
            incoming = await read_aside(lambda: parse(source, form_payload(body) if is_form else body), size=len(body))
        except MalformedAlert as error:
            return await self._no(400, source, MALFORMED, f"the body is not what {source} sends: {error}")
        if incoming is None:
            return JSONResponse({"id": None})
        return JSONResponse({"id": await self._receive(incoming)}, status_code=202)

    async def _no(self, status: int, source: str, why: str, told: str = "") -> Response:
        self._count(f"alert_{why.replace(' ', '_')}")
        logger.warning("refused an alert from %s with %d: %s", source, status, why)
        await self._refusals.note(source, why)
        # The answer does not say what was wrong with a signature.
        return _answer(status, told or ("not proven" if status == 401 else why))


class Refusals:
    """Refused deliveries in the record: the first at once, more of the same as one line a minute with their number."""

    def __init__(self, *, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._written: dict[tuple[str, str], float] = {}
        self._waiting: dict[tuple[str, str], int] = {}

    async def note(self, source: str, why: str) -> None:
        """Count one more refusal. Source and reason are names of ours, so there are few pairs."""
        kind, now = (source, why), self._clock()
        self._waiting[kind] = self._waiting.get(kind, 0) + 1
        if now - self._written.get(kind, float("-inf")) < REFUSALS_EVERY:
            return
        self._written[kind] = now
        await self._database.run(self._write, kind, self._waiting.pop(kind), now)

    async def flush(self) -> None:
        """Write down what still waits: at the end of the process."""
        for kind, number in list(self._waiting.items()):
            await self._database.run(self._write, kind, number, self._clock())
        self._waiting.clear()

    def _write(self, c: sa.Connection, kind: tuple[str, str], number: int, at: float) -> None:
        source, why = kind
        append(c, fact=Fact.REFUSED, at=at, details={"source": source, "why": why, "count": number})


async def _read(request: Request) -> bytes | None:
    """The body, None when it is too large; never more than the limit is kept."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:12]) > BODY_LIMIT:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _may_be_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    # A missing content type is accepted, so that a leaked key does not stay enabled for that reason.
    return not kind or kind == "application/json" or kind.endswith("+json")


def _answer(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)
