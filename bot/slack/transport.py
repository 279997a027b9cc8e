"""Slack over HTTP: one POST route. Signature first, on raw bytes; then decode; then the edge (bolt.py).

| What came                                            | Answer |
|------------------------------------------------------|--------|
| over 1 MB                                            | 413    |
| no, wrong, old or doubtful signature                 | 401    |
| signed, but empty, undecodable or of no known shape  | 400    |
| everything else, also what we do not know            | 200    |

A repeated identical request is answered like the first one, since the flow knows its id; it is only counted.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from bot.slack import signature
from bot.slack.bolt import Edge
from bot.slack.payloads import MalformedPayload, decode

logger = logging.getLogger(__name__)

PATH = "/slack/events"
BODY_LIMIT = 1_000_000
# What `count` is called with.
REJECTED, MALFORMED, TOO_LARGE, REPEATED = "rejected", "malformed", "too_large", "repeated"
_REMEMBERED = 10_000

Count = Callable[[str], None]


class SlackEndpoint:
    """The handler of POST /slack/events."""

    def __init__(
        self,
        *,
        edge: Callable[[], Edge],
        signing_secret: SecretStr,
        clock: Callable[[], float],
        count: Count | None = None,
    ) -> None:
        if not signing_secret.get_secret_value():
            raise ValueError("an empty signing secret would let everybody in")
        self._edge = edge
        self._secret = signing_secret
        self._clock = clock
        self._count = count or (lambda _outcome: None)
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def handle(self, request: Request) -> Response:
        headers = signature.read_headers(request.scope["headers"], now=self._clock())
        if isinstance(headers, str):
            return self._no(401, REJECTED, headers)
        try:
            body = await _read(request)
        except ClientDisconnect:
            return self._no(400, MALFORMED, "the client went away")
        if body is None:
            return self._no(413, TOO_LARGE, "too large")
        if not signature.is_valid(self._secret, *headers, body):
            return self._no(401, REJECTED, "wrong signature")
        self._remember(headers[1])
        return await self._answer(body, request.headers.get("content-type", ""))

    async def _answer(self, body: bytes, content_type: str) -> Response:
        try:
            answer = await self._edge().handle(decode(body, content_type.partition(";")[0].strip().lower()))
        except MalformedPayload as error:
            return self._no(400, MALFORMED, str(error))
        return Response(answer.body, status_code=answer.status, headers=answer.first_headers_without_set_cookie())

    def _remember(self, proof: str) -> None:
        if proof in self._seen:
            self._count(REPEATED)
            logger.info("the same signed request came again")
        self._seen[proof] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _no(self, status: int, outcome: str, why: str) -> Response:
        self._count(outcome)
        logger.warning("refused a request to %s with %d: %s", PATH, status, why)
        return Response(status_code=status)


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


def http_app(
    *,
    endpoint: SlackEndpoint | None,
    routes: Sequence[BaseRoute] = (),
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """The whole HTTP side: Slack's route (None in Socket Mode) and the routes of other rooms."""
    slack = [Route(PATH, endpoint.handle, methods=["POST"])] if endpoint is not None else []
    return Starlette(routes=[*slack, *routes], lifespan=lifespan)
