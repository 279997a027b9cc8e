"""One look for all who ask at once: they share the next one that begins after they asked, and its failure as well.

One at a time. Whoever is cancelled leaves the look to the others.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.errors import GatewayError
from bot.languages import tr
from bot.languages.formats import with_commas


@dataclass(eq=False)
class _Looks:
    """Of one event loop: the look that runs, and the one that begins after it."""

    running: asyncio.Task[None] | None = None
    next: asyncio.Task[None] | None = None

    def unfinished(self) -> set[asyncio.Task[None]]:
        return {task for task in (self.running, self.next) if task is not None and not task.done()}


@dataclass(eq=False)
class SharedLook:
    """`look`: what is asked for.

    Answers and jobs run on event loops of their own, and one that sleeps is not woken by what is done on the other:
    those who ask on one loop share looks.
    """

    look: Callable[[], Awaitable[None]]
    _of: dict[asyncio.AbstractEventLoop, _Looks] = field(default_factory=dict, init=False)

    async def ask(self) -> None:
        """Wait for a look that began after this was called. Raises what it raises, and GatewayError after `close`."""
        loop = asyncio.get_running_loop()
        looks = self._of.setdefault(loop, _Looks())
        if looks.next is None:
            looks.next = loop.create_task(self._run(looks, looks.running))
            looks.next.add_done_callback(_noticed)
        look = looks.next
        # Whoever is cancelled ends alone; a look that ends with the process does not cancel those who wait for it.
        await asyncio.wait({look})
        if look.cancelled():
            raise GatewayError(tr("Keydesk stops, so the gateway is not asked any more."))
        look.result()

    async def _run(self, looks: _Looks, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        looks.running, looks.next = looks.next, None
        await self.look()

    async def close(self) -> None:
        """End what still looks. What looks on another loop ends soon, and is not waited for."""
        here, mine = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        for loop, looks in list(self._of.items()):
            for task in looks.unfinished():
                if loop is here:
                    task.cancel()
                    mine.add(task)
                else:
                    with contextlib.suppress(RuntimeError):  # that loop is closed, and so is its work
                        loop.call_soon_threadsafe(task.cancel)
        if mine:
            await asyncio.wait(mine)


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
