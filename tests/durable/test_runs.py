import asyncio

import pytest
import sqlalchemy as sa

from bot.durable.runs import Again, Run, Runs, retry_delay
from tests.durable.conftest import Recorder


def test_the_delay_grows_to_a_minute() -> None:
    assert [retry_delay(n) for n in (1, 2, 3, 6, 7, 8, 10_000)] == [1, 2, 4, 32, 60, 60, 60]


async def test_the_same_row_twice_in_one_process_runs_once() -> None:
    job = Recorder()
    job.hold.clear()
    runs = Runs(jobs={"do": job}, queue=lambda *_: pytest.fail("nothing follows"))
    both = asyncio.gather(*[runs.run(Run("do", "r1", "17")) for _ in range(2)])
    await job.wait(1)
    job.hold.set()
    await both
    assert job.ran == ["17"]
    assert runs.running == {}


async def test_the_next_run_is_queued_although_the_database_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[tuple[Run, float]] = []

    async def queue(run: Run, after: float) -> None:
        if len(queued) < 2:
            queued.append((run, after))
            raise sa.exc.OperationalError("insert", {}, Exception("gone"))
        queued.append((run, after))

    monkeypatch.setattr("bot.durable.runs.FIRST_RETRY_SECONDS", 0.001)
    await Runs(jobs={"do": Recorder(Again(5))}, queue=queue).run(Run("do", "r1", "17", turn=3))
    assert queued == [(Run("do", "r1", "17", turn=4), 5)] * 3
    assert queued[0][0].row == "r1:again:4"


async def test_failures_in_succession_are_counted_and_forgotten_after_a_success() -> None:
    queued: list[tuple[Run, float]] = []

    async def queue(run: Run, after: float) -> None:
        queued.append((run, after))

    runs = Runs(jobs={"do": Recorder(ValueError("no"), Again(9))}, queue=queue)
    await runs.run(Run("do", "r1", "17", turn=2, failures=2))
    await runs.run(queued[0][0])
    assert queued == [(Run("do", "r1", "17", turn=3, failures=3), 4.0), (Run("do", "r1", "17", turn=4), 9)]


async def test_nothing_begins_while_stopping() -> None:
    job = Recorder()
    runs = Runs(jobs={"do": job}, queue=lambda *_: pytest.fail("nothing follows"))
    await runs.stop(grace=0)
    with pytest.raises(asyncio.CancelledError):
        await runs.run(Run("do", "r1", "17"))
    assert job.ran == []
