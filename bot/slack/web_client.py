"""Slack's Web API for the rest of this room: kept connections, typed errors. The only place that checks `ok`.

By httpx, as the gateway: the SDK's own client brings aiohttp, which was a tenth of a start and 9 MiB at rest.

A write is never repeated after a broken connection: it may have taken effect, and a posted message would double
(`SlackUnavailable.unsure` says so; outbox.py looks before it posts again). Reads are repeated once.
A short 429 is waited out only where a person waits (`interactive`); the outbox paces itself. slack.md A7, C.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from bot import __version__
from bot.redaction import redact_all
from bot.root_certificates import root_certificates
from bot.slack.errors import SlackRefused, SlackUnavailable, refused

TIMEOUT_SECONDS = 10.0
# Who has no connection by then has sent nothing, so that the call can be made again.
CONNECT_SECONDS = 5.0
SHORT_WAIT_SECONDS = 2.0

# `ok: false` with these words is Slack's own trouble, and the call may have taken effect.
_TROUBLE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
# Words of Slack's own, which must come back as they are.
_OPAQUE = frozenset({"trigger_id", "view_id", "external_id", "hash", "ts", "channel", "user", "response_action"})
# With the token of a whole organisation they must be told which workspace is meant; other tokens ignore it.
_OF_ONE_WORKSPACE = frozenset({"bots.info", "usergroups.users.list", "users.list"})
# No connection came to be, so nothing can have been sent. A proxy's refusal is one.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

Sleep = Callable[[float], Awaitable[None]]
# After each answer or failure: method, "ok" or Slack's word or "unavailable", headers of the answer.
Observe = Callable[[str, str, float, Mapping[str, str]], None]


class SlackWebClient:
    """Calls Slack with the bot token. Make it anywhere; connections open with the first call; close it at the end.

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
        self._timeout = timeout
        self._sleep = sleep
        self._observe = observe or (lambda _method, _result, _seconds, _headers: None)
        # By proxy: an address that NO_PROXY excepts has connections of its own.
        self._clients: dict[str | None, httpx.AsyncClient] = {}
        self._ended = False

    @property
    def proxy(self) -> str | None:
        """The proxy between us and Slack's API, None = none."""
        return self._proxy_of(self.api_url)

    def _client(self, url: str) -> httpx.AsyncClient:
        if self._ended:
            # Work that outlives the stop must not open connections that nobody closes.
            raise SlackUnavailable
        proxy = self._proxy_of(url)
        if proxy not in self._clients:
            self._clients[proxy] = httpx.AsyncClient(
                headers={"User-Agent": f"keydesk/{__version__}"},
                verify=root_certificates(),
                proxy=proxy,
                trust_env=False,
                follow_redirects=False,  # they would carry the token elsewhere
                timeout=httpx.Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout)),
                limits=httpx.Limits(keepalive_expiry=15),
            )
        return self._clients[proxy]

    async def read(self, method: str, **params: Any) -> dict[str, Any]:
        """A method that changes nothing, over GET; tried twice when the connection breaks."""
        given = {name: _word(value) for name, value in params.items() if value is not None}
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
        content = json.dumps(outgoing(arguments)).encode()
        try:
            return await self._call(method, "POST", content=content)
        except SlackUnavailable as error:
            wait = error.retry_after
            if not interactive or wait is None or wait > SHORT_WAIT_SECONDS:
                raise
        await self._sleep(wait)
        return await self._call(method, "POST", content=content)

    async def _call(self, method: str, verb: str, **content: Any) -> dict[str, Any]:
        begun = time.monotonic()
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}"}  # a file may have brought a new one
        try:
            answer = await self._send(verb, f"{self.api_url}{method}", headers=headers, **content)
        except SlackUnavailable:
            self._observe(method, "unavailable", time.monotonic() - begun, {})
            raise
        data = _data(answer)
        error = None if answer.status_code == 200 and data.get("ok") else _understood(method, answer, data)
        result = "ok" if error is None else error.code if isinstance(error, SlackRefused) else "unavailable"
        self._observe(method, result, time.monotonic() - begun, answer.headers)
        if error is not None:
            raise error
        return data

    async def _send(self, verb: str, url: str, *, headers: Mapping[str, str], **content: Any) -> httpx.Response:
        """One request and its whole answer, within the time-out. Raises SlackUnavailable."""
        if "content" in content:
            headers = {**headers, "Content-Type": "application/json;charset=utf-8"}
        client = self._client(url)
        try:
            async with asyncio.timeout(self._timeout):
                return await client.request(verb, url, headers=headers, **content)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise SlackUnavailable(unsure=not isinstance(error, _NOT_SENT)) from error

    async def respond(self, response_url: str, body: Mapping[str, Any]) -> None:
        """Post to a response_url: five times in 30 minutes at most. Refused ones carry the HTTP status as code.

        The address comes with the payload, so another host than Slack's, or our emulator's, gets nothing.
        """
        if not self._is_slacks(response_url):
            raise refused("response_url", "foreign_host")
        answer = await self._send("POST", response_url, headers={}, content=json.dumps(outgoing(body)).encode())
        status, retry_after = answer.status_code, answer.headers.get("Retry-After")
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
        """Close the connections. Twice is harmless."""
        self._ended = True
        for client in self._clients.values():
            await client.aclose()


def outgoing(content: Mapping[str, Any]) -> dict[str, Any]:
    """What we say to Slack, in a call or an answer, without secrets; only a SecretStr in a view is shown."""
    return {name: item if name in _OPAQUE else redact_all(item, wide=False) for name, item in content.items()}


def quiet_logger(name: str) -> logging.Logger:
    """A logger for the SDK or Bolt that never speaks below WARNING: at DEBUG they print whole requests."""
    logger = logging.getLogger(f"{__name__}.sdk.{name}")
    logger.setLevel(logging.WARNING)
    return logger


def _word(value: Any) -> Any:
    """A parameter as Slack reads it: true and false as 1 and 0."""
    return int(value) if isinstance(value, bool) else value


def _data(answer: httpx.Response) -> dict[str, Any]:
    """What Slack says; nothing when it is not JSON, as from a proxy or from a Slack in trouble."""
    try:
        data = answer.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _understood(method: str, answer: httpx.Response, data: Mapping[str, Any]) -> SlackRefused | SlackUnavailable:
    status, word = answer.status_code, data.get("error")
    if status == 429 or word in _LIMITED:
        return SlackUnavailable(retry_after=_seconds(answer.headers.get("Retry-After")))
    if status >= 500 or not isinstance(word, str) or word in _TROUBLE:
        return SlackUnavailable(unsure=True)
    needed, details = data.get("needed"), _details(data)
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
