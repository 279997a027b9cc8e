"""A server of processes for crash tests: `python -m tests.crash.victim` imports Keydesk once and forks real processes.

Reads a line of JSON per order: {"arguments", "environment", "folder", "output", "quick", "points"}. Answers with
{"started": pid} and, when one ends, {"ended": pid, "code": n} (negative: the signal). A fork of a warm process starts
in a fifth of the time; from then on it is `keydesk serve` like any other. `quick` shortens the waits that are long
on purpose, by changing constants of that process alone.
"""

import functools
import json
import os
import random
import select
import signal
import sys
from pathlib import Path
from typing import Any

import bot.app
import bot.approvals.execution
import bot.approvals.write_locks
import bot.cli.server
import bot.db.engine
import bot.durable.engine
import bot.durable.runs
import bot.durable.takeover
import bot.health
import bot.slack.directory
import bot.slack.outbox
from bot.__main__ import main as keydesk
from tests.crash.points import Points, install

# The same order of sizes as in real life: a turn is shorter than the time-out, that shorter than the settle time.
_TIMEOUT, _TICK, _SILENCE, _LEASE = 2.0, 0.25, 1.5, 1.5
_PING, _WATCH = 0.5, 0.1


def hurry() -> None:
    """Make the long waits short."""
    connect, socket_mode = bot.app.connect, bot.app.SocketMode
    bot.app.connect = lambda **options: connect(timeout=_TIMEOUT, **options)
    links: Any = functools.partial(socket_mode, ping=_PING, watch=_WATCH)
    bot.app.SocketMode = links
    bot.approvals.execution.PROCESSING = 0.5
    bot.approvals.execution.LONGEST_PAUSE = 1.0
    bot.approvals.write_locks.SECONDS = _LEASE
    bot.durable.engine.TICK_SECONDS = bot.durable.takeover.TICK_SECONDS = _TICK
    bot.durable.takeover.SILENCE_SECONDS = _SILENCE
    bot.db.engine.IDLE_IN_TRANSACTION_SECONDS = _SILENCE
    bot.slack.directory.FRESH_SECONDS = 1.0
    bot.durable.runs.FIRST_RETRY_SECONDS = 0.2
    outbox: Any = bot.slack.outbox
    outbox.LEASE_SECONDS = _LEASE
    outbox.SETTLE_SECONDS = 0.6
    outbox.BUSY_SECONDS = outbox.SOON_SECONDS = outbox.FIRST_RETRY = 0.2
    outbox.LONGEST_RETRY = outbox.SLOW_RETRY = outbox.SLOWEST_RETRY = 1.0
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
        hurry()
    if version := order.get("version"):
        bot.app.__version__ = bot.health.__version__ = version
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


def _tell(**what: int) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


def _bury(children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        _tell(ended=pid, code=os.waitstatus_to_exitcode(status))


def main() -> None:
    """Serve orders until standard input ends; the children end with us."""
    hear, speak = os.pipe()
    os.set_blocking(speak, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(speak)
    children: set[int] = set()
    orders = b""
    while True:
        ready, _, _ = select.select([0, hear], [], [])
        if hear in ready:
            os.read(hear, 1000)
            _bury(children)
        if 0 not in ready:
            continue
        heard = os.read(0, 65536)
        if not heard:
            break
        *lines, orders = (orders + heard).split(b"\n")
        for line in lines:
            pid = os.fork()
            if pid == 0:
                os.close(hear)
                os.close(speak)
                become(json.loads(line))
            children.add(pid)
            _tell(started=pid)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
