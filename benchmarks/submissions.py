"""A submission beside tuned Bolt with one committed row: its answer alone, its answer beside runs, and the runs.

A run begins after the answer, so the processor time of a process that does both says little about either: whoever
drives it faster sees fewer runs in the same seconds. Here the runs are held back first (held_serve.py): what is used
then is the answer's. Then they are let go and answers are asked for beside them.
"""

import functools
import signal
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import payloads, processes
from benchmarks.load import Figures
from benchmarks.pairs import SECONDS, Turn, compare, run, turn

# In three seconds at most so many are answered.
HELD = ("benchmarks.held_serve",)
MOST = 9_000
WARM = 50
# The process rests when it uses less than this share of a core for a second.
REST, LONGEST_REST = 0.03, 20


@dataclass(frozen=True)
class Work:
    """Answers while runs were being worked off, and what a run costs, in milliseconds of processor."""

    beside: Figures
    runs: float


def _requests(port: int) -> list[bytes]:
    first = time.time_ns() // 1_000_000
    return [payloads.submission(first + number, port=port) for number in range(MOST)]


def _ours(settings: dict[str, str], database_url: str, connections: int, work: list[Work]) -> Turn:
    with tempfile.TemporaryDirectory() as name:
        with processes.keydesk(settings, Path(name), database_url=database_url, program=HELD) as (port, process, _):
            requests = _requests(port)
            run(port, requests[:WARM], connections=connections, again=False)
            alone = turn(port, process, requests[WARM:], connections=connections, again=False)
            work.append(_released(port, process, requests[WARM + alone.figures.count :], connections, alone))
            return alone


def _released(port: int, process: subprocess.Popen[str], requests: list[bytes], connections: int, alone: Turn) -> Work:
    before = processes.cpu_seconds(process)
    process.send_signal(signal.SIGUSR1)
    time.sleep(1.2)
    beside = run(port, requests, connections=connections, again=False, seconds=SECONDS)
    used = processes.cpu_seconds(process)
    for _ in range(LONGEST_REST):
        time.sleep(1)
        last, used = used, processes.cpu_seconds(process)
        if used - last < REST:
            break
    of_runs = (used - before) * 1e3 - beside.count * alone.cpu
    return Work(beside, of_runs / max(1, WARM + alone.figures.count + beside.count))


def _peer(database_url: str, connections: int) -> Turn:
    with processes.peer("row", database_url=database_url) as (port, process):
        requests = _requests(port)
        run(port, requests[:WARM], connections=connections, again=False)
        return turn(port, process, requests[WARM:], connections=connections, again=False)


def measure(ours_url: str, peer_url: str, label: str) -> None:
    """Print two rows for one connection and two for sixteen."""
    for connections in (1, 16):
        work: list[Work] = []
        with tempfile.TemporaryDirectory() as name, processes.fakes(Path(name)) as settings:
            compare(
                f"answer to a form, {label}, {connections} conn.",
                functools.partial(_ours, settings, ours_url.format(folder=name), connections, work),
                functools.partial(_peer, peer_url.format(folder=name), connections),
                peer_name="tuned + row",
                aim="cpu <= 2x",
            )
        middle = statistics.median
        p50, p99 = middle(one.beside.p50 for one in work), middle(one.beside.p99 for one in work)
        spread = middle(one.beside.p99 / max(one.beside.p50, 1e-6) for one in work)
        wrong = sum(one.beside.wrong for one in work)
        print(
            f"{'  beside its runs':<34} ours {middle(one.beside.rate for one in work):6.0f}/s p50 {p50:5.2f}"
            f" p99 {p99:6.2f} | p99/p50 {spread:.1f} | a run afterwards {middle(one.runs for one in work):.2f} ms cpu"
            f" | wrong {wrong} | p99 <= 3x p50",
            flush=True,
        )
