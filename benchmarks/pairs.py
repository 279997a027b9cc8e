"""Two servers measured by turns, A B A B, so that both see the same machine; medians, and the ratios pair by pair."""

import asyncio
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvloop

from benchmarks import processes
from benchmarks.load import Figures, drive

TURNS = 3
SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One run against one server. `cpu`: processor milliseconds of the server per request."""

    figures: Figures
    cpu: float


def run(port: int, requests: Sequence[bytes], *, connections: int, seconds: float = SECONDS, again: bool) -> Figures:
    """Send for some seconds, from this process."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive(port, requests, connections=connections, seconds=seconds, again=again))


def turn(
    port: int, process: subprocess.Popen[str], requests: Sequence[bytes], *, connections: int, again: bool
) -> Turn:
    """One run, with the server's processor time around it."""
    before = processes.cpu_seconds(process)
    figures = run(port, requests, connections=connections, again=again)
    used = processes.cpu_seconds(process) - before
    return Turn(figures=figures, cpu=used * 1e3 / max(1, figures.count))


def compare(name: str, ours: Callable[[], Turn], peer: Callable[[], Turn], *, peer_name: str, aim: str) -> None:
    """Measure by turns and print one row."""
    turns = [(ours(), peer()) for _ in range(TURNS)]
    mine, theirs = [one for one, _ in turns], [other for _, other in turns]
    cpu = statistics.median(one.cpu / max(other.cpu, 1e-6) for one, other in turns)
    rate = statistics.median(one.figures.rate / max(other.figures.rate, 0.1) for one, other in turns)
    wrong = sum(each.figures.wrong for pair in turns for each in pair)
    print(f"{name:<34} ours {_words(mine)} | {peer_name} {_words(theirs)} | cpu x{cpu:4.2f} rate x{rate:4.2f}", end="")
    print(f" | p99/p50 {_spread(mine):.1f} | wrong {wrong} | {aim}", flush=True)


def _words(turns: Sequence[Turn]) -> str:
    middle = statistics.median
    rate, p50 = middle(one.figures.rate for one in turns), middle(one.figures.p50 for one in turns)
    p99, cpu = middle(one.figures.p99 for one in turns), middle(one.cpu for one in turns)
    return f"{rate:6.0f}/s p50 {p50:5.2f} p99 {p99:6.2f} cpu {cpu:5.2f} ms"


def _spread(turns: Sequence[Turn]) -> float:
    return statistics.median(one.figures.p99 / max(one.figures.p50, 1e-6) for one in turns)
