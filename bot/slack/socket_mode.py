"""Slack over Socket Mode: the same edge behind a websocket that we open. Payloads carry no signature (slack.md A8).

The SDK's client keeps the link: it pings, reconnects at each `disconnect`, and never gives up. Two things are ours:
every envelope is acknowledged even when nobody can read it (else Slack shows an error and sends it again), and a
spent one-time URL is thrown away, because the SDK would try the same one for ever.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.edge import Edge
from bot.slack.http_endpoint import MALFORMED, STRANGER
from bot.slack.payloads import MalformedPayload, NotForUs, storable
from bot.slack.web_client import TIMEOUT_SECONDS, SlackWebClient, quiet_logger

logger = logging.getLogger(__name__)

PING_SECONDS = 10.0
# The smallest pause between two looks at the link.
WATCH_SECONDS = 5.0
CLOSE_SECONDS = 2.0


class SocketMode:
    """One link to Slack. `start` returns at once; `connected` says whether payloads can come."""

    def __init__(
        self,
        *,
        edge: Edge,
        web: SlackWebClient,
        app_token: SecretStr,
        ping: float = PING_SECONDS,
        watch: float = WATCH_SECONDS,
        count: Callable[[str], None] = lambda _outcome: None,
    ) -> None:
        self._edge = edge
        self._web = web
        self._token = app_token
        self._ping = ping
        self._watch_every = watch
        self._count = count
        self._client: SocketModeClient | None = None
        self._keeper: list[asyncio.Task[None]] = []
        self._answering: set[asyncio.Task[None]] = set()
        self.connected = False

    async def start(self) -> None:
        """Begin to connect, and keep at it."""
        # It asks for the address of each link, by the app's token.
        web = AsyncWebClient(
            base_url=self._web.api_url, timeout=int(TIMEOUT_SECONDS), retry_handlers=[], logger=quiet_logger("web")
        )
        web.proxy = self._web.proxy  # else the SDK takes HTTP_PROXY even where NO_PROXY excepts Slack, here and below
        client = SocketModeClient(
            app_token=self._token.get_secret_value(),
            logger=quiet_logger("socket"),
            web_client=web,
            ping_interval=self._ping,
        )
        client.proxy = self._web.proxy
        client.socket_mode_request_listeners.append(self._received)
        self._client = client
        loop = asyncio.get_running_loop()
        self._keeper = [loop.create_task(_connect(client)), loop.create_task(self._watch(client))]

    async def _watch(self, client: SocketModeClient) -> None:
        tried: str | None = None
        while True:
            connected = await client.is_connected()
            if connected != self.connected:
                self.connected = connected
                logger.info("Socket Mode is %s", "connected" if connected else "not connected; trying again")
            if not connected and client.wss_uri is not None and client.wss_uri == tried:
                # A URL is good for one connection; None makes the SDK ask for a new one.
                client.wss_uri = None
            tried = client.wss_uri
            client.app_token = self._token.get_secret_value()  # a file may have brought a new one
            await asyncio.sleep(self._watch_every)

    async def _received(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(client, request))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        payload: dict[str, Any] | None = None
        try:
            answer = await self._edge.handle(storable(request.payload))
            payload = json.loads(answer) if answer and request.accepts_response_payload else None
        except NotForUs as error:
            self._count(STRANGER)
            logger.warning("an envelope of type %s is not for us: %s", request.type, error)
        except MalformedPayload as error:
            self._count(MALFORMED)
            logger.warning("an envelope of type %s could not be read: %s", request.type, error)
        response = SocketModeResponse(envelope_id=request.envelope_id, payload=payload)
        try:
            await client.send_socket_mode_response(response)
        except (ConnectionError, AttributeError):
            # The link went away meanwhile (AttributeError: there is none at all). Slack sends events again.
            logger.warning("an envelope of type %s could not be acknowledged: the link is gone", request.type)

    async def stop(self, *, grace: float = 3.0) -> None:
        """Finish what is being answered, at most `grace` seconds, then close the link."""
        if self._answering:
            await asyncio.wait(set(self._answering), timeout=grace)
        client, self._client = self._client, None
        if client is None:
            return
        for task in self._keeper:
            task.cancel()
        await asyncio.gather(*self._keeper, return_exceptions=True)
        found = [client.message_processor, client.message_receiver, client.current_session_monitor]
        ends = [end for end in found if end is not None]
        try:
            # The SDK says goodbye first, and waits 10 s for a Slack that does not answer.
            async with asyncio.timeout(CLOSE_SECONDS):
                await client.close()  # type: ignore[no-untyped-call]  # the SDK's signature
        except TimeoutError:
            logger.info("Slack does not answer the end of the link")
            for end in ends:
                end.cancel()
            await client.aiohttp_client_session.close()
        await asyncio.gather(*ends, return_exceptions=True)
        self.connected = False


async def _connect(client: SocketModeClient) -> None:
    await client.connect()  # type: ignore[no-untyped-call]  # the SDK's signature
