"""Rounds of every kind after each list of keys: one that fails keeps no other from its own, and who waits is met again."""

import asyncio
from collections.abc import Callable

from bot.care.kind import CareKind
from bot.care.schedule import CareSchedule


class Rounds:
    """Two kinds that count their rounds; the first fails, and the second has somebody who waits, while they are told."""

    def __init__(self, *, pause: float = 60.0) -> None:
        self.made = {"first": 0, "second": 0}
        self.fails = self.waits = False
        self._made = asyncio.Event()
        self.schedule = CareSchedule(kinds=[self._kind("first"), self._kind("second")], pause=pause)

    def _kind(self, name: str) -> CareKind:
        async def one() -> bool:
            self.made[name] += 1
            self._made.set()
            if self.fails and name == "first":
                raise RuntimeError("the database is away")
            return self.waits and name == "second"

        return CareKind(name=name, round=one)

    async def until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._made.clear()
            await self._made.wait()


async def test_a_round_that_fails_ends_nothing() -> None:
    rounds = Rounds()
    rounds.fails = True
    rounds.schedule.start()
    rounds.schedule.passed()
    await rounds.until(lambda: rounds.made["second"] == 1)
    rounds.schedule.passed()
    await rounds.until(lambda: rounds.made == {"first": 2, "second": 2})
    await rounds.schedule.stop()


async def test_a_round_tells_whether_somebody_waits() -> None:
    rounds = Rounds()
    assert not await rounds.schedule.run()
    rounds.waits = True
    assert await rounds.schedule.run()


async def test_whoever_waits_is_looked_at_again_without_a_list() -> None:
    rounds = Rounds(pause=0.001)
    rounds.waits = True
    rounds.schedule.start()
    rounds.schedule.passed()
    await rounds.until(lambda: rounds.made["second"] >= 3)
    await rounds.schedule.stop()


async def test_what_never_began_is_stopped() -> None:
    await Rounds().schedule.stop()
