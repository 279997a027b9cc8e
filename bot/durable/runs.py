"""Runs one job once and decides what follows: nothing, another run later, or a retry. Knows no DBOS.

A run that ends without its successor being queued would be lost, so queueing it is tried until it works.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.logs import log_context

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Again:
    """A job's answer: not finished, run me again after `seconds`."""

    seconds: float


Job = Callable[[str], Awaitable[Again | None]]


@dataclass(frozen=True)
class Run:
    """The `turn`-th run of the work `name`, after `failures` runs in succession that raised. Stored as its fields."""

    job: str
    name: str
    argument: str
    turn: int = 0
    failures: int = 0

    @property
    def row(self) -> str:
        """The id of its row. The successor's is derived, so that queueing it twice is queueing it once."""
        return self.name if self.turn == 0 else f"{self.name}:again:{self.turn}"


class Runs:
    """What this process is running now, by row id; each row at most once at a time, `places` jobs at most."""

    def __init__(
        self, *, jobs: Mapping[str, Job], queue: Callable[[Run, float], Awaitable[None]], places: int = 16
    ) -> None:
        self.jobs = dict(jobs)
        self.running: dict[str, asyncio.Task[None]] = {}
        self._queue = queue
        # Two threads claim, and each counts without the other: a row too many waits here.
        self._places = asyncio.Semaphore(places)
        self._stopping = False

    async def run(self, run: Run) -> None:
        """Returns when the run is over and its successor, if any, is queued. Cancelled: it must run again elsewhere."""
        if self._stopping:
            # Claimed while stopping: leave the row claimed, as if this process had died.
            raise asyncio.CancelledError
        other = self.running.get(run.row)
        if other is not None:
            # This process was thought dead, and has now claimed again what it is still running.
            await asyncio.wait({other})
            return
        task = asyncio.create_task(self._perform(run))
        self.running[run.row] = task
        try:
            await task
        finally:
            del self.running[run.row]

    async def stop(self, *, grace: float) -> None:
        """Begin nothing more; wait `grace` seconds for what runs, then cancel it, which leaves its rows claimed."""
        self._stopping = True
        if self.running:
            await asyncio.wait(set(self.running.values()), timeout=grace)
        left = set(self.running.values())
        if left:
            log.warning("Stopped with %d jobs unfinished; they run again at the next start", len(left))
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1.0)

    async def _perform(self, run: Run) -> None:
        again: Again | None
        failures = 0
        try:
            async with self._places:
                with log_context(work=run.row):
                    again = await self.jobs.get(run.job, _unknown)(run.argument)
        except (Exception, asyncio.CancelledError) as error:
            if self._stopping and isinstance(error, asyncio.CancelledError):
                raise
            failures = run.failures + 1
            again = Again(retry_delay(failures))
            message = "Job %s failed, try %d; again in %g s"
            log.exception(message, run.job, failures, again.seconds, extra={"work": run.row})
        if again is not None:
            await self._follow(Run(run.job, run.name, run.argument, run.turn + 1, failures), after=again.seconds)

    async def _follow(self, run: Run, *, after: float) -> None:
        tries = 0
        while True:
            try:
                return await self._queue(run, after)
            except sa.exc.SQLAlchemyError:
                tries += 1
                log.exception("Could not queue a job again, try %d", tries, extra={"work": run.row})
                await asyncio.sleep(retry_delay(tries))


async def _unknown(_argument: str) -> None:
    # Tried again like any failure: another version of Keydesk, now or later, may know the job.
    raise LookupError("this version has no job of that name")


def retry_delay(failures: int) -> float:
    """Seconds until the next try after that many failures in succession: 1, 2, 4 … 60."""
    return min(FIRST_RETRY_SECONDS * float(2 ** min(failures - 1, 10)), LONGEST_RETRY_SECONDS)
