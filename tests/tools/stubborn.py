"""A task that outlives the first try to end it, so that whoever waits for its end can be cancelled meanwhile."""

import asyncio
import contextlib


class Stubborn:
    """`task` ends at the second cancellation; `refused` is set at the first."""

    def __init__(self) -> None:
        self.refused = asyncio.Event()
        self.task: asyncio.Task[None] = asyncio.create_task(self._stay())

    async def _stay(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        self.refused.set()
        await asyncio.Event().wait()
