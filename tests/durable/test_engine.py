import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from dbos._sys_db import SystemDatabase

from bot.db.engine import Database
from bot.durable import Again, Engine, dbos_internals
from bot.durable.engine import LOOK_SECONDS
from bot.durable.takeover import Takeover
from bot.errors import ConfigurationError
from tests.durable.conftest import Launch, LaunchOn, Recorder, pause

# With DBOS polling five times a second there were some thirty.
STATEMENTS_A_SECOND = {"sqlite": 15, "postgresql": 20}


def rows(c: sa.Connection, column: str = "status") -> dict[str, Any]:
    table = "dbos.workflow_status" if c.dialect.name == "postgresql" else "workflow_status"
    return dict(c.execute(sa.text(f"SELECT workflow_uuid, {column} FROM {table}")).all())


async def until(database: Database, test: Callable[[dict[str, Any]], bool]) -> None:
    async with asyncio.timeout(30):
        while not test(await database.read(rows)):  # noqa: ASYNC110 a database has no event to wait for
            await asyncio.sleep(0.01)


async def finished(database: Database, *names: str) -> None:
    await until(database, lambda there: all(there.get(name) == "SUCCESS" for name in names))


async def test_a_commit_runs_the_job_soon(database: Database, launch: Launch) -> None:
    job = Recorder()
    engine = await launch({"do": job}, poll_seconds=3_600.0)
    await database.run(engine.start, "do", "r1", "17")
    assert await job.wait(1) == ["17"]
    await finished(database, "r1")


async def test_a_rollback_runs_nothing(database: Database, launch: Launch) -> None:
    job = Recorder()
    engine = await launch({"do": job})

    def work(c: sa.Connection) -> None:
        engine.start(c, "do", "r1", "17")
        raise LookupError("no")

    with pytest.raises(LookupError):
        await database.run(work)
    await pause()
    assert job.ran == []
    assert await database.read(rows) == {}


async def test_the_same_id_twice_runs_once(database: Database, launch: Launch) -> None:
    job = Recorder()
    engine = await launch({"do": job})
    await asyncio.gather(*[database.run(engine.start, "do", "r1", str(n)) for n in range(5)])
    await job.wait(1)
    await finished(database, "r1")
    await database.run(engine.start, "do", "r1", "after")
    await pause()
    assert len(job.ran) == 1


async def test_a_delay_is_kept_and_waits_for_no_poll(database: Database, launch: Launch) -> None:
    job = Recorder()
    engine = await launch({"do": job}, poll_seconds=3_600.0)
    begun = time.monotonic()
    await database.run(engine.start, "do", "r1", "", delay=0.3)
    await job.wait(1)
    assert time.monotonic() - begun >= 0.3


async def test_what_waits_for_days_can_be_skipped_to(database: Database, launch: Launch) -> None:
    job = Recorder()
    engine = await launch({"do": job})
    await database.run(engine.start, "do", "r1", "", delay=3 * 86_400)
    await engine.skip(86_400)
    await pause()
    assert job.ran == []
    await engine.skip(2 * 86_400 + 1)
    await job.wait(1)


async def test_again_runs_it_again_until_it_is_done(database: Database, launch: Launch) -> None:
    job = Recorder(Again(0.01), Again(0), Again(1000))
    engine = await launch({"do": job})
    await database.run(engine.start, "do", "r1", "17")
    await job.wait(3)
    await pause()
    assert job.ran == ["17"] * 3
    await engine.skip(1000)
    await job.wait(4)
    await finished(database, "r1", "r1:again:1", "r1:again:2", "r1:again:3")


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError()], ids=["error", "cancelled"])
async def test_a_job_that_raises_is_tried_again_later(database: Database, launch: Launch, error: BaseException) -> None:
    job = Recorder(error, error)
    engine = await launch({"do": job})
    await database.run(engine.start, "do", "r1", "17")
    for tries in (1, 2):
        await job.wait(tries)
        await finished(database, *["r1", "r1:again:1"][:tries])
        assert len(job.ran) == tries, "a hot loop"
        await engine.skip(tries)
    await job.wait(3)
    await finished(database, "r1:again:2")


async def test_a_job_that_this_version_does_not_know_waits_for_one_that_does(
    database: Database, launch: Launch
) -> None:
    first = await launch({"do": Recorder(), "old": Recorder()})
    await database.run(first.start, "old", "r1", "17", delay=100)
    await first.stop()
    second = await launch({"do": Recorder()})
    with pytest.raises(KeyError):
        await database.run(second.start, "old", "r2", "")
    await second.skip(100)
    await finished(database, "r1")
    await second.stop()
    job = Recorder()
    third = await launch({"old": job})
    await third.skip(5)
    assert await job.wait(1) == ["17"]


async def test_sixteen_run_at_once_and_the_others_follow(database: Database, launch: Launch) -> None:
    job = Recorder()
    job.hold.clear()
    engine = await launch({"do": job}, poll_seconds=60.0)

    def start_forty(c: sa.Connection) -> None:
        for n in range(40):
            engine.start(c, "do", f"r{n}", str(n))

    await database.run(start_forty)
    await job.wait(16)
    await pause()
    assert len(job.ran) == 16
    job.hold.set()
    await job.wait(40)
    assert sorted(job.ran, key=int) == [str(n) for n in range(40)]


@pytest.mark.postgres
async def test_work_goes_on_when_the_server_drops_every_connection(
    postgres_database: Database, postgres_admin: sa.Engine, launch_on: LaunchOn
) -> None:
    job = Recorder(Again(0.05))
    job.hold.clear()
    engine = await launch_on(postgres_database, {"do": job})
    await postgres_database.run(engine.start, "do", "r1", "")
    await job.wait(1)
    drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
    with postgres_admin.connect() as c:
        c.execute(sa.text(drop), {"name": postgres_database.engine.url.database})
    job.hold.set()
    await job.wait(2)
    await finished(postgres_database, "r1", "r1:again:1")


async def test_stopping_waits_for_what_runs(database: Database, launch: Launch) -> None:
    job = Recorder()
    job.hold.clear()
    engine = await launch({"do": job})
    await database.run(engine.start, "do", "r1", "")
    await job.wait(1)
    asyncio.get_running_loop().call_later(0.1, job.hold.set)
    await engine.stop(grace=5)
    assert await asyncio.to_thread(database.run_here, rows) == {"r1": "SUCCESS"}


async def test_the_outcome_of_what_has_just_ended_is_written_before_the_stop(
    database: Database, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = SystemDatabase.update_workflow_outcome

    def slowly(*args: Any, **named: Any) -> Any:
        time.sleep(0.3)
        return write(*args, **named)

    monkeypatch.setattr(SystemDatabase, "update_workflow_outcome", slowly)
    job = Recorder()
    engine = await launch({"do": job})
    await database.run(engine.start, "do", "r1", "")
    await job.wait(1)
    await engine.stop(grace=5)
    assert await database.read(rows) == {"r1": "SUCCESS"}


async def test_nothing_is_claimed_while_stopping(database: Database, launch: Launch) -> None:
    job = Recorder()
    job.hold.clear()
    engine = await launch({"do": job})
    await database.run(engine.start, "do", "r1", "")
    await job.wait(1)
    stopping = asyncio.create_task(engine.stop(grace=5))
    await asyncio.sleep(0.01)
    await database.run(engine.start, "do", "r2", "")
    await pause()
    assert await database.read(rows) == {"r1": "PENDING", "r2": "ENQUEUED"}
    job.hold.set()
    await stopping
    assert await database.read(rows) == {"r1": "SUCCESS", "r2": "ENQUEUED"}


async def test_what_was_not_finished_runs_again_at_the_next_start(database: Database, launch: Launch) -> None:
    job = Recorder()
    job.hold.clear()
    first = await launch({"do": job})
    await database.run(first.start, "do", "r1", "17")
    await job.wait(1)
    await first.stop(grace=0)
    assert await database.read(rows) == {"r1": "PENDING"}
    job.hold.set()
    await launch({"do": job})
    await job.wait(2)
    await finished(database, "r1")


async def test_a_process_that_only_starts_work_runs_none(database: Database, launch: Launch) -> None:
    job = Recorder()
    starter = Engine(database=database, jobs={"do": job}, executor_id="starter")
    await starter.launch(work=False)
    await database.run(starter.start, "do", "r1", "17")
    await pause()
    assert job.ran == []
    await launch({"do": job})
    await job.wait(1)
    await starter.stop()


async def test_a_second_engine_in_the_process_is_refused(sqlite_database: Database) -> None:
    first, second = (Engine(database=sqlite_database, jobs={}, executor_id=name) for name in "ab")
    await first.launch()
    with pytest.raises(RuntimeError, match="another engine"):
        await second.launch()
    await first.stop()
    await first.stop()


async def test_a_database_that_is_not_migrated_is_refused(tmp_path: object) -> None:
    from bot.db.engine import open_database  # noqa: PLC0415 only here

    database = open_database(f"sqlite:///{tmp_path}/empty.sqlite")
    with pytest.raises(ConfigurationError, match="keydesk migrate"):
        await Engine(database=database, jobs={}, executor_id="a").launch()
    database.close()


async def test_finished_rows_go_after_some_days_and_waiting_ones_stay(database: Database, launch: Launch) -> None:
    job = Recorder()
    first = await launch({"do": job})
    await database.run(first.start, "do", "r1", "")
    await database.run(first.start, "do", "r2", "", delay=30 * 86_400)
    await finished(database, "r1")
    await first.stop()
    await launch({"do": job}, clock=lambda: time.time() + 4 * 86_400)
    await until(database, lambda there: "r1" not in there)
    assert await database.read(rows) == {"r2": "DELAYED"}


async def test_rows_are_json_and_carry_no_version(database: Database, launch: Launch) -> None:
    engine = await launch({"do": Recorder()})
    await database.run(engine.start, "do", "r1", "17", delay=60)
    assert await database.read(rows, "application_version") == {"r1": None}
    table = "dbos.workflow_input" if database.dialect == "postgresql" else "workflow_input"
    stored = await database.read(lambda c: c.scalar(sa.text(f"SELECT inputs FROM {table}")))
    assert json.loads(stored) == {"args": ["do", "r1", "17", 0, 0], "kwargs": {}}


def test_errors_can_be_stored_without_their_text() -> None:
    serializer = dbos_internals.JsonSerializer()
    text = serializer.serialize({"error": ValueError("sk-secret")})
    assert text == '{"error":{"__error__":"ValueError"}}'
    assert repr(serializer.deserialize('{"__error__":"ValueError"}')) == "RuntimeError('ValueError')"


async def test_a_claim_that_was_never_started_is_found(
    database: Database, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The engine looks by itself at its start and at each tick; one look alone hands nothing back.
    monkeypatch.setattr("bot.durable.engine.TICK_SECONDS", 3_600.0)
    job = Recorder()
    engine = await launch({"do": job}, poll_seconds=60.0)
    await database.run(engine.start, "do", "r1", "17", delay=60)
    table = "dbos.workflow_status" if database.dialect == "postgresql" else "workflow_status"
    lose = f"UPDATE {table} SET status = 'PENDING', executor_id = :me"
    await database.run(lambda c: c.execute(sa.text(lose), {"me": engine._executor_id}))
    sweep = Takeover(database=database, executor_id=engine._executor_id, queue="keydesk").sweep
    assert await asyncio.to_thread(sweep, ()) == 0, "it may be on its way"
    assert await asyncio.to_thread(sweep, ["r1"]) == 0
    assert await asyncio.to_thread(sweep, ()) == 0
    assert await asyncio.to_thread(sweep, ()) == 1
    engine.wake()
    await job.wait(1)


async def test_work_that_nobody_rang_for_is_found_by_a_small_look(
    database: Database, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process queued it. The engine's own poll, which costs ten statements, plays no part."""
    monkeypatch.setitem(LOOK_SECONDS, database.dialect, 0.05)
    job = Recorder()
    engine = await launch({"do": job}, poll_seconds=3_600.0)
    with database.engine.begin() as c:
        # Not a transaction of Database's: nothing rings after its commit.
        engine.start(c, "do", "r1", "17")
    assert await job.wait(1) == ["17"]


async def test_an_engine_with_nothing_to_do_makes_few_statements(database: Database, launch: Launch) -> None:
    await launch({"do": Recorder()})
    await pause()
    statements: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda _c, _k, sql, *_: statements.append(sql))
    await asyncio.sleep(3)
    assert len(statements) < 3 * STATEMENTS_A_SECOND[database.dialect], statements


async def test_a_defect_does_not_end_the_heartbeat(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without heartbeats others would take over what this process goes on doing."""
    monkeypatch.setattr("bot.durable.engine.TICK_SECONDS", 0.0)
    beats, again = list[int](), asyncio.Event()

    async def run(_work: object) -> None:
        beats.append(1)
        if len(beats) == 1:
            raise RuntimeError("can't start new thread")
        again.set()

    monkeypatch.setattr(sqlite_database, "run", run)
    heart = asyncio.create_task(Engine(database=sqlite_database, jobs={}, executor_id="one")._beat_for_ever())
    async with asyncio.timeout(60):
        await again.wait()
    heart.cancel()
    await asyncio.gather(heart, return_exceptions=True)
