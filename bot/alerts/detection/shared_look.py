"""One look for all who ask at once: they share the next one that begins after they asked, and its failure as well.

One at a time. Whoever is cancelled leaves the look to the others.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.errors import GatewayError
from bot.languages import tr


@dataclass(eq=False)
class SharedLook:
    """`look`: what is asked for."""

    look: Callable[[], Awaitable[None]]
    _running: asyncio.Task[None] | None = field(default=None, init=False)
    _next: asyncio.Task[None] | None = field(default=None, init=False)

    async def ask(self) -> None:
        """Wait for a look that began after this was called. Raises what it raises, and GatewayError after `close`."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._run(self._running))
            self._next.add_done_callback(_noticed)
        look = self._next
        # Whoever is cancelled ends alone; a look that ends with the process does not cancel those who wait for it.
        await asyncio.wait({look})
        if look.cancelled():
            raise GatewayError(tr("Keydesk stops, so the gateway is not asked any more."))
        look.result()

    async def _run(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        self._running, self._next = self._next, None
        await self.look()

    async def close(self) -> None:
        """End what still looks."""
        tasks = {task for task in (self._running, self._next) if task is not None and not task.done()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _noticed(task: asyncio.Task[None]) -> None:
    """Fetch the error of a look that nobody waits for any more, which asyncio would complain about."""
    if not task.cancelled():
        task.exception()
