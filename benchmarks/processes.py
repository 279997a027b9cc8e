"""Starts and stops the processes that are measured. Loopback only; each is ended by its own pid."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PATIENCE = 20.0


def free_port() -> int:
    """A port nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A Python process of ours, ended at the end."""
    # Compiled modules are kept, as in any installation: a start that compiles them all measures the compiler.
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env={**ours, "PYTHONPATH": str(Path.cwd()), **(environment or {})},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=12)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@contextlib.contextmanager
def fakes(folder: Path) -> Iterator[dict[str, str]]:
    """The sandbox's Slack and gateway; yields the bot's settings."""
    with running("benchmarks.fakes", str(folder)) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())


@contextlib.contextmanager
def keydesk(
    settings: Mapping[str, str],
    folder: Path,
    *,
    database_url: str | None = None,
    program: Sequence[str] = ("bot", "serve"),
) -> Iterator[tuple[int, subprocess.Popen[str], float]]:
    """`keydesk serve`; yields its port, its process and the seconds from start to ready.

    `program`: see held_serve.py and lean_serve.py.
    """
    port = free_port()
    environment = {**settings, "PORT": str(port)} | ({"DATABASE_URL": database_url} if database_url else {})
    started = time.perf_counter()
    with running(*program, environment=environment, folder=folder) as process:
        wait_for(port, process)
        yield port, process, time.perf_counter() - started


@contextlib.contextmanager
def peer(kind: str, *, database_url: str = "") -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """One of benchmarks/peers.py; yields its port and its process."""
    port = free_port()
    with running("benchmarks.peers", str(port), kind, database_url) as process:
        wait_for(port, process)
        yield port, process


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Until the port answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.005)
    raise RuntimeError("it does not answer")


def memory(process: subprocess.Popen[str]) -> float:
    """Resident memory in MiB."""
    import psutil

    return float(psutil.Process(process.pid).memory_info().rss) / 2**20


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    """Processor time used so far."""
    import psutil

    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)
