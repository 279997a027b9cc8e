"""Sends payloads to the app: signed over HTTP, or through an open socket link (slack.md A1, A2, G9, G10).

Knows nothing of what a payload means. An ack has `ack_seconds` of real time; a late handler is left running,
as a real server would be.
"""

import asyncio
import hashlib
import hmac
import json
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import httpx

from keydesk_sandbox.fake_slack.answers import AppAnswer, SentPayload, parse_body
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.sockets import SocketHub

Sleep = Callable[[float], Awaitable[None]]

KEPT = 1000
OLD_SIGNATURE = 6 * 60
PATIENCE = 60.0  # a late handler is left running; its connection is given up then
REDIRECTS = 2


class Deliveries:
    """The way to the app. `log` keeps the last thousand deliveries, oldest first."""

    def __init__(
        self,
        core: Core,
        hub: SocketHub,
        *,
        signing_secret: str,
        transport: httpx.AsyncBaseTransport | None,
        ack_seconds: float,
        real_time: Callable[[], float],
    ) -> None:
        self.bot_url: str | None = None
        self.ack_seconds = ack_seconds
        self.log: list[SentPayload] = []
        self._core = core
        self._hub = hub
        self._secret = signing_secret.encode()
        self._transport = transport
        self._real_time = real_time
        self._client: httpx.AsyncClient | None = None
        self._ended = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._later: list[tuple[str, dict[str, Any]]] = []

    def use_transport(self, transport: httpx.AsyncBaseTransport | None) -> None:
        """Sends HTTP deliveries through this transport from now on; None is the network."""
        self._transport = transport
        self._client = None

    async def send(self, kind: str, payload: dict[str, Any], *, retry: int = 0, reason: str = "") -> AppAnswer:
        """One payload, twice when the duplicate switch says so. The answer is that of the first."""
        duplicate = self._core.switches.duplicate
        if duplicate == "at_once":
            first, _ = await asyncio.gather(
                self._once(kind, payload, retry, reason), self._once(kind, payload, retry, reason)
            )
            return first
        if duplicate == "later":
            self._later.append((kind, payload))
        return await self._once(kind, payload, retry, reason)

    async def deliver_duplicates(self) -> list[AppAnswer]:
        """Sends what the switch `later` put aside, in order."""
        waiting, self._later = self._later, []
        return [await self._once(kind, payload, 0, "") for kind, payload in waiting]

    async def replay(self, delivery: SentPayload) -> AppAnswer:
        """The same bytes with the same headers once more: a repeated signature."""
        return await self._http(
            SentPayload(
                kind=delivery.kind,
                payload=delivery.payload,
                via="http",
                at=self._core.clock(),
                headers=dict(delivery.headers),
                raw=delivery.raw,
                retry=delivery.retry,
            )
        )

    async def _once(self, kind: str, payload: dict[str, Any], retry: int, reason: str) -> AppAnswer:
        delivery = SentPayload(kind=kind, payload=payload, via="nowhere", at=self._core.clock(), retry=retry)
        if self._hub.links:
            delivery.via = "socket"
            return await self._within(delivery, self._hub.send(kind, payload, retry=retry))
        if self.bot_url is None or self._core.app.socket_mode:
            return self._keep(delivery, AppAnswer(status=None, failure="unreachable"))
        delivery.via = "http"
        delivery.raw, content_type = encode(kind, payload)
        delivery.headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0", **self._signed(delivery.raw)}
        if retry:
            delivery.headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        return await self._http(delivery)

    def _signed(self, raw: bytes) -> dict[str, str]:
        mode = self._core.switches.signature
        if mode == "missing":
            return {}
        stamp = str(int(self._real_time()) - (OLD_SIGNATURE if mode == "old" else 0))
        secret = self._secret if mode != "wrong" else b"not-the-signing-secret"
        digest = hmac.new(secret, b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def _http(self, delivery: SentPayload) -> AppAnswer:
        if self._ended:
            # While the sandbox stops, the app may still call the Web API; the events that follow cannot be delivered.
            return AppAnswer(status=None, failure="unreachable")
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport,
                timeout=PATIENCE,
                max_redirects=REDIRECTS,
                trust_env=False,
                # The app is on this machine and speaks HTTP; to read the authorities of the Web takes 15 ms.
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            )
        url = self.bot_url or ""
        request = self._client.build_request("POST", url, content=delivery.raw, headers=delivery.headers)
        return await self._within(delivery, self._exchange(request, follow=delivery.kind == "events_api"))

    async def _exchange(self, request: httpx.Request, *, follow: bool) -> AppAnswer:
        client = self._client
        if client is None:
            return AppAnswer(status=None, failure="unreachable")
        try:
            response = await client.send(request, follow_redirects=follow)
        except httpx.TransportError:
            return AppAnswer(status=None, failure="unreachable")
        good = response.is_success if follow else response.status_code == httpx.codes.OK
        return AppAnswer(
            status=response.status_code,
            body=parse_body(response.content),
            failure=None if good else "http_error",
            headers=dict(response.headers),
        )

    async def _within(self, delivery: SentPayload, exchange: Coroutine[Any, Any, AppAnswer]) -> AppAnswer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        task = self.spawn(exchange)
        await asyncio.wait({task}, timeout=self.ack_seconds)
        seconds = loop.time() - started
        if not task.done():
            return self._keep(delivery, AppAnswer(status=None, failure="timeout", seconds=seconds))
        answer = task.result()
        return self._keep(
            delivery,
            AppAnswer(
                status=answer.status,
                body=answer.body,
                failure=answer.failure,
                headers=answer.headers,
                seconds=seconds,
            ),
        )

    def _keep(self, delivery: SentPayload, answer: AppAnswer) -> AppAnswer:
        delivery.answer = answer
        self.log.append(delivery)
        del self.log[:-KEPT]
        return answer

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Runs something beside the caller; `settle` waits for it and `close` ends it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self) -> None:
        """Waits until nothing is on its way any more."""
        current = asyncio.current_task()
        while waiting := {task for task in self._tasks if task is not current}:
            await asyncio.wait(waiting)

    async def hang_up(self) -> None:
        """Ends what is still on its way and closes the connections to the app; what is sent later makes new ones."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def close(self) -> None:
        """The same, and nothing is sent afterwards."""
        self._ended = True
        await self.hang_up()


def encode(kind: str, payload: dict[str, Any]) -> tuple[bytes, str]:
    """The body and content type of slack.md A2: a form for commands and interactivity, JSON for events."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"
