"""One answer of a gateway: asked for once at a time, kept while it is usable, asked again when it is old."""

import asyncio

from bot.errors import GatewayError
from bot.keys.remembered import FRESH_SECONDS, USABLE_SECONDS, RememberedAnswer


class Source:
    def __init__(self) -> None:
        self.asked = 0
        self.error: GatewayError | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = 1_000.0
        self.answer = RememberedAnswer(self.ask, clock=lambda: self.now, what="number")

    async def ask(self) -> int:
        self.asked += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.asked


async def test_it_is_asked_for_once_while_it_is_fresh() -> None:
    source = Source()
    assert await asyncio.gather(*(source.answer.get(deadline=1.0) for _ in range(5))) == [1] * 5
    source.now += FRESH_SECONDS + 1
    # The old one is told at once, and the new one is there for the next.
    assert await source.answer.get(deadline=1.0) == 1
    await asyncio.sleep(0)
    assert await source.answer.get(deadline=1.0) == 2


async def test_who_waits_longer_than_they_can_is_told_nothing_and_the_next_one_has_it() -> None:
    source = Source()
    source.gate.clear()
    assert await source.answer.get(deadline=0.0) is None
    source.gate.set()
    assert await source.answer.get(deadline=1.0) == 1


async def test_a_source_that_is_away_leaves_the_old_answer_until_it_is_too_old() -> None:
    source = Source()
    await source.answer.get(deadline=1.0)
    source.error = GatewayError("away")
    source.now += FRESH_SECONDS + 1
    assert await source.answer.get(deadline=1.0) == 1
    source.now += USABLE_SECONDS
    assert await source.answer.get(deadline=1.0) is None


async def test_after_a_change_the_news_is_waited_for_by_whoever_can_wait() -> None:
    source = Source()
    await source.answer.get(deadline=1.0)
    source.answer.outdate()
    assert await source.answer.get(deadline=1.0, patient=False) == 1
    assert await source.answer.get(deadline=1.0) == 2
    source.answer.forget()
    assert await source.answer.get(deadline=1.0) == 3


async def test_what_still_asks_is_ended() -> None:
    source = Source()
    source.gate.clear()
    source.answer.refresh()
    await asyncio.sleep(0)
    await source.answer.close()
    assert source.asked == 1
