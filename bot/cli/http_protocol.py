"""uvicorn's HTTP protocol with a time limit for receiving a request, and a limit for connections that send nothing.

uvicorn waits for ever for the rest of a request. Then a few thousand connections that were opened and never used, or
that send a byte now and then, use up the process's file descriptors and nobody is answered any more. Here a request
must arrive in `seconds`, and of the connections that are not being answered at most `most` stay open: the ones that
have waited longest are closed first, so that a new request is always accepted. One that has only just opened is not
among them: hundreds may be accepted at once, and a request that is already here is read a moment later.
"""

import asyncio
import contextlib
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Slack sends a request at once and waits 3 s for its answer.
RECEIVE_SECONDS = 10.0
MOST_WAITING = 400
GRACE_SECONDS = 0.5
# The soft limit is 1,024 on most systems; files, sockets to Slack and database connections need some, too.
_DESCRIPTORS = 4096


@dataclass
class Waiting:
    """The connections that are not being answered, longest waiting first, with the time at which they began to wait."""

    seconds: float = RECEIVE_SECONDS
    most: int = MOST_WAITING
    # So many are too many for the process, however new they are.
    most_at_all: int = 10 * MOST_WAITING
    since: "OrderedDict[LimitedProtocol, float]" = field(default_factory=OrderedDict)
    _sweeping: bool = False

    def add(self, connection: "LimitedProtocol", loop: asyncio.AbstractEventLoop) -> None:
        """A connection opened, or began a request, or got its answer."""
        self.since[connection] = loop.time()
        self.since.move_to_end(connection)
        self._keep_few(loop.time())
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(self.seconds / 10, self._sweep, loop)

    def _keep_few(self, now: float) -> None:
        while len(self.since) > self.most:
            oldest, since = next(iter(self.since.items()))
            if since > now - GRACE_SECONDS and len(self.since) <= self.most_at_all:
                return
            self._close(oldest)

    def discard(self, connection: "LimitedProtocol") -> None:
        """Its request is here, or it is closed."""
        self.since.pop(connection, None)

    def _close(self, connection: "LimitedProtocol") -> None:
        self.discard(connection)
        connection.transport.abort()

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        end = loop.time() - self.seconds
        while self.since and next(iter(self.since.values())) <= end:
            self._close(next(iter(self.since)))
        self._keep_few(loop.time())
        self._sweeping = bool(self.since)
        if self._sweeping:
            loop.call_later(self.seconds / 10, self._sweep, loop)


class LimitedProtocol(HttpToolsProtocol):
    """One connection. Use `limited` to make the class for a server: each has its own `waiting`."""

    waiting: ClassVar[Waiting]

    def connection_made(self, transport: Any) -> None:
        """Opened: the time for its first request begins."""
        super().connection_made(transport)
        self.waiting.add(self, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed by either side."""
        self.waiting.discard(self)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request: later bytes do not prolong its time."""
        self.waiting.add(self, self.loop)
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The whole request is here: now it is our turn, however long the answer takes."""
        self.waiting.discard(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answered: the connection is idle, if it stays open."""
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self.waiting.add(self, self.loop)


def limited(*, seconds: float = RECEIVE_SECONDS, most: int = MOST_WAITING) -> type[LimitedProtocol]:
    """The protocol class for one server."""
    waiting = Waiting(seconds=seconds, most=most, most_at_all=max(most, _descriptors() // 2))
    return type("ServerProtocol", (LimitedProtocol,), {"waiting": waiting})


def _descriptors() -> int:
    """How many files and sockets this process may open, as far as it is worth knowing."""
    if sys.platform == "win32":
        return _DESCRIPTORS
    import resource  # noqa: PLC0415  # not on Windows

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _DESCRIPTORS if soft == resource.RLIM_INFINITY else min(soft, _DESCRIPTORS)


def raise_descriptor_limit() -> None:
    """Let this process open some thousand files and sockets, as far as the system allows it."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
