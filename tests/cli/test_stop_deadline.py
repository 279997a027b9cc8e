"""A process that was told to stop ends, although a thread of it waits for ever."""

import subprocess
import sys
import threading
from types import FrameType
from typing import Any

import pytest
import uvicorn

from bot.cli import server, stop_deadline
from bot.cli.stop_deadline import StopDeadline

HANGS = """
import logging, threading
from concurrent.futures import ThreadPoolExecutor
from bot.cli.stop_deadline import StopDeadline

logging.basicConfig()
deadline = StopDeadline(seconds={seconds})
deadline.begin()
deadline.begin()
ThreadPoolExecutor(1).submit({work})
{after}
"""


def run(*, seconds: float, work: str, after: str = "") -> subprocess.CompletedProcess[str]:
    script = HANGS.format(seconds=seconds, work=work, after=after)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


def test_a_thread_that_hangs_is_not_waited_for_longer() -> None:
    ended = run(seconds=0.1, work="threading.Event().wait")
    assert ended.returncode == 0
    assert "stopping takes longer than 0.1 s" in ended.stderr


def test_who_ends_in_time_ends_by_itself() -> None:
    ended = run(seconds=3600, work="int", after="deadline.met()")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_first_signal_starts_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    fired = threading.Event()
    monkeypatch.setattr(stop_deadline, "_end", lambda _seconds: fired.set())
    metrics: Any = None
    config = uvicorn.Config(app="none")
    serving = server._Server(config, metrics=metrics, deadline=StopDeadline(seconds=0.0))
    frame: FrameType | None = None
    serving.handle_exit(15, frame)
    assert fired.wait(30)
    assert serving.should_exit
