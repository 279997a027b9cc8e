"""Slack's Web API for the rest of this room: one shared session, typed errors. The only place that checks `ok`.

A write is never repeated after a broken connection: it may have taken effect, and a posted message would double
(`SlackUnavailable.unsure` says so; outbox.py looks before it posts again). Reads are repeated once.
A short 429 is waited out only where a person waits (`interactive`); the outbox paces itself. slack.md A7, C.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.redaction import redact_all
from bot.slack.errors import SlackRefused, SlackUnavailable, refused

TIMEOUT_SECONDS = 10.0
SHORT_WAIT_SECONDS = 2.0

# `ok: false` with these words is Slack's own trouble, and the call may have taken effect.
_TROUBLE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
# Words of Slack's own, which must come back as they are.
_OPAQUE = frozenset({"trigger_id", "view_id", "external_id", "hash", "ts", "channel", "user", "response_action"})
# With the token of a whole organisation they must be told which workspace is meant; other tokens ignore it.
_OF_ONE_WORKSPACE = frozenset({"bots.info", "usergroups.users.list", "users.list"})
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

Sleep = Callable[[float], Awaitable[None]]
# After each answer or failure: method, "ok" or Slack's word or "unavailable", headers of the answer.
Observe = Callable[[str, str, float, Mapping[str, str]], None]


class SlackWebClient:
    """Calls Slack with the bot token. Make it anywhere; the session opens with the first call; close it at the end.

    `api_url` ends with a slash. `proxy_of`: the proxy for an address. `team_id`: the workspace meant by methods that
    an org-wide token must be told it. Every method raises SlackUnavailable or
    SlackRefused (errors.py).
    """

    def __init__(
        self,
        *,
        token: SecretStr,
        api_url: str = "https://slack.com/api/",
        timeout: float = TIMEOUT_SECONDS,
        sleep: Sleep = asyncio.sleep,
        observe: Observe | None = None,
        proxy_of: Callable[[str], str | None] = lambda _url: None,
        team_id: str | None = None,
    ) -> None:
        self.api_url = api_url
        self._team_id = team_id
        self._proxy_of = proxy_of
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._sleep = sleep
        self._observe = observe or (lambda _method, _result, _seconds, _headers: None)
        self._session: aiohttp.ClientSession | None = None
        self._ended = False
        self._client: AsyncWebClient | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one connection pool. Needs a running loop."""
        if self._ended:
            # Work that outlives the stop must not open connections that nobody closes.
            raise SlackUnavailable
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
            self._client = None
        return self._session

    @property
    def proxy(self) -> str | None:
        """The proxy between us and Slack's API, None = none."""
        return self._proxy_of(self.api_url)

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's client on our session, without any retry of its own. Needs a running loop."""
        session = self.session
        if self._client is None:
            self._client = AsyncWebClient(
                token=self._token.get_secret_value(),
                base_url=self.api_url,
                timeout=int(self._timeout.total or TIMEOUT_SECONDS),
                session=session,
                retry_handlers=[],
                logger=quiet_logger("web"),
            )
            self._client.proxy = self.proxy  # else the SDK takes HTTP_PROXY even where NO_PROXY excepts the address
        self._client.token = self._token.get_secret_value()  # a file may have brought a new one
        return self._client

    async def read(self, method: str, **params: Any) -> dict[str, Any]:
        """A method that changes nothing, over GET; tried twice when the connection breaks."""
        given = {name: value for name, value in params.items() if value is not None}
        if self._team_id is not None and method in _OF_ONE_WORKSPACE:
            given["team_id"] = self._team_id
        try:
            return await self._call(method, "GET", params=given)
        except SlackUnavailable as error:
            if not error.unsure:
                raise
        return await self._call(method, "GET", params=given)

    async def write(self, method: str, *, interactive: bool = False, **arguments: Any) -> dict[str, Any]:
        """A method that changes something, as JSON over POST. Once; `interactive` waits out one 429 of up to 2 s."""
        arguments = outgoing(arguments)
        try:
            return await self._call(method, "POST", json=arguments)
        except SlackUnavailable as error:
            wait = error.retry_after
            if not interactive or wait is None or wait > SHORT_WAIT_SECONDS:
                raise
        await self._sleep(wait)
        return await self._call(method, "POST", json=arguments)

    async def _call(self, method: str, verb: str, **arguments: Any) -> dict[str, Any]:
        begun = time.monotonic()
        try:
            answer = await self.client.api_call(method, http_verb=verb, **arguments)
        except SlackApiError as error:
            understood = _understood(method, error)
            result = understood.code if isinstance(understood, SlackRefused) else "unavailable"
            self._observe(method, result, time.monotonic() - begun, getattr(error.response, "headers", None) or {})
            raise understood from error
        except (TimeoutError, aiohttp.ClientError, SlackClientError) as error:
            self._observe(method, "unavailable", time.monotonic() - begun, {})
            raise SlackUnavailable(unsure=_may_have_arrived(error)) from error
        self._observe(method, "ok", time.monotonic() - begun, answer.headers)
        data = answer.data
        if not isinstance(data, dict):
            raise SlackUnavailable(unsure=True)
        return data

    async def respond(self, response_url: str, body: Mapping[str, Any]) -> None:
        """Post to a response_url: five times in 30 minutes at most. Refused ones carry the HTTP status as code.

        The address comes with the payload, so another host than Slack's, or our emulator's, gets nothing.
        """
        if not self._is_slacks(response_url):
            raise refused("response_url", "foreign_host")
        try:
            proxy = self._proxy_of(response_url)
            post = self.session.post(response_url, json=outgoing(body), allow_redirects=False, proxy=proxy)
            async with post as answer:
                status, retry_after = answer.status, answer.headers.get("Retry-After")
                await answer.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise SlackUnavailable(unsure=_may_have_arrived(error)) from error
        if status == 429 or status >= 500:
            raise SlackUnavailable(retry_after=_seconds(retry_after), unsure=status != 429)
        if status != 200:
            raise refused("response_url", f"http_{status}")

    def _is_slacks(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        host = (parts.hostname or "").rstrip(".")
        slacks = parts.scheme == "https" and (host == "slack.com" or host.endswith((".slack.com", ".slack-gov.com")))
        return slacks or host == urlsplit(self.api_url).hostname

    async def close(self) -> None:
        """Close the session and its connections. Twice is harmless."""
        self._ended = True
        if self._session is not None:
            await self._session.close()
            # aiohttp closes its transports in the loop's next turn.
            await asyncio.sleep(0)


def outgoing(content: Mapping[str, Any]) -> dict[str, Any]:
    """What we say to Slack, in a call or an answer, without secrets; only a SecretStr in a view is shown."""
    return {name: item if name in _OPAQUE else redact_all(item, wide=False) for name, item in content.items()}


def quiet_logger(name: str) -> logging.Logger:
    """A logger for the SDK or Bolt that never speaks below WARNING: at DEBUG they print whole requests."""
    logger = logging.getLogger(f"{__name__}.sdk.{name}")
    logger.setLevel(logging.WARNING)
    return logger


def _understood(method: str, error: SlackApiError) -> Exception:
    response = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    data = getattr(response, "data", None)
    word = data.get("error") if isinstance(data, dict) else None
    headers = getattr(response, "headers", None) or {}
    if status == 429 or word in _LIMITED:
        return SlackUnavailable(retry_after=_seconds(headers.get("Retry-After")))
    if status >= 500 or not isinstance(word, str) or word in _TROUBLE:
        return SlackUnavailable(unsure=True)
    answer = data if isinstance(data, dict) else {}
    needed, details = answer.get("needed"), _details(answer)
    if details:
        logging.getLogger(__name__).warning("%s: %s: %s", method, word, details)
    return refused(method, word, needed=needed if isinstance(needed, str) else "", details=details)


def _details(answer: Mapping[str, Any]) -> list[str]:
    """Slack's lines about wrong blocks: they name a block by its place, and hold nothing that people typed."""
    metadata, errors = answer.get("response_metadata"), answer.get("errors")
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    found = [str(line) for line in messages] if isinstance(messages, list) else []
    # blocks.validate names the place beside the words.
    named = [one for one in errors if isinstance(one, Mapping)] if isinstance(errors, list) else []
    return found or [f"{one.get('message')} [json-pointer:{one.get('pointer')}]" for one in named]


def _seconds(header: str | None) -> float:
    """Retry-After; one second when Slack gives none that can be read."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else 1.0


def _may_have_arrived(error: BaseException) -> bool:
    """False only when no connection came to be, so that nothing can have been sent."""
    never_connected = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
    return not isinstance(error, never_connected)
