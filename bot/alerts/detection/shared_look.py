"""One look for all who ask at once: they share the next one that begins after they asked, and its failure as well.

One at a time. Whoever is cancelled leaves the look to the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.errors import GatewayError
from bot.languages import tr
from bot.languages.formats import with_commas


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


class AccountsAway(GatewayError):
    """Gateways that do not tell their newest keys now, by name; all others were looked at."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(tr("These gateways do not answer now: {names}.", names=with_commas(self.names)))


async def ask_all(looks: Mapping[str, SharedLook], *, seconds: float, away: Iterable[str] = ()) -> None:
    """Ask for a look at each of these gateways, side by side; one that takes longer than `seconds` is not waited for.

    `away`: gateways that are known to be. Raises AccountsAway.
    """
    asked = {asyncio.ensure_future(look.ask()): name for name, look in looks.items()}
    try:
        if asked:
            await asyncio.wait(asked, timeout=seconds)
        slow = [name for look, name in asked.items() if not look.done() or look.exception() is not None]
    finally:
        for look in asked:
            look.cancel()
    if slow or away:
        raise AccountsAway({*slow, *away})


def _noticed(task: asyncio.Task[None]) -> None:
    """Fetch the error of a look that nobody waits for any more, which asyncio would complain about."""
    if not task.cancelled():
        task.exception()
