"""Runs one flow many times, dying at another point each time, and says what was lost, doubled or left undone."""

import asyncio
import contextlib
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from bot.db.tables import posts
from tests.crash.flows import Flow
from tests.crash.house import House, Nursery, Process, open_house

# From the death to everything done, read back and shown, with the waits of victim.hurry.
BOUND_SECONDS = 120.0
CREATE = ("POST", "/api/token/")
NewDatabase = Callable[[], contextlib.AbstractContextManager[str]]
Meanwhile = Callable[[House], None]


@dataclass(kw_only=True)
class Run:
    """One run. `died`: whether the point was reached. `seconds`: from the act to rest."""

    point: str
    died: bool = False
    seconds: float = 0.0
    points: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    doubled_posts: list[str] = field(default_factory=list)


async def run_once(
    flow: Flow,
    *,
    point: str,
    folder: Path,
    database_url: str,
    nursery: Nursery,
    freeze: bool = False,
    meanwhile: Meanwhile | None = None,
    slow_gateway: bool = False,
) -> Run:
    """The whole flow with a death at `point` ("" for none), or a frost from which the process wakes at the end.

    `meanwhile`: what happens to a frozen one, which then wakes at once and goes on alone.
    `slow_gateway`: every call has a minute to be answered, and makes a connection of its own first, so that what stops
    who wakes up is the write lock, and no time-out.
    """
    run = Run(point=point)
    await asyncio.to_thread(folder.mkdir, parents=True)
    log, armed = folder / "points", folder / "armed"
    async with open_house(folder, database_url=database_url, nursery=nursery, reconnects=slow_gateway) as house:
        points = {"log": str(log), "armed": str(armed), "at": point, "freeze": freeze}
        victim = await house.start(points=points, gateway_timeout=BOUND_SECONDS if slow_gateway else None)
        made, view = await flow.prepare(house)
        armed.touch()
        begun = time.monotonic()
        watcher = asyncio.create_task(_restart(house, victim) if meanwhile is None else _disturb(house, meanwhile, run))
        try:
            await asyncio.wait_for(flow.act(house, view), BOUND_SECONDS)
            await _rest(house, flow)
            if freeze and victim.frozen:
                before = len(_writes(house))
                victim.kill(signal.SIGCONT)
                run.died = True
                # What it had in hand when it froze comes now, if it comes.
                await asyncio.sleep(1.0)
                await _rest(house, flow)
                late = _writes(house)[before:]
                run.problems += (
                    [f"{len(late)} writes came late: {', '.join(late)}"] if flow.nothing_late and late else []
                )
        except (TimeoutError, AssertionError, httpx.HTTPError) as error:
            run.problems.append(f"no rest: {error or 'time is over'}")
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        run.seconds = time.monotonic() - begun
        run.died = run.died or not victim.alive
        run.points = log.read_text().splitlines() if log.exists() else []
        run.problems += await asyncio.to_thread(_audit, house, flow, made)
        counted = house.posted()
        run.doubled_posts = [f"{post} ×{count}" for post, count in counted.items() if count != 1]
        run.problems += [f"it said: {line}" for process in house.processes[freeze:] for line in _tracebacks(process)]
    if not run.problems:
        shutil.rmtree(folder)
    return run


def _writes(house: House) -> list[str]:
    """What changed keys, or would have; asking for the values of masked keys is a POST as well, and changes nothing."""
    changing = (s for s in house.gateway.requests if s.method in {"PUT", "DELETE"} or (s.method, s.path) == CREATE)
    return [f"{seen.method} {seen.path}" for seen in changing]


async def _restart(house: House, victim: Process) -> None:
    """What a supervisor does."""
    while victim.alive and not victim.frozen:  # noqa: ASYNC110  # the kernel tells nobody that it froze
        await asyncio.sleep(0.02)
    if victim.frozen:
        await house.start()
        return
    code = victim.ended.result()
    assert code < 0, f"it ended by itself with {code}: {victim.said()[-1500:]}"
    await house.start(port=victim.port)


async def _disturb(house: House, meanwhile: Meanwhile, run: Run) -> None:
    """Once it stands still, do that to it and let it go on."""
    (victim,) = house.processes
    while not victim.frozen:  # noqa: ASYNC110  # the kernel tells nobody that it froze
        await asyncio.sleep(0.02)
    run.died = True
    await asyncio.to_thread(meanwhile, house)
    victim.kill(signal.SIGCONT)


async def _rest(house: House, flow: Flow) -> None:
    end = time.monotonic() + BOUND_SECONDS
    while (state := await house.database.read(_state, flow)) != "":
        if time.monotonic() > end:
            raise AssertionError(state)
        await asyncio.sleep(0.03)


def _state(c: sa.Connection, flow: Flow) -> str:
    """Empty once nothing moves any more; else what still does."""
    if moving := flow.moving(c):
        return moving
    undrawn = list(c.scalars(sa.select(posts.c.id).where(posts.c.drawn < posts.c.wanted)))
    if undrawn:
        return f"posts: {undrawn}"
    dbos = "dbos." if c.dialect.name == "postgresql" else ""
    soon = int((time.time() + 60) * 1000)
    busy = sa.text(
        f"SELECT workflow_uuid FROM {dbos}workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
        f" OR (status = 'DELAYED' AND delay_until_epoch_ms < {soon})"
    )
    found = list(c.scalars(busy))
    return f"work: {found}" if found else ""


def _audit(house: House, flow: Flow, made: Any) -> list[str]:
    """What is wrong with the gateway, the rows and the record."""
    problems = [*flow.check(house, made), *flow.recorded(house)]
    return problems + [f"record: {problem}" for problem in house.verdict().problems]


def _tracebacks(process: Process) -> list[str]:
    return [line[:300] for line in process.said().splitlines() if "Traceback" in line]


async def matrix(
    flow: Flow,
    *,
    folder: Path,
    new_database: NewDatabase,
    nursery: Nursery,
    freeze: bool = False,
    meanwhile: Meanwhile | None = None,
    only: str = "",
    sample: int | None = None,
    at_once: int = 2,
    slow_gateway: bool = False,
) -> list[Run]:
    """Find the points in a run without a death, then die at each, or at `sample` of them, evenly spread.

    `only`: the points whose name holds this. `freeze`, `meanwhile` and `slow_gateway`: see run_once.
    """
    numbers = iter(range(10_000))

    async def one(point: str) -> Run:
        number = next(numbers)
        place = folder / f"{flow.name}-{number}"
        try:
            with new_database() as url:
                return await run_once(
                    flow,
                    point=point,
                    folder=place,
                    database_url=url,
                    nursery=nursery,
                    freeze=freeze,
                    meanwhile=meanwhile if point else None,
                    slow_gateway=slow_gateway,
                )
        except (AssertionError, LookupError, OSError, sa.exc.SQLAlchemyError) as error:
            # A machine that is too busy to prepare the run: told as a problem, and the other runs go on.
            return Run(point=point, problems=[f"not run: {error!r}"])

    first = await one("")
    chosen = _spread([point for point in first.points if only in point], sample)
    turns = asyncio.Semaphore(at_once)

    async def in_turn(point: str) -> Run:
        async with turns:
            return await one(point)

    return [first, *await asyncio.gather(*(in_turn(point) for point in chosen))]


def _spread(points: Sequence[str], sample: int | None) -> list[str]:
    if sample is None or sample >= len(points):
        return list(points)
    return [points[int((n + 0.5) * len(points) / sample)] for n in range(sample)]


def report(name: str, runs: Sequence[Run]) -> str:
    """One line of the table, and every run that went wrong."""
    first, *rest = runs
    died = sum(run.died for run in rest)
    doubled = [run for run in rest if run.doubled_posts]
    wrong = [run for run in runs if run.problems]
    slowest = max(run.seconds for run in runs)
    line = (
        f"| {name} | {len(first.points)} | {len(rest)} | {died} | {len(rest) - len(wrong)} | {len(doubled)} "
        f"| {len(wrong)} | {slowest:.1f} s |"
    )
    told = [f"  {run.point}: {'; '.join([*run.problems, *run.doubled_posts])}" for run in [*wrong, *doubled]]
    return "\n".join([line, *told])
