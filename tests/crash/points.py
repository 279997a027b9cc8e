"""Counts every moment at which Keydesk waits for something outside itself, and can die at one of them.

Wraps the commit of every transaction (ours and the durable engine's), every read, every exchange with the gateway,
every call to Slack and every answer to it. A point is a name and its count: `slack chat.postMessage after #2`.
Only for the process of victim.py: `install` changes classes in place.
"""

import functools
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import httpcore
import sqlalchemy as sa
from sqlalchemy.engine import default

from bot.db.engine import Database
from bot.gateway.replies import ApiCall
from bot.gateway.wire import Wire
from bot.slack.http_endpoint import SlackEndpoint
from bot.slack.web_client import SlackWebClient

# Goes on beside every flow and belongs to none: another moment of it is no other case.
_BESIDE = ("Takeover.beat_in", "_record_policy", "dbos DELETE FROM", "dbos INSERT INTO queues")
# The exchange with the gateway that this task is in.
_exchange: ContextVar[str] = ContextVar("exchange", default="gateway")
_WRITE = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\s+([\w.\"]+)")


class Points:
    """Writes each point to `log` while the file `armed` is there, and kills or freezes this process at the point `at`."""

    def __init__(self, *, log: Path, armed: Path, at: str, freeze: bool) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._armed = armed
        self._at = at
        self._signal = signal.SIGSTOP if freeze else signal.SIGKILL
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        if any(part in name for part in _BESIDE) or not self._armed.exists():
            return
        with self._lock:
            self._counts[name] += 1
            point = f"{name} #{self._counts[name]}"
            os.write(self._log, f"{point}\n".encode())
            if point == self._at:
                os.kill(os.getpid(), self._signal)


def install(points: Points) -> None:
    """Wrap everything."""
    _wrap_database(points)
    _wrap_remote(points, Wire, "exchange", _exchange_label)
    # Inside an exchange: at its end the connection is there, and the bytes have not left yet.
    _wrap_remote(points, httpcore.AnyIOBackend, "connect_tcp", lambda _host: f"{_exchange.get()} connection")
    _wrap_remote(points, SlackWebClient, "_call", lambda method: f"slack {method}")
    _wrap_remote(points, SlackWebClient, "respond", lambda _url: "slack response_url")
    _wrap_answers(points)


def _exchange_label(call: ApiCall) -> str:
    label = f"gateway {call.method} {call.path}"
    _exchange.set(label)
    return label


def _wrap_remote(points: Points, owner: type, name: str, label: Callable[[Any], str]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    async def wrapped(self: Any, what: Any, *args: Any, **kwargs: Any) -> Any:
        points.reach(f"{label(what)} before")
        try:
            return await original(self, what, *args, **kwargs)
        finally:
            points.reach(f"{label(what)} after")

    setattr(owner, name, wrapped)


def _wrap_answers(points: Points) -> None:
    original = SlackEndpoint.__call__

    async def wrapped(self: SlackEndpoint, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                points.reach("answer before")
            await send(message)
            if message["type"] == "http.response.body":
                points.reach("answer after")

        await original(self, scope, receive, sending)

    setattr(SlackEndpoint, "__call__", wrapped)  # noqa: B010  # to mypy a method is no variable


def _wrap_database(points: Points) -> None:
    mine = threading.local()
    run_here, read = Database.run_here, Database._read
    do_commit: Any = default.DefaultDialect.do_commit

    def labelled_run(self: Database, work: Any, *args: Any, **kwargs: Any) -> Any:
        mine.label = f"commit {_label(work, args)}"
        try:
            return run_here(self, work, *args, **kwargs)
        finally:
            mine.label = None

    def labelled_read(self: Database, work: Any, *args: Any, **kwargs: Any) -> Any:
        points.reach(f"read {_label(work, args)} before")
        return read(self, work, *args, **kwargs)

    def commit(self: Any, connection: Any) -> None:
        label = getattr(mine, "label", None) or getattr(mine, "wrote", None)
        mine.wrote = None
        if label is None:
            do_commit(self, connection)
            return
        points.reach(f"{label} before")
        do_commit(self, connection)
        points.reach(f"{label} after")

    @sa.event.listens_for(sa.Engine, "after_cursor_execute")
    def _noticed(_c: Any, cursor: Any, statement: str, *_more: Any) -> None:
        found = _WRITE.search(statement)
        if found is not None and cursor.rowcount != 0:
            mine.wrote = f"commit dbos {found[1]} {found[2].rpartition('.')[2]}"

    for where, name, wrapped in (
        (Database, "run_here", labelled_run),
        (Database, "_read", labelled_read),
        # Every dialect inherits this one.
        (default.DefaultDialect, "do_commit", commit),
    ):
        setattr(where, name, wrapped)


def _label(work: Any, args: tuple[Any, ...]) -> str:
    told = [arg for arg in args if isinstance(arg, str | int)][:1]
    name = getattr(work, "__qualname__", repr(type(work)))
    return " ".join([name.removesuffix(".<locals>.<lambda>"), *map(str, told)])
