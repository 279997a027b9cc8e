import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from bot.db.engine import Database
from bot.durable import Engine, Job

LaunchOn = Callable[..., Awaitable[Engine]]
Launch = Callable[..., Awaitable[Engine]]
_numbers = itertools.count(1)


@pytest.fixture
async def launch_on() -> AsyncIterator[LaunchOn]:
    """Launches engines; the one at work is stopped at the end."""
    engines: list[Engine] = []

    async def go(database: Database, jobs: Mapping[str, Job], **options: Any) -> Engine:
        engine = Engine(database=database, jobs=jobs, executor_id=f"test-{next(_numbers)}", **options)
        engines.append(engine)
        await engine.launch()
        return engine

    yield go
    for engine in engines:
        await engine.stop(grace=0.1)


@pytest.fixture
def launch(database: Database, launch_on: LaunchOn) -> Launch:
    """Launches engines on the test's database."""
    return functools.partial(launch_on, database)


class Recorder:
    """A job that remembers its arguments and answers what it is told to."""

    def __init__(self, *answers: object) -> None:
        self.ran: list[str] = []
        self.answers = list(answers)
        self.now = 0
        self.most = 0
        self.hold = asyncio.Event()
        self.hold.set()
        self._changed = asyncio.Event()

    async def __call__(self, argument: str) -> Any:
        self.ran.append(argument)
        self._changed.set()
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.hold.wait()
        finally:
            self.now -= 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def wait(self, count: int, *, seconds: float = 30.0) -> list[str]:
        """Until it ran that many times."""
        async with asyncio.timeout(seconds):
            while len(self.ran) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.ran


async def pause() -> None:
    """Time enough for what must not happen."""
    await asyncio.sleep(0.3)
