"""The gateway's clock stands still until it is moved, or runs."""

import pytest

from keydesk_sandbox.fake_gateway.clock import START, Clock


async def test_a_clock_that_stands_still_is_moved_by_waiting() -> None:
    clock = Clock()
    assert clock() == clock.now() == START
    clock.advance(5)
    await clock.sleep(10)
    await clock.sleep(-3)
    assert clock.now() == START + 15
    with pytest.raises(ValueError, match="moved back"):
        clock.advance(-1)


def test_a_ticking_clock_runs_and_can_be_ahead() -> None:
    real = [50.0]
    clock = Clock(start=1_000.0, ticking=True, monotonic=lambda: real[0])
    real[0] += 2
    assert clock.now() == 1_002.0
    clock.advance(100)
    real[0] += 1
    assert clock.now() == 1_103.0
