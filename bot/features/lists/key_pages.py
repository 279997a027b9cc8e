"""Some keys of a list with its age, for every place that lists keys: from the inventory, at first from the gateway."""

from collections.abc import Sequence

from bot.deps import Deps
from bot.errors import InputError
from bot.gateway.models import Key
from bot.keys import owners
from bot.keys.inventory_store import KnownKey
from bot.keys.key_query import KeyOrder, KeyQuery
from bot.keys.known_keys import KeyPage, pages
from bot.languages import tr


async def key_page(deps: Deps, query: KeyQuery, *, number: int, rows: int, deadline: float) -> KeyPage | None:
    """A page of the keys that are looked for. None: there is no list yet, and the gateway does not tell in time.

    Raises InputError where there is no list yet that something could be looked for in.
    """
    clocks = {client.numbers.block: client.server_now() for client in deps.reader.each[1:]}
    known = await deps.known.page(
        query, number=number, rows=rows, now=deps.reader.server_now(), clocks=clocks, dollars=deps.dollars
    )
    if known is not None:
        return known
    if query.narrows or query.order is not KeyOrder.NEWEST:
        raise InputError(
            {
                "page": tr(
                    "Keys can be looked for as soon as all of them were listed once, in a few minutes. "
                    "`/apikey list` without more words works now."
                )
            }
        )
    if query.owner is not None and not await deps.database.read(owners.owned_by, query.owner, limit=1):
        return KeyPage(keys=[], total=0, number=1, as_of=deps.clock())
    keys = await deps.inventory.keys(deadline=deadline)
    return None if keys is None else await just_read(deps, keys, owner=query.owner, number=number, rows=rows)


async def just_read(deps: Deps, keys: Sequence[Key], *, owner: str | None, number: int, rows: int) -> KeyPage:
    """The page of a list that was read this moment, newest first."""
    whose = await deps.database.read(owners.all_owners)
    mine = [key for key in keys if owner is None or whose.get(key.id) == owner]
    number, now = min(number, pages(len(mine), rows)), deps.clock()
    shown = [
        KnownKey(
            key=key,
            read_at=now,
            known_since=now,
            gone_at=None,
            owner_id=whose.get(key.id),
            owner_team=None,
            owner_roles=None,
        )
        for key in mine[(number - 1) * rows : number * rows]
    ]
    return KeyPage(keys=shown, total=len(mine), number=number, as_of=now)
