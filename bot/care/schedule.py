"""Makes a round of every kind of care after each list of all keys, and again a little later while somebody waits."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.care.kind import CareKind

logger = logging.getLogger(__name__)

# Until those are looked at again who were left over, or slept.
PAUSE = 300.0


@dataclass(kw_only=True, eq=False)
class CareSchedule:
    """One per process. Call `passed` after each list of all keys; `run` makes one round of every kind.

    `pause`: seconds until the next round while somebody waits.
    """

    kinds: Sequence[CareKind]
    pause: float = PAUSE
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self) -> None:
        """Wait for lists of keys, in the background."""
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """End; a round that is cut off is made again after the next list."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def passed(self) -> None:
        """All keys were listed."""
        self._wake.set()

    async def _work(self) -> None:
        waiting = False
        while True:
            try:
                async with asyncio.timeout(self.pause if waiting else None):
                    await self._wake.wait()
            except TimeoutError:
                pass  # somebody waits
            self._wake.clear()
            waiting = await self.run()

    async def run(self) -> bool:
        """One round of every kind, each by itself. Whether somebody is still to be told."""
        waiting = False
        for kind in self.kinds:
            try:
                waiting = await kind.round() or waiting
            except Exception:
                # Nobody awaits this; what was not written down is judged again after the next list.
                logger.exception("a round of care was not finished", extra={"kind": kind.name})
        return waiting
