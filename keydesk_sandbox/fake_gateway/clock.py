"""The clock of the fake gateway. It stands still until it is moved, or runs, possibly ahead of real time."""

import asyncio
import time
from collections.abc import Callable

START = 1_800_000_000.0


class Clock:
    """Unix seconds. Stands still until `advance`; with `ticking` it also runs, from `start` or from the real time.

    `monotonic` is what makes it run. Call it to read it, so it fits wherever a `Callable[[], float]` is asked for.
    """

    def __init__(
        self, *, start: float | None = None, ticking: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.ticking = ticking
        self._monotonic = monotonic
        self._began = monotonic()
        if start is None:
            start = time.time() if ticking else START
        self._ahead = start

    def now(self) -> float:
        running = self._monotonic() - self._began if self.ticking else 0.0
        return self._ahead + running

    def __call__(self) -> float:
        return self.now()

    def advance(self, seconds: float) -> None:
        """Move ahead. A clock never goes back: ValueError."""
        if seconds < 0:
            raise ValueError("a clock cannot be moved back")
        self._ahead += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait: for real when ticking, else move the clock ahead and let other tasks run once."""
        if self.ticking:
            await asyncio.sleep(seconds)
            return
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)
