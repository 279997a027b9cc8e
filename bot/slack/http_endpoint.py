"""Slack over HTTP: one POST route. Signature first, on raw bytes; then decode; then the edge (edge.py).

| What came                                            | Answer |
|------------------------------------------------------|--------|
| over 1 MB                                            | 413    |
| no, wrong, old or doubtful signature                 | 401    |
| signed, but empty, undecodable or of no known shape  | 400    |
| signed, but of another workspace or another app      | 403    |
| everything else, also what we do not know            | 200    |

A repeated identical request is answered like the first one, since the flow knows its id; it is only counted.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan, Receive, Scope, Send

from bot.slack import signature
from bot.slack.edge import Edge
from bot.slack.payloads import MalformedPayload, NotForUs, decode

logger = logging.getLogger(__name__)

PATH = "/slack/events"
BODY_LIMIT = 1_000_000
# What `count` is called with.
REJECTED, MALFORMED, TOO_LARGE, REPEATED, STRANGER = "rejected", "malformed", "too_large", "repeated", "stranger"
_REMEMBERED = 10_000

_LONGEST_LENGTH = 12
_JSON_ANSWER = (b"content-type", b"application/json;charset=utf-8")

Count = Callable[[str], None]
Headers = list[tuple[bytes, bytes]]


class SlackEndpoint:
    """What answers POST /slack/events, an ASGI app."""

    def __init__(
        self,
        *,
        edge: Edge,
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI itself: Starlette's request and response objects would cost a seventh of the throughput."""
        status, body = await self._answer(scope["headers"], receive)
        headers = [(b"content-length", str(len(body)).encode())]
        if status == 403:
            headers.append(
                (b"x-slack-no-retry", b"1")
            )  # a request that is not for us will not be for us at a retry either
        if body:
            headers.append(_JSON_ANSWER)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, headers: Headers, receive: Receive) -> tuple[int, bytes]:
        proof = signature.read_headers(headers, now=self._clock())
        if isinstance(proof, str):
            return self._no(401, REJECTED, proof)
        # How long it may take to come is the server's to say (cli/http_protocol.py).
        body = await _read(headers, receive)
        if body is None:
            return self._no(413, TOO_LARGE, "too large")
        if not signature.is_valid(self._secret, *proof, body):
            return self._no(401, REJECTED, "wrong signature")
        self._remember(proof[1])
        content_type = _header(headers, b"content-type").partition(b";")[0].strip().lower()
        try:
            answer = await self._edge.handle(decode(body, content_type.decode("latin-1")))
        except MalformedPayload as error:
            status, outcome = (403, STRANGER) if isinstance(error, NotForUs) else (400, MALFORMED)
            return self._no(status, outcome, str(error))
        return 200, answer.encode()

    def _remember(self, proof: str) -> None:
        if proof in self._seen:
            self._count(REPEATED)
            logger.info("the same signed request came again")
        self._seen[proof] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _no(self, status: int, outcome: str, why: str) -> tuple[int, bytes]:
        self._count(outcome)
        logger.warning("refused a request to %s with %d: %s", PATH, status, why)
        return status, b""


def _header(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key == name), b"")


async def _read(headers: Headers, receive: Receive) -> bytes | None:
    """The body, None when it is too large; never more than the limit is kept."""
    declared = _header(headers, b"content-length")
    if declared.isdigit() and (len(declared) > _LONGEST_LENGTH or int(declared) > BODY_LIMIT):
        return None
    body = bytearray()
    while True:
        # A client that went away sends "http.disconnect": half a body, whose signature cannot be right.
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body", False):
            return bytes(body)


class HttpApp(Starlette):
    """Starlette, which Slack's requests pass by: its layers would cost an eighth of the throughput.

    They would add nothing: an error that gets out becomes a 500 in uvicorn as well.
    """

    endpoint: SlackEndpoint | None = None

    def answer_slack(self, endpoint: SlackEndpoint) -> None:
        """From now on there is Slack's route."""
        self.endpoint = endpoint
        self.router.routes.append(Route(PATH, endpoint, methods=["POST"]))

    def serve(self, routes: Sequence[BaseRoute]) -> None:
        """From now on there are these routes too."""
        self.router.routes.extend(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.endpoint is not None and scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", PATH):
            await self.endpoint(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def http_app(
    *,
    endpoint: SlackEndpoint | None = None,
    routes: Sequence[BaseRoute] = (),
    lifespan: Lifespan[HttpApp] | None = None,
) -> HttpApp:
    """The whole HTTP side: Slack's route, if it is known already, and the routes of other rooms."""
    app = HttpApp(routes=list(routes), lifespan=lifespan)
    if endpoint is not None:
        app.answer_slack(endpoint)
    return app
