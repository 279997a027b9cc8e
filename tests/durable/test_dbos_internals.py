"""What we insert by ourselves is, column by column, what DBOS's own client inserts: the guard at an upgrade."""

import time
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions
from dbos._schemas.system_database import SystemSchema

from bot.db.engine import Database
from bot.durable import dbos_internals

# DBOS tells its own retried insert by this token; its batch insert leaves it empty, as we do.
TOKEN = {"creator_xid"}
OF_THE_MOMENT = {"workflow_uuid", "created_at", "updated_at", "delay_until_epoch_ms", "retention_timestamp"}


def _row(c: sa.Connection, table: sa.Table, row_id: str) -> dict[str, Any]:
    c.execution_options(
        schema_translate_map={table.schema: None if c.dialect.name == "sqlite" else dbos_internals.SCHEMA}
    )
    found = c.execute(sa.select(table).where(table.c.workflow_uuid == row_id)).mappings().one()
    return dict(found)


def _work(row_id: str, delay: float) -> dbos_internals.QueuedJob:
    return dbos_internals.QueuedJob.of(
        workflow="job.v1", queue="q", application="app", row_id=row_id, inputs=("do", "r", "17", 0, 0), delay=delay
    )


@pytest.mark.parametrize("delay", [0.0, 60.0])
async def test_a_row_is_what_the_client_would_insert(database: Database, delay: float) -> None:
    client = DBOSClient(
        system_database_engine=database.engine,
        dbos_system_schema=dbos_internals.SCHEMA,
        serializer=dbos_internals.JsonSerializer(),
        application_name="app",
        lazy=True,
    )

    def both(c: sa.Connection) -> None:
        options: EnqueueOptions = {"queue_name": "q", "workflow_name": "job.v1", "workflow_id": "theirs"}
        if delay:
            options["delay_seconds"] = delay
        client.enqueue_in_transaction(c, options, "do", "r", "17", 0, 0)
        dbos_internals.enqueue(c, [_work("ours", delay)])

    await database.run(both)
    for table in (SystemSchema.workflow_status, SystemSchema.workflow_input):
        ours, theirs = await database.read(_row, table, "ours"), await database.read(_row, table, "theirs")
        but = dict.fromkeys(OF_THE_MOMENT | TOKEN)
        assert {**ours, **but} == {**theirs, **but}
        for column in OF_THE_MOMENT & ours.keys() - {"workflow_uuid"}:
            assert (ours[column] is None) == (theirs[column] is None)
            assert ours[column] is None or abs(ours[column] - theirs[column]) < 5_000
    due = (await database.read(_row, SystemSchema.workflow_status, "ours"))["delay_until_epoch_ms"]
    assert due is None or abs(due / 1000 - time.time() - delay) < 5


async def test_a_row_that_is_there_stays_as_it_is(database: Database) -> None:
    await database.run(dbos_internals.enqueue, [_work("r", 0)])
    await database.run(dbos_internals.enqueue, [_work("r", 60), _work("other", 60)])
    assert (await database.read(_row, SystemSchema.workflow_status, "r"))["status"] == "ENQUEUED"
    assert (await database.read(_row, SystemSchema.workflow_status, "other"))["status"] == "DELAYED"


def test_looks_at_the_queue_read_no_row_that_waits_for_its_time(sqlite_database: Database) -> None:
    def plan(c: sa.Connection, statement: sa.Select[Any]) -> str:
        text = str(statement.compile(c, compile_kwargs={"literal_binds": True}))
        return " ".join(row[3] for row in c.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")))

    with sqlite_database.engine.connect() as c:
        waiting = dbos_internals._WAITING["sqlite"].params(queue="q")
        assert "SEARCH workflow_status USING" in plan(c, waiting)
        assert "idx_workflow_status_pending" in plan(c, dbos_internals._STARTED["sqlite"])


async def test_what_is_claimed_is_started_and_what_is_due_waits(database: Database) -> None:
    def change(c: sa.Connection, /, row_id: str, **values: Any) -> None:
        table = "workflow_status" if c.dialect.name == "sqlite" else "dbos.workflow_status"
        names = ", ".join(f"{name} = :{name}" for name in values)
        c.execute(sa.text(f"UPDATE {table} SET {names} WHERE workflow_uuid = :row"), {"row": row_id, **values})

    assert not dbos_internals.waits(database.engine, "q")
    await database.run(dbos_internals.enqueue, [_work("later", 60.0)])
    assert not dbos_internals.waits(database.engine, "q")
    await database.run(dbos_internals.enqueue, [_work("now", 0.0), _work("taken", 0.0), _work("unnamed", 0.0)])
    assert dbos_internals.waits(database.engine, "q")
    assert not dbos_internals.waits(database.engine, "another")
    assert dbos_internals.started(database.engine) == []
    await database.run(change, "taken", status="PENDING", executor_id="one")
    await database.run(change, "unnamed", status="PENDING", executor_id=None)
    assert sorted(dbos_internals.started(database.engine)) == [("taken", "one"), ("unnamed", "")]
