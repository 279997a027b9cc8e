"""Durable work: run a named job later, once, although processes die. Knows no job and no table of the flow.

DBOS holds one row per run: a durable, delayed queue in our own database. A job is `await job(argument)` on the
event loop that launched the engine. It must be re-entrant: after a crash it runs again from the top, looks at its
row and goes on; it may run twice at once in two processes, so what must happen once is guarded by a lease or a
compare-and-set on the row. Why it is built this way: docs/decisions/0001-durable-work.md.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from bot.db.answering import answers_wait
from bot.db.engine import Database, after_commit, gather
from bot.durable import dbos_internals, schema
from bot.durable.lean_dbos import DBOS, Queue
from bot.durable.runs import Again, Job, Run, Runs
from bot.durable.takeover import TICK_SECONDS, Takeover
from bot.durable.waker import Waker
from bot.errors import ConfigurationError

__all__ = ["Again", "Engine", "Job"]

QUEUE = "keydesk"
# A new shape of the inputs is a new workflow name: rows of the old shape may wait for days.
WORKFLOW = "job.v1"
# A constant: DBOS's default is a hash of the code, and any edit would strand what waits.
VERSION = "keydesk"
CONCURRENCY = 16
ENGINE_THREADS = 8
# Work started in this process is woken at once. What other processes started is looked for with one small query; on
# SQLite there is none of it, only delays that are over. DBOS's own poll costs some ten statements: for accidents only.
LOOK_SECONDS = {"postgresql": 0.2, "sqlite": 1.0}
POLL_SECONDS = 5.0
# A shorter delay is also rung by a timer of this process, so that it is exact; longer ones may be a second late.
TIMER_SECONDS = 120.0
# Who started the work answers first (the acknowledgement to Slack), then it is claimed. A row's due time is cut to
# milliseconds, so a delay needs slightly more as well.
AFTER_COMMIT_SECONDS = 0.002
KEEP_FINISHED_SECONDS = 3 * 86_400.0
CLEAN_EVERY_SECONDS = 600.0
CLEAN_BATCH = 500
# How long `stop` waits for threads that may be waiting for a lost database.
STOP_SECONDS = 5.0
OUTCOME_SECONDS = 2.0
# `stop` also waits for the thread that polls for messages and events: up to so long.
LISTENER_SECONDS = 0.2

NOT_MIGRATED = "The database is not up to date; run `keydesk migrate` first."

log = logging.getLogger(__name__)


class Engine:
    """One at work per process (DBOS is a singleton). `executor_id` is unique per process and start."""

    def __init__(
        self,
        *,
        database: Database,
        jobs: Mapping[str, Job],
        executor_id: str,
        clock: Callable[[], float] = time.time,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        dbos_internals.route_logs(logging.WARNING)
        self._database = database
        self._executor_id = executor_id
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._takeover = Takeover(database=database, executor_id=executor_id, queue=QUEUE)
        self._runs = Runs(jobs=jobs, queue=self._queue_again, places=CONCURRENCY)
        self._waker: Waker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heart: asyncio.Task[None] | None = None
        self._cleaned_at = 0.0

    def register(self, jobs: Mapping[str, Job]) -> None:
        """Jobs that are built after the engine, because they start others. Before `launch`."""
        self._runs.jobs.update(jobs)

    def start(
        self,
        c: sa.Connection,
        job: str,
        id: str,  # noqa: A002 every text about durable work calls it the id
        argument: str,
        *,
        delay: float = 0.0,
    ) -> None:
        """Queue `job(argument)` in the caller's transaction, to run `delay` seconds from now.

        The same id twice is a no-op, also while it runs and for some days after it has finished. Inside
        `Database.run` the commit wakes this process at once. Nothing secret goes into `id` or `argument`:
        both are stored in clear. Raises KeyError when there is no such job.
        """
        if job not in self._runs.jobs:
            raise KeyError(job)
        self._enqueue(c, Run(job=job, name=id, argument=argument), delay)

    def _enqueue(self, c: sa.Connection, run: Run, delay: float) -> None:
        inputs = (run.job, run.name, run.argument, run.turn, run.failures)
        work = dbos_internals.QueuedJob.of(
            workflow=WORKFLOW, queue=QUEUE, application=VERSION, row_id=run.row, inputs=inputs, delay=delay
        )
        gather(c, dbos_internals.enqueue, work)
        after_commit(c, lambda: self._ring_after(delay))

    async def _queue_again(self, run: Run, delay: float) -> None:
        await self._database.run(self._enqueue, run, delay)

    def _ring_after(self, delay: float) -> None:
        loop = self._loop
        if loop is None or delay > TIMER_SECONDS:
            return
        try:
            loop.call_soon_threadsafe(loop.call_later, delay + AFTER_COMMIT_SECONDS, self._ring, delay > 0)
        except RuntimeError:
            log.debug("The loop closed meanwhile; the next start finds the row")

    def _ring(self, due: bool) -> None:
        if self._waker is not None:
            self._waker.ring(due=due)

    def wake(self) -> None:
        """Start what is due in this process now. From any thread; several calls become one look.

        Only needed after a commit that was not `Database.run`'s, or when another process is known to have started
        something; else a commit wakes by itself.
        """
        self._ring(True)

    async def launch(self, *, work: bool = True) -> None:
        """Begin to run jobs on this event loop; blocks it shortly, so call it before serving.

        `work=False` is for a process that only starts jobs. Raises ConfigurationError when the tables are not
        migrated, RuntimeError when another engine is at work in this process.
        """
        if not work:
            if schema.pending(self._database):
                raise ConfigurationError([NOT_MIGRATED])
            return
        if dbos_internals.is_launched():
            raise RuntimeError("another engine is at work in this process; stop it first")
        try:
            self._takeover.beat()
            queue = self._launch()
        except (dbos_internals.NotMigrated, sa.exc.DatabaseError) as error:
            DBOS.destroy(destroy_registry=True)
            raise ConfigurationError([NOT_MIGRATED]) from error
        self._loop = asyncio.get_running_loop()
        self._waker = Waker(
            claim=lambda running, due: dbos_internals.claim(queue, running=running, due=due),
            tick=self._tick,
            tick_seconds=TICK_SECONDS,
            waits=lambda: dbos_internals.waits(self._database.engine, QUEUE),
            look_seconds=LOOK_SECONDS[self._database.dialect],
            busy=answers_wait,
            running=self._runs.running,
            places=CONCURRENCY,
        )
        self._waker.start()
        # What became due while no process was there; DBOS's own threads would look in a second.
        self._waker.ring(due=True)
        self._heart = asyncio.create_task(self._beat_for_ever())

    def _launch(self) -> Queue:
        DBOS(
            config={
                "name": VERSION,
                "system_database_engine": self._database.engine,
                "dbos_system_schema": dbos_internals.SCHEMA,
                "application_version": VERSION,
                "executor_id": self._executor_id,
                "serializer": dbos_internals.JsonSerializer(),
                "max_executor_threads": ENGINE_THREADS,
                "log_level": "WARNING",
                "run_migrations": False,
                # We use neither messages nor events, so no connection need wait for them.
                "use_listen_notify": False,
                "notification_listener_polling_interval_sec": LISTENER_SECONDS,
            }
        )

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def workflow(*inputs: Any) -> None:
            try:
                await self._runs.run(Run(*inputs))
            finally:
                if self._waker is not None:
                    self._waker.freed()

        dbos_internals.rest_internal_queue()
        # In the loop's own thread: DBOS runs async workflows on the loop that it finds here.
        DBOS.launch()
        return dbos_internals.register_queue(QUEUE, places=CONCURRENCY, poll_seconds=self._poll_seconds)

    async def _beat_for_ever(self) -> None:
        # On the loop on purpose: a process whose loop hangs does not get its work done and should be taken over.
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self._database.run(self._takeover.beat_in)
            except Exception:
                # Whatever it is: without heartbeats others would take over what this process goes on doing.
                log.warning("Could not write the heartbeat; trying again", exc_info=True)

    async def stop(self, *, grace: float = 10.0) -> None:
        """Start no more jobs, give running ones `grace` seconds, leave the others to another process or start."""
        if self._loop is None or self._waker is None:
            return
        loop, waker = self._loop, self._waker
        self._loop = self._waker = None
        if self._heart is not None:
            self._heart.cancel()
        # DBOS warns of each cancelled job; our own line says how many there were.
        dbos_internals.route_logs(logging.ERROR)
        # Neither thread may claim work any more that another process can do.
        dbos_internals.stop_claiming()
        waker.end(wait=0)
        await self._runs.stop(grace=grace)
        await self._written()
        ended = asyncio.Event()

        def end() -> None:
            try:
                self._end(waker)
            finally:
                with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                    loop.call_soon_threadsafe(ended.set)

        # A daemon: the interpreter must not wait for a thread that waits for a lost database.
        threading.Thread(target=end, name="durable-stop", daemon=True).start()
        try:
            async with asyncio.timeout(3 * STOP_SECONDS):
                await ended.wait()
        except TimeoutError:
            log.warning("The durable engine did not end in time, most likely for want of the database")

    async def _written(self) -> None:
        """Until DBOS has written the outcome of what has just ended: `destroy` would drop that, and it would run again.

        Without the database that never comes, so it is waited for OUTCOME_SECONDS at most.
        """
        end = time.monotonic() + OUTCOME_SECONDS
        while dbos_internals.active() and time.monotonic() < end:  # noqa: ASYNC110  # DBOS tells nobody
            await asyncio.sleep(0.01)

    def _end(self, waker: Waker) -> None:
        waker.end(wait=STOP_SECONDS)
        DBOS.destroy(destroy_registry=True)
        try:
            self._takeover.leave()
        except sa.exc.SQLAlchemyError:
            log.warning("Could not take the heartbeat away; others wait for its silence", exc_info=True)

    async def skip(self, seconds: float) -> None:
        """Bring everything that waits nearer by `seconds`: for the sandbox and for tests, whose clock can jump."""
        await self._database.run(dbos_internals.shift_delays, seconds)
        self.wake()

    def _tick(self) -> None:
        if self._takeover.sweep(self._runs.running):
            self.wake()
        now = self._clock()
        if now - self._cleaned_at >= CLEAN_EVERY_SECONDS:
            self._cleaned_at = now
            _clean(before=now - KEEP_FINISHED_SECONDS)


def _clean(*, before: float) -> None:
    """Delete what finished before that time, a batch at a time: DBOS keeps every row for ever."""
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
