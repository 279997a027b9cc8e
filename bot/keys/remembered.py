"""One answer of a gateway, remembered for a while.

People wait at most the deadline they name; what comes later is kept for the next one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Generic, TypeVar

from bot.errors import GatewayError
from bot.gateway.limiter import Priority, asked_by, prioritized

T = TypeVar("T")
logger = logging.getLogger(__name__)

FRESH_SECONDS = 60.0
USABLE_SECONDS = 600.0


@dataclass(eq=False)
class RememberedAnswer(Generic[T]):
    """One answer, asked for once at a time, kept while it is usable, asked again when it is no longer fresh."""

    ask: Callable[[], Awaitable[T]]
    _: KW_ONLY
    clock: Callable[[], float]
    what: str
    fresh: float = FRESH_SECONDS
    usable: float = USABLE_SECONDS
    _value: T | None = field(default=None, init=False)
    _at: float = field(default=float("-inf"), init=False)
    _tried_at: float = field(default=float("-inf"), init=False)
    _asking: asyncio.Task[None] | None = field(default=None, init=False)
    _outdated: bool = field(default=False, init=False)
    _awaited: bool = field(default=False, init=False)

    async def get(self, *, deadline: float, patient: bool = True) -> T | None:
        """`patient`: after a change of ours wait for the news, while the deadline allows, before the old is told."""
        self.refresh()
        age = self.clock() - self._at
        news = patient and (self._outdated or self._awaited)
        if (age > self.usable or news) and self._asking is not None:
            await asyncio.wait({self._asking}, timeout=max(0.0, deadline))
        return self._value if self.clock() - self._at <= self.usable else None

    def refresh(self) -> None:
        """Ask again in the background, if what is known is not fresh."""
        since = self.clock() - max(self._at, self._tried_at)
        idle = self._asking is None or self._asking.done()
        # A gateway that does not tell (or does not offer the call at all) is not asked again at every click.
        if idle and (self._outdated or since > self.fresh):
            self._tried_at, self._outdated, self._awaited = self.clock(), False, self._outdated
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        try:
            # Whoever's question began it: the answer is for everybody.
            with prioritized(Priority.PEOPLE), asked_by(""):
                self._value = await self.ask()
        except GatewayError as error:
            logger.info("the gateway does not tell its %s now: %s", self.what, error.sentence)
        else:
            self._at = self.clock()
            self._awaited = False

    def outdate(self) -> None:
        """Something changed: ask again at the next use, and until then the old answer is better than none."""
        self._outdated = True

    def forget(self) -> None:
        """Ask anew at the next use."""
        self._at = self._tried_at = float("-inf")

    async def close(self) -> None:
        """End what still asks."""
        if self._asking is not None and not self._asking.done():
            self._asking.cancel()
            await asyncio.wait({self._asking})
