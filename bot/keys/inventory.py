"""What the gateways offer, remembered for a while: models, groups, names in use. Answers fast or says it cannot.

People wait at most the deadline they name; what comes later is kept for the next one. Knows no Slack and no row.
`gateway`: a gateway's name, "" = that of the settings.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence

from bot.gateway.gateways import KeyReader
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import GatewayAccount, Group, Key
from bot.gateway.numbers import DEFAULT, block_of
from bot.gateway.prices import ModelPrice
from bot.keys.account_offer import AccountOffer
from bot.keys.known_keys import KnownKeys
from bot.typed_text import fold

# Records remembered as they were last read, whoever read them.
MOST_RECORDS = 2_000


class Inventory:
    """The cache behind selects and checks. Implements operations.Offered.

    `listed` is told of each list of all keys of a gateway. `known`: keys as they were last read and written down;
    before all of them were, the list is asked for here.
    """

    def __init__(
        self,
        reader: KeyReader,
        *,
        clock: Callable[[], float],
        listed: Callable[[Sequence[Key]], Awaitable[None]] | None = None,
        known: KnownKeys | None = None,
    ) -> None:
        self._clock = clock
        self._known_keys = known
        self._records: OrderedDict[int, tuple[float, Key]] = OrderedDict()
        reader.listen(self.notice)
        self._offers = {
            client.numbers.name: AccountOffer(client, clock=clock, listed=listed, known=known) for client in reader.each
        }

    def _offer(self, gateway: str) -> AccountOffer | None:
        """That of a gateway; None where it is not in the settings any more."""
        return self._offers.get(gateway or DEFAULT)

    def notice(self, rows: Sequence[tuple[Key, str]]) -> None:
        """Remember the records of a read. Values are left alone."""
        now = self._clock()
        for key, _ in rows:
            self._records[int(key.id)] = (now, key)
            self._records.move_to_end(int(key.id))
        while len(self._records) > MOST_RECORDS:
            self._records.popitem(last=False)

    def recent(self, key_id: int, *, within: float) -> Key | None:
        """The record, when it was read less than so many seconds ago, for whatever reason."""
        at, key = self._records.get(key_id, (float("-inf"), None))
        return key if self._clock() - at <= within else None

    async def last_read(self, key_id: int) -> Key | None:
        """The record as it was last read, by whomever and however long ago. Asks no gateway."""
        here = self.recent(key_id, within=math.inf)
        return here if here is not None or self._known_keys is None else await self._known_keys.key(key_id)

    async def remembered(self, folded: Collection[str]) -> list[Key]:
        """Keys whose names looked like one of these when they were last read. Asks no gateway."""
        stored = [] if self._known_keys is None else await self._known_keys.named_anywhere(folded)
        here = [key for _, key in self._records.values() if fold(key.name) in folded]
        return list({key.id: key for key in (*stored, *here)}.values())

    def is_among_newest(self, key_id: int) -> bool:
        """Whether the newest page of its gateway holds this key, as far as is remembered."""
        block = block_of(key_id)
        return sum(known > key_id and block_of(known) == block for known in self._records) < PAGE_SIZE

    async def newest(self, *, deadline: float) -> list[Key] | None:
        """The newest hundred keys of each gateway that tells in time, read this second; None when none does."""
        told = await asyncio.gather(*(offer.newest(deadline=deadline) for offer in self._offers.values()))
        return _together(told)

    async def models(self, *, deadline: float, group: str = "", gateway: str = "") -> list[str] | None:
        """Model ids of the account, or of one group where they are told; None when not told in time."""
        offer = self._offer(gateway)
        return None if offer is None else await offer.models(deadline=deadline, group=group)

    async def prices(self, *, deadline: float, group: str = "", gateway: str = "") -> dict[str, ModelPrice]:
        """What models cost in this group, "" = the account's own; those that are not told in time are left out."""
        offer = self._offer(gateway)
        return {} if offer is None else await offer.prices(deadline=deadline, group=group)

    async def account(self, *, deadline: float, gateway: str = "") -> GatewayAccount | None:
        """The account with its balance, a few minutes old; None when the gateway does not tell in time."""
        offer = self._offer(gateway)
        return None if offer is None else await offer.account(deadline=deadline)

    def known_account(self, gateway: str = "") -> GatewayAccount | None:
        """The account as it was last told, whoever asked, an hour ago at most. Asks nobody."""
        offer = self._offer(gateway)
        return None if offer is None else offer.known_account()

    def account_group(self, gateway: str = "") -> str | None:
        """The account's own group as it was last told, None when it was not; asked again in the background."""
        offer = self._offer(gateway)
        return None if offer is None else offer.account_group()

    async def groups(self, *, deadline: float, gateway: str = "") -> list[Group] | None:
        """Groups of the account, None when the gateway does not tell in time."""
        offer = self._offer(gateway)
        return None if offer is None else await offer.groups(deadline=deadline)

    async def keys(self, *, deadline: float) -> list[Key] | None:
        """Every key of the gateways that tell in time, at most ten minutes old; None when none does."""
        return _together(await asyncio.gather(*(offer.keys(deadline=deadline) for offer in self._offers.values())))

    async def name_in_use(self, name: str, *, deadline: float, gateway: str = "") -> bool:
        """Whether a key of this gateway has exactly this name, as far as can be told in time.

        A quick courtesy in the form. The run looks again before it creates, so a False is no promise.
        """
        offer = self._offer(gateway)
        return offer is not None and any(key.name == name for key in await offer.named({fold(name)}, deadline))

    async def named(self, folded: Collection[str], *, deadline: float) -> list[Key]:
        """Keys whose names look like one of these (typed_text.fold), as far as can be told in time."""
        told = await asyncio.gather(*(offer.named(folded, deadline) for offer in self._offers.values()))
        return [key for keys in told for key in keys if fold(key.name) in folded]

    def changed(self) -> None:
        """A key was made, renamed or deleted: ask again next time."""
        for offer in self._offers.values():
            offer.changed()

    async def close(self) -> None:
        """End what still asks."""
        for offer in self._offers.values():
            await offer.close()


def _together(told: Sequence[list[Key] | None]) -> list[Key] | None:
    """What was told, None where nothing was."""
    if all(keys is None for keys in told):
        return None
    return [key for keys in told for key in keys or ()]
