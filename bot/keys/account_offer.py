"""What one account of a gateway offers, remembered for a while: models, groups, prices, balance, newest keys."""

import functools
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, cast

from bot.gateway.client import GatewayClient
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import GatewayAccount, Group, Key
from bot.gateway.prices import ModelPrice
from bot.keys.known_keys import KnownKeys
from bot.keys.remembered import RememberedAnswer

# The newest page is asked for at each submission; those of the same moment share one call.
NEWEST_SECONDS = 1.0
# What the gateway offers changes seldom, and each look costs calls that people need.
OFFER_FRESH_SECONDS, OFFER_USABLE_SECONDS = 900.0, 3600.0
ACCOUNT_FRESH_SECONDS = 300.0
# Groups whose models are remembered; a name that is typed may be any.
MOST_GROUPS = 50


class AccountOffer:
    """`listed` is told of each list of all keys."""

    def __init__(
        self,
        client: GatewayClient,
        *,
        clock: Callable[[], float],
        listed: Callable[[Sequence[Key]], Awaitable[None]] | None,
        known: KnownKeys | None,
    ) -> None:
        async def list_keys() -> list[Key]:
            keys = await client.list_keys()
            if listed is not None:
                await listed(keys)
            return keys

        self._clock = clock
        self._client = client
        self._known_keys = known
        self._offer = offer = {"fresh": OFFER_FRESH_SECONDS, "usable": OFFER_USABLE_SECONDS}
        self._of_group: dict[str, RememberedAnswer[list[str]]] = {}
        self._account = RememberedAnswer(
            client.get_account, clock=clock, what="account", fresh=ACCOUNT_FRESH_SECONDS, usable=OFFER_USABLE_SECONDS
        )
        self._models = RememberedAnswer(client.list_models, clock=clock, what="models", **offer)
        self._prices = RememberedAnswer(client.list_prices, clock=clock, what="prices", **offer)
        self._groups = RememberedAnswer(client.list_groups, clock=clock, what="groups", **offer)
        self._keys = RememberedAnswer(list_keys, clock=clock, what="keys")
        self._newest = RememberedAnswer(
            client.newest_keys, clock=clock, what="newest keys", fresh=NEWEST_SECONDS, usable=NEWEST_SECONDS
        )

    async def newest(self, *, deadline: float) -> list[Key] | None:
        """The newest hundred keys, read this second; None when they are not told in time."""
        return await self._newest.get(deadline=deadline)

    async def models(self, *, deadline: float, group: str = "") -> list[str] | None:
        """Model ids of the account, or of one group where they are told; None when not told in time."""
        if not group:
            return await self._models.get(deadline=deadline)
        if group not in self._of_group:
            if len(self._of_group) >= MOST_GROUPS:
                return await self._models.get(deadline=deadline)
            ask = functools.partial(self._client.list_models, group=group)
            self._of_group[group] = RememberedAnswer(ask, clock=self._clock, what="models of a group", **self._offer)
        return await self._of_group[group].get(deadline=deadline)

    async def prices(self, *, deadline: float, group: str = "") -> dict[str, ModelPrice]:
        """What models cost in this group, "" = the account's own; those that are not told in time are left out."""
        told = await self._prices.get(deadline=deadline)
        if told is None:
            return {}
        if not group and told.ratios:
            group = self.account_group() or ""
        return told.of_group(group)

    async def account(self, *, deadline: float) -> GatewayAccount | None:
        """The account with its balance, a few minutes old; None when the gateway does not tell in time."""
        return await self._account.get(deadline=deadline)

    def known_account(self) -> GatewayAccount | None:
        """The account as it was last told, whoever asked, an hour ago at most. Asks nobody."""
        at, account = self._client.last_account or (float("-inf"), None)
        return account if self._clock() - at <= OFFER_USABLE_SECONDS else None

    def account_group(self) -> str | None:
        """The account's own group as it was last told, None when it was not; asked again in the background."""
        at, _ = self._client.last_account or (float("-inf"), None)
        if self._clock() - at > ACCOUNT_FRESH_SECONDS:
            self._account.refresh()
        known = self.known_account()
        return None if known is None else known.group

    async def groups(self, *, deadline: float) -> list[Group] | None:
        """Groups of the account, None when the gateway does not tell in time."""
        return await self._groups.get(deadline=deadline)

    async def keys(self, *, deadline: float) -> list[Key] | None:
        """Every key of the account, at most ten minutes old; None when the gateway does not tell in time."""
        return await self._keys.get(deadline=deadline)

    async def named(self, folded: Collection[str], deadline: float) -> list[Key]:
        """The newest hundred keys fresh, and older ones that may have one of these names as they were last read."""
        begun = self._clock()
        newest = await self.newest(deadline=deadline)
        if newest is not None and len(newest) < PAGE_SIZE:
            return newest  # a first page that is not full is the whole list
        known = None if self._known_keys is None else await self._known_keys.named(folded, self._client.numbers.block)
        if known is None:
            # The whole list may take minutes on a busy account (limiter.py): nobody waits for that here.
            left = max(0.0, deadline - (self._clock() - begun))
            known = await self._keys.get(deadline=left, patient=False) or []
        if newest is None:
            return known
        # A key that is gone frees its name: what the newest page covers, it knows better than our memory.
        lowest = min(key.id for key in newest) if len(newest) == PAGE_SIZE else 0
        return [*newest, *(key for key in known if key.id < lowest)]

    def changed(self) -> None:
        """A key was made, renamed or deleted: ask again next time."""
        self._keys.outdate()
        self._newest.forget()

    async def close(self) -> None:
        """End what still asks."""
        offered = (self._models, self._prices, self._groups, self._account, *self._of_group.values())
        for remembered in cast("tuple[RememberedAnswer[Any], ...]", (*offered, self._keys, self._newest)):
            await remembered.close()
