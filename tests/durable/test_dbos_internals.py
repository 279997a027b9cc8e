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
