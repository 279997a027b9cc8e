"""What we use of DBOS beyond its public interface, all in one place. Checked by our tests at every upgrade.

DBOS 3.4 has no public way to wake a queue's worker, to hand back a lost worker's rows under a fence, or to ask
whether its tables are current. Each function here is one call into `dbos` and says what it relies on.
"""

import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.durable.lean_dbos import (
    DBOS,
    DBOSInitializationError,
    DefaultSerializer,
    GlobalParams,
    Queue,
    Serializer,
    SystemDatabase,
    SystemSchema,
    _dbos,
    execute_dequeued_workflow,
    generate_uuid,
)

NotMigrated = DBOSInitializationError
SCHEMA = "dbos"
UNUSED_POLL_SECONDS = 600.0
_BACKENDS = {"sqlite": "sqlite://", "postgresql": "postgresql://"}


class JsonSerializer(Serializer):
    """JSON for inputs and outputs: DBOS's own default is pickle, which runs code of whoever writes the database.

    Exceptions are encoded too: a failure that cannot be stored would leave its row pending for ever.
    """

    def serialize(self, data: Any) -> str:
        """The value as JSON text."""
        return json.dumps(data, default=_encode, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        """The value of JSON text."""
        data = json.loads(serialized_data)
        if isinstance(data, dict) and "__error__" in data:
            return RuntimeError(data["__error__"])
        return data

    def name(self) -> str:
        """The name that DBOS stores beside each value."""
        return "keydesk_json"


def _encode(value: object) -> Any:
    # Only the class: an exception's text may hold what must not be stored in clear.
    return {"__error__": type(value).__name__} if isinstance(value, BaseException) else repr(type(value))


def route_logs(level: int) -> None:
    """Send DBOS's log through ours: with a handler of its own present it does not install one that bypasses us."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.propagate = True
    logger.setLevel(level)


def schema_is_current(engine: sa.Engine) -> bool:
    """Whether DBOS's tables are there and new enough. Changes nothing."""
    with engine.connect() as c:
        if not sa.inspect(c).has_table("dbos_migrations", schema=None if c.dialect.name == "sqlite" else SCHEMA):
            return False
    tables = SystemDatabase.create(
        system_database_url=_BACKENDS[engine.dialect.name],
        engine_kwargs={},
        engine=engine,
        schema=SCHEMA,
        serializer=DefaultSerializer(),
        executor_id=None,
        use_listen_notify=False,
    )
    try:
        tables.verify_migrations()
    except DBOSInitializationError:
        return False
    return True


def is_launched() -> bool:
    """Whether a DBOS is at work in this process; constructing a second one would silently give the first."""
    return _dbos._dbos_global_instance is not None  # noqa: SLF001 no public way


def rest_internal_queue() -> None:
    """Have DBOS look rarely at the queue of its schedules and restarts, which we do not use. Before it is launched.

    Else it is asked each second.
    """
    _dbos._get_dbos_instance()._registry.get_internal_queue()._polling_interval_sec = UNUSED_POLL_SECONDS  # noqa: SLF001 no public way


def register_queue(name: str, *, places: int, poll_seconds: float) -> Queue:
    """Store the queue's settings and return it. In a thread: DBOS refuses its sync calls on an event loop's thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(
            DBOS.register_queue,
            name,
            worker_concurrency=places,
            polling_interval_sec=poll_seconds,
            on_conflict="always_update",
        ).result()


def _in_schema(table: sa.Table, schema: str | None) -> sa.Table:
    return table.to_metadata(sa.MetaData(), schema=schema)  # type: ignore[arg-type]  # None is documented


# The columns that DBOSClient.enqueue fills; the others have their defaults. One statement for all rows of a
# transaction: the client's way is two for each row, which was a third of a submission. SQLite has no schemas, and
# having SQLAlchemy put the right name into each statement would cost as much as the statement.
_TABLES = {
    name: [_in_schema(table, schema) for table in (SystemSchema.workflow_status, SystemSchema.workflow_input)]
    for name, schema in (("postgresql", SCHEMA), ("sqlite", None))
}
_INSERTS = {
    name: [
        dialect.insert(table).on_conflict_do_nothing(index_elements=[table.c.workflow_uuid]) for table in _TABLES[name]
    ]
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


@dataclass(frozen=True)
class QueuedJob:
    """What is inserted for one row of the queue. The application's version stays empty, so any version takes it."""

    row: Mapping[str, Any]
    inputs: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        *,
        workflow: str,
        queue: str,
        application: str,
        row_id: str,
        inputs: tuple[Any, ...],
        delay: float,
    ) -> "QueuedJob":
        """Row `row_id` of the workflow, due in `delay` seconds by this machine's clock, as DBOS reckons it too."""
        serializer = JsonSerializer()
        row = {
            "workflow_uuid": row_id,
            "name": workflow,
            "queue_name": queue,
            "application_name": application,
            "status": "DELAYED" if delay > 0 else "ENQUEUED",
            "delay_until_epoch_ms": int((time.time() + delay) * 1000) if delay > 0 else None,
            "serialization": serializer.name(),
            "recovery_attempts": 0,
            "priority": 0,
            "is_debounced": False,
        }
        return cls(row, {"workflow_uuid": row_id, "inputs": serializer.serialize({"args": inputs, "kwargs": {}})})


def enqueue(c: sa.Connection, work: list[QueuedJob]) -> None:
    """Insert rows in the caller's transaction; those that are there already stay as they are."""
    rows, inputs = _INSERTS[c.dialect.name]
    c.execute(rows, [one.row for one in work])
    c.execute(inputs, [one.inputs for one in work])


def claim(queue: Queue, *, running: int, due: bool) -> int:
    """What DBOS's own threads do at each poll, done now: claim due rows for this process and start them.

    `due` first moves rows whose delay is over into the queue. The claim is one atomic UPDATE of DBOS's, so doing it
    beside the polling thread starts nothing twice. Returns how many rows were claimed. Blocks on the database and
    on the event loop: not for the loop's thread.
    """
    dbos = _dbos._get_dbos_instance()  # noqa: SLF001 no public way, here and below
    database = dbos._sys_db  # noqa: SLF001
    if due:
        database.transition_delayed_workflows()
    owner = generate_uuid()
    ids, _ = database.start_queued_workflows(
        queue, GlobalParams.executor_id, GlobalParams.app_version, None, running, owner_xid=owner
    )
    if ids:
        for status in database.get_workflow_statuses(ids):
            execute_dequeued_workflow(dbos, status, owner)
    return len(ids)


# Statuses are written out, and as in DBOS's partial indexes: SQLite uses those only then, and would read every row that
# waits for its time. `tests/durable` looks at the plans.
_IN_FLIGHT = sa.text("status IN ('ENQUEUED', 'PENDING')")
_WAITING = {
    name: sa.select(sa.literal(1))
    .where(_IN_FLIGHT, rows.c.status == sa.literal_column("'ENQUEUED'"), rows.c.queue_name == sa.bindparam("queue"))
    .limit(1)
    for name, (rows, _) in _TABLES.items()
}
_STARTED = {
    name: sa.select(rows.c.workflow_uuid, rows.c.executor_id).where(rows.c.status == sa.literal_column("'PENDING'"))
    for name, (rows, _) in _TABLES.items()
}


def waits(engine: sa.Engine, queue: str) -> bool:
    """Whether something due waits in the queue, by one statement on an index of DBOS's."""
    with engine.connect() as c:
        return c.execute(_WAITING[c.dialect.name], {"queue": queue}).first() is not None


def stop_claiming() -> None:
    """Tell DBOS's polling threads to end, as its `destroy` does first; what runs goes on. Does not block."""
    for event in _dbos._get_dbos_instance().background_thread_stop_events:  # noqa: SLF001 destroy() would end all
        event.set()


def active() -> int:
    """How many workflows of this process run or write their outcome."""
    return len(_dbos._get_dbos_instance()._active_workflows_set.activeList())  # noqa: SLF001 nothing public tells


def shift_delays(c: sa.Connection, seconds: float) -> None:
    """Bring the due time of everything that waits nearer by `seconds`, in the caller's transaction."""
    rows = SystemSchema.workflow_status
    c.execution_options(schema_translate_map={rows.schema: None if c.dialect.name == "sqlite" else SCHEMA})
    nearer = rows.c.delay_until_epoch_ms - int(seconds * 1000)
    c.execute(sa.update(rows).where(rows.c.status == "DELAYED").values(delay_until_epoch_ms=nearer))


def hand_back(workflow_id: str, executor_id: str, queue: str) -> bool:
    """Queue a started row again if `executor_id` still has it: a compare-and-set, so two takers do it once."""
    database = _dbos._get_dbos_instance()._sys_db  # noqa: SLF001 the public resume_workflow has no such fence
    return database.reenqueue_for_recovery(workflow_id, [executor_id], queue)


def started(engine: sa.Engine) -> list[tuple[str, str]]:
    """(row id, executor id) of everything that is claimed and not finished, in every process."""
    with engine.connect() as c:
        return [(row.workflow_uuid, row.executor_id or "") for row in c.execute(_STARTED[c.dialect.name])]


def backlog(c: sa.Connection, *, now: float) -> tuple[int, int, float]:
    """Rows that wait for their time, rows that are due and not claimed, and for how many seconds the oldest is due."""
    rows = SystemSchema.workflow_status
    here = {rows.schema: None if c.dialect.name == "sqlite" else SCHEMA}
    now_ms = int(now * 1000)
    due_at = sa.func.coalesce(rows.c.delay_until_epoch_ms, rows.c.created_at)
    waiting = sa.select(
        sa.func.count().filter(due_at > now_ms),
        sa.func.count().filter(due_at <= now_ms),
        sa.func.min(due_at).filter(due_at <= now_ms),
    ).where(rows.c.status.in_(("DELAYED", "ENQUEUED")))
    later, due, oldest = c.execute(waiting, execution_options={"schema_translate_map": here}).one()
    return int(later), int(due), 0.0 if oldest is None else max(0.0, now - oldest / 1000)
