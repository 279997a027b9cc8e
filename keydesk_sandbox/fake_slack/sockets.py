"""Socket Mode: tickets, links, envelopes, acks, disconnects (slack.md A8, G11). Knows no payload's meaning."""

import asyncio
import contextlib
import json
import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.core import Core

MOST_LINKS = 10
LINK_SECONDS = 3600
DEBUG_LINK_SECONDS = 360
TICKET_SECONDS = 30.0

Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(kw_only=True, eq=False)
class Link:
    """One open websocket of the app. `send` raises OSError when the app has closed it.

    `end` says goodbye, `cut` breaks the connection without a word.
    """

    id: str
    send: Callable[[str], Awaitable[None]]
    end: Callable[[], Awaitable[None]]
    cut: Callable[[], None] = lambda: None
    waiting: dict[str, asyncio.Future[AppAnswer]] = field(default_factory=dict)
    got_payload: set[str] = field(default_factory=set)


class SocketHub:
    """All links of the app. Each envelope goes to one of them, in no promised order.

    `lose_acks`: of so many envelopes to come the ack never arrives, because the link is cut on its way.
    """

    def __init__(self, core: Core) -> None:
        self.links: list[Link] = []
        self.hello_count = 0
        self.lose_acks = 0
        self._core = core
        self._tickets: dict[str, float] = {}
        self._random = random.Random(0)  # noqa: S311 - picks a link, guards nothing

    def ticket(self) -> str:
        """A one-time ticket for a websocket URL."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = self._core.clock()
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether that ticket is good; it is not afterwards."""
        at = self._tickets.pop(ticket, None)
        return at is not None and self._core.clock() - at <= TICKET_SECONDS

    async def join(self, link: Link, *, debug_reconnects: bool) -> bool:
        """Says hello to a new link; the eleventh is sent away with too_many_websockets."""
        if len(self.links) >= MOST_LINKS:
            await link.send(_disconnect("too_many_websockets"))
            return False
        self.links.append(link)
        self.hello_count += 1
        seconds = DEBUG_LINK_SECONDS if debug_reconnects else LINK_SECONDS
        hello = {
            "type": "hello",
            "num_connections": len(self.links),
            "debug_info": {"host": "sandbox", "build_number": 0, "approximate_connection_time": seconds},
            "connection_info": {"app_id": self._core.app.id},
        }
        await link.send(json.dumps(hello))
        self._core.changed()
        return True

    def leave(self, link: Link) -> None:
        """The link is closed; what it had not acknowledged is lost."""
        if link in self.links:
            self.links.remove(link)
        for future in link.waiting.values():
            if not future.done():
                future.set_result(AppAnswer(status=None, failure="unreachable"))
        self._core.changed()

    def receive(self, link: Link, text: str) -> None:
        """What the app sent through a link: acks; anything else is ignored, as Slack does."""
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        envelope_id = message.get("envelope_id")
        if self.lose_acks > 0 and envelope_id in link.waiting:
            self.lose_acks -= 1
            self.cut(link)
            return
        future = link.waiting.pop(envelope_id, None) if isinstance(envelope_id, str) else None
        if future is None or future.done():
            return
        payload = message.get("payload") if envelope_id in link.got_payload else None
        future.set_result(AppAnswer(status=200, body=payload or None))

    async def send(self, kind: str, payload: dict[str, Any], *, retry: int = 0) -> AppAnswer:
        """One envelope through one link; returns when it is acknowledged or the link is gone."""
        if not self.links:
            return AppAnswer(status=None, failure="unreachable")
        link = self._random.choice(self.links)
        accepts = kind == "slash_commands" or payload.get("type") in {"view_submission", "block_suggestion"}
        envelope: dict[str, Any] = {
            "envelope_id": f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(6)}",
            "type": kind,
            "accepts_response_payload": accepts,
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        future: asyncio.Future[AppAnswer] = asyncio.get_running_loop().create_future()
        link.waiting[envelope["envelope_id"]] = future
        if accepts:
            link.got_payload.add(envelope["envelope_id"])
        try:
            await link.send(json.dumps(envelope))
        except OSError:
            self.leave(link)
        return await future

    async def disconnect(self, reason: Reason, *, link: Link | None = None) -> None:
        """Sends a disconnect to one link or all; every reason but `warning` also closes it."""
        for one in [link] if link is not None else list(self.links):
            with contextlib.suppress(OSError):
                await one.send(_disconnect(reason))
            if reason != "warning":
                await one.end()
                self.leave(one)

    def cut(self, *links: Link) -> None:
        """Breaks these links, or all, without a goodbye."""
        for one in links or tuple(self.links):
            one.cut()
            self.leave(one)


def _disconnect(reason: Reason) -> str:
    return json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
