"""Real processes: killed in the middle of a job, frozen, started again.

They are waited for as long as a busy machine may need to start them; how soon dead work is taken over is proved where
the clock is ours (test_takeover.py), and in `make soak` by the wall (tests/crash/test_replicas.py).
"""

import asyncio
import contextlib
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.db.engine import Database, open_database

ROOT = Path(__file__).parents[2]
PATIENCE = 100.0
Spawn = Callable[..., Awaitable[asyncio.subprocess.Process]]

pytestmark = pytest.mark.timeout(4 * PATIENCE)


class Watch:
    """What the workers of one test have said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._changed = asyncio.Event()

    def hear(self, line: str) -> None:
        self.said.append(line)
        self._changed.set()

    async def until(self, *lines: str) -> None:
        """Waits for all the lines."""
        await self._until(lambda: set(lines) <= set(self.said))

    async def until_begun(self, *works: str) -> None:
        """Waits until each was begun by somebody."""
        await self._until(lambda: set(works) <= {line.split()[2] for line in self.said})

    async def _until(self, test: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not test():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def spawn(watch: Watch) -> AsyncIterator[Spawn]:
    processes: list[asyncio.subprocess.Process] = []
    readers: list[asyncio.Task[None]] = []

    async def read(process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            watch.hear(line.decode().strip())

    async def go(url: str, name: str, seconds: float, *works: str) -> asyncio.subprocess.Process:
        words = (sys.executable, "-m", "tests.durable.worker", url, name, str(seconds), *works)
        process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        processes.append(process)
        readers.append(asyncio.create_task(read(process)))
        return process

    yield go
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    for process in processes:
        await process.wait()
    await asyncio.gather(*readers)


def prepare(url: str) -> None:
    database = open_database(url)
    database.run_here(lambda c: c.execute(sa.text("CREATE TABLE effect (id VARCHAR(20) PRIMARY KEY, by VARCHAR(20))")))
    database.close()


def effects(c: sa.Connection) -> dict[str, str]:
    return {row.id: row.by for row in c.execute(sa.text("SELECT id, by FROM effect"))}


@pytest.mark.thorough
async def test_a_killed_process_on_sqlite_goes_on_where_it_is_started_again(
    sqlite_url: str, spawn: Spawn, watch: Watch
) -> None:
    prepare(sqlite_url)
    first = await spawn(sqlite_url, "a", 60, "r1", "r2")
    await watch.until("a begun r1", "a begun r2")
    first.send_signal(signal.SIGKILL)
    await first.wait()
    await spawn(sqlite_url, "b", 0, "r1")
    await watch.until("b done r1", "b done r2")
    assert Counter(watch.said)["b begun r1"] == 1


@pytest.mark.thorough
@pytest.mark.postgres
async def test_others_take_over_from_the_dead_and_the_frozen(
    postgres_url: str, spawn: Spawn, watch: Watch, postgres_database: Database
) -> None:
    prepare(postgres_url)
    dead = await spawn(postgres_url, "dead", 60, "r1", "r2")
    await watch.until("dead begun r1", "dead begun r2")
    frozen = await spawn(postgres_url, "frozen", 1.5, "r3", "r4")
    await watch.until_begun("r3", "r4")
    # Whoever looks first gets it: nearly always the process that started it, which wakes itself.
    kept = [line.split()[2] for line in watch.said if line.startswith("frozen begun")]
    frozen.send_signal(signal.SIGSTOP)
    dead.send_signal(signal.SIGKILL)
    await spawn(postgres_url, "heir", 0)
    await watch.until(*[f"heir done r{n}" for n in range(1, 5)])
    frozen.send_signal(signal.SIGCONT)
    # It ends what it had begun, changes nothing by it, and is a good worker again.
    await watch.until(*[f"frozen done {work}" for work in kept])
    assert await postgres_database.read(effects) == dict.fromkeys(["r1", "r2", "r3", "r4"], "heir")
    assert max(Counter(watch.said).values()) == 1
    heirs = [line for line in watch.said if line.startswith("heir begun")]
    assert len(heirs) == 4


@pytest.mark.soak
@pytest.mark.postgres
async def test_whoever_is_killed_whenever_everything_is_done_once(
    postgres_url: str, spawn: Spawn, watch: Watch, postgres_database: Database
) -> None:
    prepare(postgres_url)
    rng = random.Random(5)
    works = [f"w{n}" for n in range(60)]
    for k in range(6):
        victim = await spawn(postgres_url, f"v{k}", 0.3, *works[k * 10 : k * 10 + 10])
        await watch.until_begun(works[k * 10])
        await asyncio.sleep(rng.random())
        victim.send_signal(rng.choice([signal.SIGKILL, signal.SIGSTOP]))
    started = {line.split()[2] for line in watch.said}
    await spawn(postgres_url, "heir", 0.01, *works)
    async with asyncio.timeout(PATIENCE):
        while len(await postgres_database.read(effects)) < len(works):  # noqa: ASYNC110 a database has no event
            await asyncio.sleep(0.2)
    assert started <= set(works)
    assert len(await postgres_database.read(effects)) == len(works)
