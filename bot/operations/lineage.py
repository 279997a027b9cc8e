"""What a run may ask and do about the line of keys that its key belongs to. Stored and locked by approvals/rotation."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.gateway.models import Key


class Lineage(Protocol):
    """The keys that replaced one another, as this request may use them."""

    def holding(self, key_id: int) -> AbstractAsyncContextManager[None]:
        """Within it nobody else writes to any key of the line."""

    async def waits_for(self, key_id: int) -> str:
        """Which other request has begun to move quota in this line and goes first, in a sentence; "" = none."""

    async def out_of_use(self, key_id: int) -> str:
        """Why this key must not come back: it was replaced, or is being replaced. A sentence; "" = it may."""

    async def claim(self, old: Key) -> str:
        """Have this request replace the key. Why it may not, in a sentence; "" = it may, and nobody else may."""

    async def link(self, old: Key, new: Key, *, shares: bool) -> None:
        """The successor is made. `shares`: what the old key has left when it ends comes over."""

    async def heir_of(self, key_id: int) -> int | None:
        """The key that gets what is left on this one when it ends."""
