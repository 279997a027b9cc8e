"""Durable work: run a named job later, once, although processes die. Knows no job and no table of the flow.

DBOS holds one row per run: a durable, delayed queue in our own database. A job is `await job(argument)` on the
event loop that launched the engine. It must be re-entrant: after a crash it runs again from the top, looks at its
row and goes on; it may start twice in two processes, so what must happen once is guarded by a lease or a
compare-and-set on the row. Why it is built this way: docs/decisions/0001-durable-work.md.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, Queue

from bot.db.engine import Database, after_commit
from bot.durable import private, schema
from bot.durable.takeover import TICK_SECONDS, Takeover
from bot.errors import ConfigurationError

QUEUE = "keydesk"
# A new shape of the inputs is a new workflow name: rows of the old shape may wait for days.
WORKFLOW = "job.v1"
# A constant: DBOS's default is a hash of the code, and any edit would strand what waits.
VERSION = "keydesk"
CONCURRENCY = 16
ENGINE_THREADS = 8
# Work started in this process is woken at once; the poll is for what other processes start, and for crashes.
POLL_SECONDS = 0.2
# A shorter delay is rung by a timer of this process, so that it is exact; longer ones may be a poll late.
TIMER_SECONDS = 120.0
# Who started the work answers first (the acknowledgement to Slack), then it is claimed. A row's due time is cut to
# milliseconds, so a delay needs a hair more as well.
AFTER_COMMIT_SECONDS = 0.002
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
KEEP_FINISHED_SECONDS = 3 * 86_400.0
CLEAN_EVERY_SECONDS = 600.0
CLEAN_BATCH = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Again:
    """A job's answer: not finished, run me again after `seconds`."""

    seconds: float


Job = Callable[[str], Awaitable[Again | None]]


@dataclass(frozen=True)
class _Run:
    """One row: the `turn`-th run of `id`, after `failures` runs in succession that raised."""

    job: str
    id: str
    argument: str
    turn: int = 0
    failures: int = 0

    @property
    def row(self) -> str:
        return self.id if self.turn == 0 else f"{self.id}:again:{self.turn}"


class Engine:
    """One per process (DBOS is a singleton). `executor_id` is unique per process and start, such as host:pid:random."""

    def __init__(
        self,
        *,
        database: Database,
        jobs: Mapping[str, Job],
        executor_id: str,
        clock: Callable[[], float] = time.time,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._jobs = dict(jobs)
        self._executor_id = executor_id
        self._clock = clock
        self._poll_seconds = poll_seconds
        private.route_logs(logging.WARNING)
        self._client = DBOSClient(
            system_database_engine=database.engine,
            dbos_system_schema=private.SCHEMA,
            serializer=private.JsonSerializer(),
            application_name=VERSION,
            lazy=True,
        )
        self._takeover = Takeover(database=database, executor_id=executor_id, queue=QUEUE)
        self._waker: _Waker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._stopping: asyncio.Event | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._cleaned_at = 0.0

    def start(
        self,
        c: sa.Connection,
        job: str,
        id: str,  # noqa: A002 every text about durable work calls it the id
        argument: str,
        *,
        delay: float = 0.0,
    ) -> None:
        """Queue `job(argument)` in the caller's transaction, to run `delay` seconds after now.

        The same id twice is a no-op, also while it runs and for some days after it has finished. Inside
        `Database.run` the commit wakes this process at once. Nothing secret goes into `id` or `argument`:
        both are stored in clear. Raises KeyError when there is no such job.
        """
        if job not in self._jobs:
            raise KeyError(job)
        self._enqueue(c, _Run(job=job, id=id, argument=argument), delay=delay)

    def _enqueue(self, c: sa.Connection, run: _Run, *, delay: float) -> None:
        inputs = [run.job, run.id, run.argument, run.turn, run.failures]
        if delay > 0:
            self._client.enqueue_in_transaction(
                c,
                {
                    "queue_name": QUEUE,
                    "workflow_name": WORKFLOW,
                    "workflow_id": run.row,
                    "delay_seconds": delay,
                },
                *inputs,
            )
            after_commit(c, lambda: self._ring_after(delay))
        else:
            self._client.enqueue_in_transaction(
                c, {"queue_name": QUEUE, "workflow_name": WORKFLOW, "workflow_id": run.row}, *inputs
            )
            after_commit(c, lambda: self._ring_after(0.0))

    def wake(self) -> None:
        """Start what is due in this process now. From any thread; several calls become one look."""
        if self._waker is not None:
            self._waker.ring()

    def _ring_after(self, delay: float) -> None:
        loop = self._loop
        if loop is not None and self._waker is not None and delay <= TIMER_SECONDS:
            loop.call_soon_threadsafe(loop.call_later, delay + AFTER_COMMIT_SECONDS, self._ring, delay > 0)

    def _ring(self, due: bool) -> None:
        if self._waker is not None:
            self._waker.ring(due=due)

    async def launch(self, *, work: bool = True) -> None:
        """Begin to run jobs on this event loop; blocks it shortly, so call it before serving.

        `work=False` is for a process that only starts jobs. Raises ConfigurationError when the tables are not
        migrated.
        """
        if schema.pending(self._database):
            raise ConfigurationError(["The database is not up to date; run `keydesk migrate` first."])
        if not work:
            return
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._takeover.beat()
        DBOS(
            config={
                "name": VERSION,
                "system_database_engine": self._database.engine,
                "dbos_system_schema": private.SCHEMA,
                "application_version": VERSION,
                "executor_id": self._executor_id,
                "serializer": private.JsonSerializer(),
                "max_executor_threads": ENGINE_THREADS,
                "log_level": "WARNING",
                "run_migrations": False,
                # We use neither messages nor events, so no connection need wait for them.
                "use_listen_notify": False,
                # How long `stop` waits for the thread that polls for those.
                "notification_listener_polling_interval_sec": 0.2,
            }
        )

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def workflow(*inputs: Any) -> None:
            await self._workflow(_Run(*inputs))

        DBOS.launch()
        threads = ThreadPoolExecutor(1, thread_name_prefix="durable-wake")
        queue = await self._loop.run_in_executor(threads, self._register_queue)
        self._waker = _Waker(threads=threads, queue=queue, running=self._running)
        self._ticker = asyncio.create_task(self._tick_for_ever())

    def _register_queue(self) -> Queue:
        return DBOS.register_queue(
            QUEUE,
            worker_concurrency=CONCURRENCY,
            polling_interval_sec=self._poll_seconds,
            on_conflict="always_update",
        )

    async def stop(self, *, grace: float = 10.0) -> None:
        """Start no more jobs, give running ones `grace` seconds, leave the others to another process or start."""
        if self._loop is None or self._stopping is None or self._waker is None:
            return
        self._stopping.set()
        waker, self._waker = self._waker, None
        if self._ticker is not None:
            self._ticker.cancel()
        if self._running:
            await asyncio.wait(set(self._running.values()), timeout=grace)
        left = set(self._running.values())
        for task in left:
            # Cancelled is not finished: the row stays claimed and is taken over.
            task.cancel()
        if left:
            log.warning("Stopped with %d jobs unfinished; they run again at the next start", len(left))
            await asyncio.wait(left, timeout=1.0)
        await self._loop.run_in_executor(waker.threads, self._destroy)
        waker.threads.shutdown(wait=False)
        self._loop = None

    def _destroy(self) -> None:
        DBOS.destroy(destroy_registry=True)
        try:
            self._takeover.leave()
        except sa.exc.SQLAlchemyError:
            log.warning("Could not take the heartbeat away; others wait for its silence", exc_info=True)

    async def _workflow(self, run: _Run) -> None:
        """The one DBOS workflow. Returns when the run is finished and its successor, if any, is queued."""
        if self._stopping is None or self._stopping.is_set():
            # Claimed while stopping: leave the row claimed, as if this process had died.
            raise asyncio.CancelledError
        other = self._running.get(run.row)
        if other is not None:
            # This process was thought dead, and has now claimed again what it is still running.
            await asyncio.wait({other})
            return
        task = asyncio.create_task(self._perform(run))
        self._running[run.row] = task
        try:
            await task
        finally:
            del self._running[run.row]
            self.wake_if_waiting()

    def wake_if_waiting(self) -> None:
        """A place is free: look again if the last look filled every place."""
        if self._waker is not None and self._waker.full:
            self._waker.ring()

    async def _perform(self, run: _Run) -> None:
        again: Again | None
        failures = 0
        try:
            again = await self._jobs.get(run.job, _unknown)(run.argument)
        except Exception:
            failures = run.failures + 1
            again = Again(retry_delay(failures))
            log.exception("Job failed, try %d; again in %g s", failures, again.seconds, extra={"work": run.row})
        if again is not None:
            following = _Run(job=run.job, id=run.id, argument=run.argument, turn=run.turn + 1, failures=failures)
            await self._queue_again(following, delay=max(again.seconds, 0.001))

    async def _queue_again(self, run: _Run, *, delay: float) -> None:
        """Until the database takes it: a run that ended without its successor would be lost."""
        tries = 0
        while True:
            try:
                return await self._database.run(self._enqueue, run, delay=delay)
            except sa.exc.SQLAlchemyError:
                tries += 1
                log.exception("Could not queue a job again, try %d", tries, extra={"work": run.row})
                await asyncio.sleep(retry_delay(tries))

    async def _tick_for_ever(self) -> None:
        waker, loop = self._waker, self._loop
        if waker is None or loop is None:
            return
        while True:
            try:
                await loop.run_in_executor(waker.threads, self._tick, set(self._running))
            except Exception:
                # Whatever it was (most likely the database): the next tick looks at everything again.
                log.exception("Could not look after the durable work; trying again")
            await asyncio.sleep(TICK_SECONDS)

    def _tick(self, running: set[str]) -> None:
        self._takeover.beat()
        if self._takeover.sweep(running):
            self.wake()
        now = self._clock()
        if now - self._cleaned_at >= CLEAN_EVERY_SECONDS:
            self._cleaned_at = now
            self._clean(before=now - KEEP_FINISHED_SECONDS)

    def _clean(self, *, before: float) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(before))
        finished = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=moment,
            limit=CLEAN_BATCH,
            load_input=False,
            load_output=False,
        )
        if finished:
            DBOS.delete_workflows([row.workflow_id for row in finished])


async def _unknown(_argument: str) -> None:
    # Tried again like any failure: another version of Keydesk, now or later, may know the job.
    raise LookupError("this version has no job of that name")


def retry_delay(failures: int) -> float:
    """Seconds until the next try after that many failures in succession: 1, 2, 4 … 60."""
    return float(min(FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 10), LONGEST_RETRY_SECONDS))


class _Waker:
    """One thread that claims due rows when rung; rings during a look become one more look."""

    def __init__(self, *, threads: ThreadPoolExecutor, queue: Queue, running: Mapping[str, object]) -> None:
        self.threads = threads
        self.full = False
        self._queue = queue
        self._running = running
        self._lock = threading.Lock()
        self._rung = False
        self._due = False

    def ring(self, *, due: bool = False) -> None:
        """Look soon; `due` also moves rows whose delay is over into the queue."""
        with self._lock:
            self._due |= due
            if self._rung:
                return
            self._rung = True
        try:
            self.threads.submit(self._look)
        except RuntimeError:
            # Shut down meanwhile: the row is in the database and the next start finds it.
            log.debug("Rung while stopping")

    def _look(self) -> None:
        with self._lock:
            due, self._due, self._rung = self._due, False, False
        try:
            if due:
                private.make_due()
            running = len(self._running)
            self.full = running + private.claim(self._queue, running=running) >= CONCURRENCY
        except Exception:
            # The queue's own poll finds the same rows within a second or so.
            log.warning("Could not start work at once; the next poll will", exc_info=True)
