"""One HTTP exchange with the gateway, its turn, and the retries of reads (gateway-api.md, sections 1, 12 and 18).

Adds the headers, bounds time and size, never follows a redirect, keeps the server's clock. Knows nothing of keys.
"""

import asyncio
import logging
import math
import random
import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from contextvars import ContextVar
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import SecretStr

from bot.errors import ConfigurationError
from bot.gateway.errors import (
    CallFacts,
    GatewayCallError,
    GatewayLimited,
    GatewayOutcomeUnknown,
    GatewayUnavailable,
)
from bot.gateway.limiter import PATIENCE, CallLimiter, Limit, LimitReached, Priority, current_priority
from bot.gateway.numbers import KeyNumbers, first_of, gateway_of
from bot.gateway.replies import ApiCall, ApiReply, CallKind, interpret, request_id_text, without_secrets
from bot.languages import english, tr
from bot.root_certificates import root_certificates
from bot.scoped import Scoped

logger = logging.getLogger(__name__)

NOT_THERE, TOO_MANY = 404, 429

READ_ATTEMPTS = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
CONNECT_TIMEOUT = 5.0
MOST_ROUNDS = 60
"""Turns that one call takes at most, whatever the clock does."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_NEW_API = "X-Oneapi-Request-Id"
_REQUEST_ID = ("X-Cometapi-Request-Id", _NEW_API)


# What the HTTP library tells a `trace` in the same step of the event loop in which it hands the bytes to the system.
_ABOUT_TO_SEND = (".send_request_headers.started", ".send_request_body.started")

_fence: ContextVar[Callable[[], None] | None] = ContextVar("fence", default=None)


def fenced(check: Callable[[], None]) -> Scoped[Callable[[], None] | None]:
    """Within it, in this task, `check` is called before each write, and again right before its bytes leave.

    What it raises stops the write. Between the two a connection is waited for or made, which takes seconds at worst.
    """
    return Scoped(_fence, check)


class Wire:
    """Sends calls and gives back sure answers; everything else is a GatewayCallError."""

    def __init__(
        self,
        *,
        base_url: str,
        access_token: SecretStr,
        user_id: str | None,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
        proxy: str | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        rng: random.Random,
        limiter: CallLimiter | None = None,
        observe: Callable[[str, str, float], None] | None = None,
        numbers: KeyNumbers | None = None,
    ) -> None:
        self.timeout = timeout
        self.numbers = numbers or KeyNumbers()
        self.clock = clock
        self.limiter = limiter or CallLimiter(clock=clock, sleep=sleep)
        self.user_id = user_id
        self.request_id_header: str | None = None
        self._skew: float | None = None
        self._sleep = sleep
        self._rng = rng
        # Called after each exchange with what was done, "ok" or the name of our error class, and the seconds it took.
        self._observe = observe or (lambda _doing, _result, _seconds: None)
        self._token = access_token
        self._http = httpx.AsyncClient(
            base_url=_checked(base_url, access_token, user_id),
            headers=_headers(user_id),
            verify=root_certificates(),
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout)),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=55),
            follow_redirects=False,
            transport=transport,
            proxy=proxy if transport is None else None,
            trust_env=False,  # whoever builds this reads the environment; no netrc may see the PAT
        )

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (self._token.get_secret_value(),)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def server_now(self) -> float:
        """The server's time (Unix seconds) by its latest `Date`; our own clock until there was one."""
        return self.clock() + (self._skew or 0.0)

    def facts(self, call: ApiCall, reply: ApiReply | None = None) -> CallFacts:
        """What a log line and an error tell of a call; `reference` is a new random number of 8 hexadecimal digits."""
        return CallFacts(
            operation=call.doing,
            key_id=call.key_id,
            request_id=reply.request_id if reply else None,
            reference=f"{self._rng.getrandbits(32):08x}",
            status=reply.status if reply else None,
            gateway=gateway_of(first_of(self.numbers.block)),
        )

    async def ask(self, call: ApiCall, *, end: float | None = None) -> tuple[dict[str, Any], CallFacts]:
        """The JSON object of a sure yes, when it is this call's turn, not beyond `end` (our clock).

        Reads are retried, four times at most. A call that the gateway's limit refused did nothing, so it waits for
        its next turn, whatever it is, except where there is another way (ASK). Raises the GatewayCallError tree.
        """
        patience, failures = self.clock() + PATIENCE[self._priority(call)], 0
        for _ in range(MOST_ROUNDS):
            await self._turn(call, end, patience)
            try:
                return await self._once(call, end)
            except GatewayLimited:
                if call.kind is CallKind.ASK:
                    raise
            except GatewayUnavailable:
                failures += 1
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)) * (0.5 + self._rng.random() / 2)
                out_of_time = end is not None and self.clock() + pause >= end
                if call.kind is not CallKind.READ or failures == READ_ATTEMPTS or out_of_time:
                    raise
                await self._sleep(pause)
        raise self._limited(call, Limit.CALLS, 0.0)

    @staticmethod
    def _priority(call: ApiCall) -> Priority:
        priority = current_priority()
        return Priority.BACKGROUND if call.bulk and priority is Priority.PEOPLE else priority

    async def _turn(self, call: ApiCall, end: float | None, patience: float) -> None:
        if end is not None and self.clock() >= end:
            facts = self.facts(call)
            raise GatewayUnavailable(
                tr("The gateway is too slow just now."), facts=facts, advice=tr("Try again in a minute.")
            )
        until = self.clock() if call.kind is CallKind.ASK else min(patience, math.inf if end is None else end)
        try:
            await self.limiter.turn(call.counts, self._priority(call), patience=until)
        except LimitReached as reached:
            raise self._limited(call, reached.limit, reached.seconds) from None

    def _limited(self, call: ApiCall, limit: Limit, seconds: float) -> GatewayLimited:
        return GatewayLimited(facts=self.facts(call), limit=limit, seconds=seconds, at=self.clock() + seconds)

    async def _once(self, call: ApiCall, end: float | None) -> tuple[dict[str, Any], CallFacts]:
        begun = time.monotonic()
        try:
            answer = await self._answer(call, end)
        except GatewayCallError as error:
            self._observe(call.doing, type(error).__name__, time.monotonic() - begun)
            raise
        self._observe(call.doing, "ok", time.monotonic() - begun)
        return answer

    async def _answer(self, call: ApiCall, end: float | None) -> tuple[dict[str, Any], CallFacts]:
        reply = await self.exchange(call, end=end)
        facts = self.facts(call, reply)
        seconds = 0.0
        if reply.status == TOO_MANY:
            seconds = self.limiter.refused(call.counts, reply.retry_after)
        else:
            self.limiter.passed(call.counts)
        try:
            return interpret(call, reply, facts), facts
        except GatewayLimited:
            self._log_failure(facts, GatewayLimited.__name__, reply)
            limit = Limit.REVEALS if Limit.REVEALS in call.counts else call.counts[-1]
            raise GatewayLimited(facts=facts, limit=limit, seconds=seconds, at=self.clock() + seconds) from None
        except Exception as error:
            self._log_failure(facts, type(error).__name__, reply)
            raise

    async def exchange(
        self, call: ApiCall, *, headers: Mapping[str, str] | None = None, end: float | None = None
    ) -> ApiReply:
        """One request, one reply of any kind. GatewayUnavailable = not sent, or a read; else GatewayOutcomeUnknown."""
        check = _fence.get() if call.kind is CallKind.WRITE else None
        if check is not None:
            check()
        limit = self.timeout if end is None else max(0.01, min(self.timeout, end - self.clock()))
        try:
            async with asyncio.timeout(limit):
                return await self._send(call, headers or {}, check)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            facts = self.facts(call)
            self._log_failure(facts, type(error).__name__)
            if call.kind is CallKind.WRITE and not isinstance(error, _NOT_SENT):
                raise GatewayOutcomeUnknown(
                    tr("The connection to the gateway broke before it answered; the change is being read back."),
                    facts=facts,
                ) from None
            raise GatewayUnavailable(
                tr("The gateway cannot be reached or does not answer. Nothing was changed."),
                facts=facts,
                advice=tr("Try again in a minute."),
            ) from None

    async def _send(self, call: ApiCall, headers: Mapping[str, str], check: Callable[[], None] | None) -> ApiReply:
        request = self._http.build_request(
            call.method,
            call.path,
            params=call.params or None,
            json=call.body,
            headers={"Authorization": self._token.get_secret_value(), **headers},
            extensions=None if check is None else {"trace": _before_sending(check)},
        )
        response = await self._http.send(request, stream=True)
        try:
            self._learn_clock(response.headers)
            body, whole = await _bounded(response, call.limit)
        finally:
            await response.aclose()
        return ApiReply(
            status=response.status_code,
            request_id=self._request_id(response.headers),
            body=body,
            whole=whole,
            blocked=_blocked(response),
            retry_after=_seconds(response.headers.get("Retry-After", "")),
        )

    def _learn_clock(self, headers: httpx.Headers) -> None:
        try:
            date = parsedate_to_datetime(headers["Date"])
        except (KeyError, ValueError):
            return
        skew = date.replace(tzinfo=date.tzinfo or UTC).timestamp() + 0.5 - self.clock()
        # `Date` has whole seconds: a difference this small is rounding, not a clock that is wrong.
        self._skew = skew if abs(skew) > 1.5 else 0.0

    def _request_id(self, headers: httpx.Headers) -> str | None:
        for name in _REQUEST_ID:
            if name in headers:
                if name != self.request_id_header:
                    # New-api keeps its window unless its operator changed it; CometAPI publishes none.
                    self.limiter.presume(limited=name == _NEW_API)
                self.request_id_header = name
                return request_id_text(headers[name], self._secrets)
        return None

    def _log_failure(self, facts: CallFacts, outcome: str, reply: ApiReply | None = None) -> None:
        text = without_secrets(reply.body[:4096].decode("utf-8", "replace"), self._secrets) if reply else ""
        # A call that a deployment does not offer is no failure: callers use another way, or say so.
        level = logging.INFO if facts.status == NOT_THERE else logging.WARNING
        logger.log(
            level,
            "gateway call failed",
            extra={
                "operation": english(facts.doing),
                **({"gateway": facts.gateway} if facts.gateway else {}),
                "key_id": facts.key_id,
                "http_status": facts.status,
                "request_id": facts.request_id,
                "reference": facts.reference,
                "outcome": outcome,
                "gateway_text": text,
            },
        )


def _before_sending(check: Callable[[], None]) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """A `trace` of the HTTP library that asks `check` right before a request's headers and its body are sent."""

    async def trace(step: str, _details: Mapping[str, Any]) -> None:
        if step.endswith(_ABOUT_TO_SEND):
            check()

    return trace


def _seconds(text: str) -> float | None:
    """A Retry-After in seconds; None for a date and for anything else, which new-api never sends."""
    text = text.strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _blocked(response: httpx.Response) -> bool:
    html = response.headers.get("Content-Type", "").startswith("text/html")
    return "cf-mitigated" in response.headers or (response.status_code == 403 and html)


async def _bounded(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """The body and whether it is whole. Decompresses by itself, so that a small bomb cannot become a big body."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip"}:
        return b"", False
    inflate = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body, compressed = bytearray(), False
    async with aclosing(_chunks(response)) as chunks:
        async for chunk in chunks:
            compressed = compressed or bool(chunk)
            try:
                body += inflate.decompress(chunk, limit + 1 - len(body)) if inflate else chunk
            except zlib.error:
                return bytes(body), False
            if len(body) > limit:
                return bytes(body[:limit]), False
    cut = inflate is not None and compressed and not inflate.eof
    return bytes(body), not cut


async def _chunks(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    # The raw stream, not aiter_bytes(): that one inflates a whole network chunk before anyone can count.
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  an AsyncClient gives nothing else
    async for chunk in response.stream:
        yield chunk


def _headers(user_id: str | None) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Language": "en",
        "Accept-Encoding": "gzip",
        "User-Agent": "keydesk",
    }
    return headers | ({"New-Api-User": user_id} if user_id else {})


def _checked(base_url: str, access_token: SecretStr, user_id: str | None) -> str:
    problems = []
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query or url.fragment:
        problems.append("COMETAPI_BASE_URL must look like https://api.cometapi.com, without user, query or fragment.")
    token = access_token.get_secret_value()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        problems.append("COMETAPI_ACCESS_TOKEN must be the bare token: no spaces, no line breaks, no 'Bearer'.")
    if user_id is not None and not (user_id.isascii() and user_id.isdigit()):
        problems.append("COMETAPI_USER_ID must be the account's number.")
    if problems:
        raise ConfigurationError(problems)
    return base_url.rstrip("/")
