"""A server of processes for crash tests: imports Keydesk once and forks real processes.

`python -m tests.crash.victim SOCKET` serves one test after the other, each over a connection of its own to that Unix
socket, until standard input ends. It reads a line of JSON per order: {"arguments", "environment", "folder", "output",
"quick", "gateway_timeout", "points"}. It answers with {"started": pid} and, when one ends, {"ended": pid, "code": n} (negative: the
signal). A fork of a warm process starts in a fifth of the time; from then on it is `keydesk serve` like any other.
`quick` shortens the waits that are long on purpose, by changing constants of that process alone.
"""

import contextlib
import functools
import json
import os
import random
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import bot.app
import bot.approvals.execution
import bot.approvals.verified_write
import bot.approvals.write_locks
import bot.cli.server
import bot.db.engine
import bot.durable.engine
import bot.durable.runs
import bot.durable.takeover
import bot.gateway_accounts
import bot.health
import bot.resources
import bot.services
import bot.slack.directory
import bot.slack.outbox
import bot.slack.socket_mode
from bot.__main__ import main as keydesk
from tests.crash.points import Points, install

# The same order of sizes as in real life: a turn is shorter than the time-out, that shorter than the settle time.
_TIMEOUT, _TICK, _SILENCE, _LEASE = 2.0, 0.25, 1.5, 1.5
_PING, _WATCH = 0.5, 0.1


def hurry(*, timeout: float) -> None:
    """Make the long waits short. `timeout`: of a call to the gateway."""
    accounts: Any = bot.gateway_accounts
    connect = accounts.connect
    accounts.connect = lambda **more: connect(**more | {"timeout": timeout})
    socket_mode: Any = bot.slack.socket_mode
    socket_mode.SocketMode = functools.partial(socket_mode.SocketMode, ping=_PING, watch=_WATCH)
    bot.approvals.verified_write.PROCESSING = 0.5
    bot.approvals.execution.LONGEST_PAUSE = 1.0
    bot.approvals.write_locks.SECONDS = _LEASE
    engine: Any = bot.durable.engine
    engine.TICK_SECONDS = bot.durable.takeover.TICK_SECONDS = _TICK
    bot.durable.takeover.SILENCE_SECONDS = _SILENCE
    bot.db.engine.IDLE_IN_TRANSACTION_SECONDS = _SILENCE
    bot.slack.directory.FRESH_SECONDS = 1.0
    bot.durable.runs.FIRST_RETRY_SECONDS = 0.2
    outbox: Any = bot.slack.outbox
    outbox.LEASE_SECONDS = _LEASE
    outbox.SETTLE_SECONDS = 0.6
    outbox.BUSY_SECONDS = outbox.SOON_SECONDS = outbox.FIRST_RETRY = 0.2
    outbox.LONGEST_RETRY = outbox.SLOW_RETRY = outbox.SLOWEST_RETRY = outbox.CLOSED_RETRY = 1.0
    outbox.POST_EVERY = outbox.UPDATE_EVERY = 0.02


def become(order: dict[str, Any]) -> None:
    """In the child: be the process that was ordered, to the end."""
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)
    random.seed()
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(order["folder"])
    os.environ.update(order["environment"])  # noqa: TID251  # what a supervisor would set
    if order.get("quick"):
        hurry(timeout=order.get("gateway_timeout") or _TIMEOUT)
    if version := order.get("version"):
        modules: list[Any] = [bot.resources, bot.services, bot.health]
        for module in modules:
            module.__version__ = version
    if points := order.get("points"):
        places = {"log": Path(points["log"]), "armed": Path(points["armed"])}
        install(Points(**places, at=points["at"], freeze=points["freeze"]))
    code = 1
    try:
        code = keydesk(order["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Nursery:
    """Forks for one connection; the children end with it."""

    def __init__(self, connection: socket.socket, ends: int, *, inherited: list[int]) -> None:
        self._connection = connection
        self._ends = ends
        self._inherited = [connection.fileno(), *inherited]
        self._children: set[int] = set()

    def serve(self) -> None:
        """Until the other side closes, or standard input ends."""
        orders = b""
        while True:
            watched: list[Any] = [self._connection, self._ends, 0]
            ready, _, _ = select.select(watched, [], [])
            if self._ends in ready:
                os.read(self._ends, 1000)
                self._reap()
            if 0 in ready:
                break
            if self._connection not in ready:
                continue
            heard = self._connection.recv(65536)
            if not heard:
                break
            *lines, orders = (orders + heard).split(b"\n")
            for line in lines:
                self._fork(line)
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _fork(self, line: bytes) -> None:
        pid = os.fork()
        if pid == 0:
            for descriptor in self._inherited:
                os.close(descriptor)
            become(json.loads(line))
        self._children.add(pid)
        self._tell(started=pid)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._children.discard(pid)
            self._tell(ended=pid, code=os.waitstatus_to_exitcode(status))

    def _tell(self, **what: int) -> None:
        with contextlib.suppress(BrokenPipeError):  # the test is over
            self._connection.sendall((json.dumps(what) + "\n").encode())


def main(path: str) -> None:
    """Serve one connection after the other until standard input ends."""
    ends, speak = os.pipe()
    os.set_blocking(speak, False)
    os.set_blocking(ends, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(speak)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        watched: list[Any] = [listener, 0]
        while 0 not in select.select(watched, [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                Nursery(connection, ends, inherited=[ends, speak, listener.fileno()]).serve()


if __name__ == "__main__":
    main(sys.argv[1])
