"""One look for all who ask at once."""

import asyncio

import pytest

from bot.alerts.detection.shared_look import AccountsAway, SharedLook, ask_all
from bot.errors import GatewayError


class Looks:
    def __init__(self) -> None:
        self.begun = 0
        self.fails = False
        self.go = asyncio.Event()

    async def look(self) -> None:
        self.begun += 1
        await self.go.wait()
        if self.fails:
            raise LookupError(str(self.begun))


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_whoever_asks_during_a_look_shares_the_next_one() -> None:
    looks = Looks()
    shared = SharedLook(looks.look)
    first = asyncio.create_task(shared.ask())
    await turns()
    later = [asyncio.create_task(shared.ask()) for _ in range(5)]
    await turns()
    assert (looks.begun, first.done()) == (1, False)
    looks.go.set()
    await asyncio.gather(first, *later)
    assert looks.begun == 2
    await shared.ask()
    assert looks.begun == 3


async def test_a_failure_is_everybodys_and_the_next_look_is_a_new_one() -> None:
    looks = Looks()
    looks.fails = True
    shared = SharedLook(looks.look)
    asked = [asyncio.create_task(shared.ask()) for _ in range(3)]
    await turns()
    looks.go.set()
    assert [str(error) for error in await asyncio.gather(*asked, return_exceptions=True)] == ["1"] * 3
    with pytest.raises(LookupError, match="2"):
        await shared.ask()
    looks.fails = False
    await shared.ask()


async def test_one_who_leaves_does_not_end_the_look_of_the_others() -> None:
    looks = Looks()
    shared = SharedLook(looks.look)
    leaves, stays = asyncio.create_task(shared.ask()), asyncio.create_task(shared.ask())
    await turns()
    leaves.cancel()
    await turns()
    looks.go.set()
    await stays
    assert leaves.cancelled()
    assert looks.begun == 1


async def test_closing_ends_what_runs_and_what_waits() -> None:
    looks = Looks()
    shared = SharedLook(looks.look)
    running = asyncio.create_task(shared.ask())
    await turns()
    waiting = asyncio.create_task(shared.ask())
    await turns()
    await shared.close()
    # They were not cancelled themselves: a job that waited ends as it does when the gateway is away.
    assert [type(e) for e in await asyncio.gather(running, waiting, return_exceptions=True)] == [GatewayError] * 2
    assert looks.begun == 1
    await SharedLook(looks.look).close()


async def test_of_several_one_that_is_slow_or_refuses_is_named_and_not_waited_for() -> None:
    done, never = list[str](), asyncio.Event()

    async def fast() -> None:
        done.append("fast")

    async def refused() -> None:
        raise GatewayError("no")

    async def slow() -> None:
        await never.wait()

    looks = {"fast": SharedLook(fast), "refused": SharedLook(refused), "slow": SharedLook(slow)}
    with pytest.raises(AccountsAway) as caught:
        await ask_all(looks, seconds=0.05, away=["started without"])
    assert caught.value.names == ("refused", "slow", "started without")
    assert done == ["fast"]
    await ask_all({"fast": looks["fast"]}, seconds=5.0)
    await ask_all({}, seconds=5.0)
    for look in looks.values():
        await look.close()


async def test_those_on_another_loop_look_by_themselves_and_are_ended_too() -> None:
    """A loop that sleeps is not woken by what is done on another one: a shutdown hung once."""
    begun, both, first = list[bool](), asyncio.Event(), asyncio.get_running_loop()

    async def look() -> None:
        begun.append(asyncio.get_running_loop() is first)
        if len(begun) == 2:
            first.call_soon_threadsafe(both.set)
        await asyncio.Event().wait()

    shared = SharedLook(look)
    here = asyncio.create_task(shared.ask())
    await turns()
    there = asyncio.create_task(asyncio.to_thread(asyncio.run, shared.ask()))
    await both.wait()
    assert begun == [True, False]
    await shared.close()
    async with asyncio.timeout(10):
        assert [type(e) for e in await asyncio.gather(here, there, return_exceptions=True)] == [GatewayError] * 2
