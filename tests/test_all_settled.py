"""Nothing of a round outlives the round."""

import asyncio

import pytest

from bot.all_settled import all_settled


async def test_one_that_fails_is_raised_after_the_others_have_ended() -> None:
    ended, go = list[str](), asyncio.Event()

    async def fails() -> None:
        go.set()
        raise ValueError("one")

    async def goes_on() -> None:
        await go.wait()
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append("other")

    with pytest.raises(ValueError, match="one"):
        await all_settled(fails(), goes_on())
    assert ended == ["other"]


async def test_who_is_cancelled_waits_for_what_it_cancels() -> None:
    ended, begun = list[str](), asyncio.Event()

    async def tidies_up(name: str, turns: int) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            for _ in range(turns):
                await asyncio.sleep(0)
            ended.append(name)

    task = asyncio.create_task(all_settled(tidies_up("soon", 0), tidies_up("late", 5)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["soon", "late"]
