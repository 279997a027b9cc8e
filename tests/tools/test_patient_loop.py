import asyncio
import time

import pytest

from tests.tools.patient_loop import MOST_SECONDS, PatientLoop


async def test_tests_run_on_it() -> None:
    assert isinstance(asyncio.get_running_loop(), PatientLoop)


async def test_what_the_machine_takes_away_uses_up_no_limit() -> None:
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    loop.call_soon(time.sleep, 0.4)
    loop.call_later(0.05, answer.set_result, "in time")
    begun = loop.time()
    assert await asyncio.wait_for(answer, 0.3) == "in time"
    assert loop.time() - begun < 0.3


async def test_a_process_that_was_stopped_finds_its_limits_unused() -> None:
    stopping = "sleep 0.05; kill -STOP $PPID; sleep 0.8; kill -CONT $PPID"
    process = await asyncio.create_subprocess_shell(stopping)
    real = time.monotonic()
    assert await asyncio.wait_for(process.wait(), 0.7) == 0
    assert time.monotonic() - real > 0.8


async def test_waiting_counts_in_full() -> None:
    loop, begun, real = asyncio.get_running_loop(), asyncio.get_running_loop().time(), time.monotonic()
    await asyncio.sleep(3 * MOST_SECONDS)
    assert loop.time() - begun >= 3 * MOST_SECONDS
    assert time.monotonic() - real >= 3 * MOST_SECONDS


async def test_what_never_comes_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.2)


async def test_its_time_never_goes_back() -> None:
    loop = asyncio.get_running_loop()
    seen = []
    for blocked in (0.0, 0.15, 0.0, 0.15):
        seen.append(loop.time())
        time.sleep(blocked)  # noqa: ASYNC251 blocking the loop is the point
        seen.append(loop.time())
        await asyncio.sleep(0.001)
    assert seen == sorted(seen)
