"""Which keys of a list are looked for, and in which order: what people type after `/apikey list`, as SQL. No Slack.

The conditions say of a row of the inventory what `Key.state` says of a record; a test holds them against each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from bot.db.tables import inventory, key_locks, keys
from bot.gateway.dollars import Dollars
from bot.gateway.models import NEVER, KeyStatus
from bot.gateway.numbers import first_of

EXPIRING_SECONDS = 14 * 86_400
IDLE_SECONDS = 30 * 86_400


class KeyFilter(StrEnum):
    """What may be asked of a key. Those of one state widen each other, all others narrow the list."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    EXPIRING = "expiring"
    FOREVER = "forever"
    UNLIMITED = "unlimited"
    IDLE = "idle"
    OWNERLESS = "ownerless"
    LOCKED = "locked"


STATES = frozenset({KeyFilter.ACTIVE, KeyFilter.DISABLED, KeyFilter.EXPIRED, KeyFilter.EXHAUSTED})


class KeyOrder(StrEnum):
    """In which order; the newest first is what nobody has to ask for."""

    NEWEST = "newest"
    NAME = "name"
    QUOTA = "quota"
    USED = "used"
    EXPIRY = "expiry"


@dataclass(frozen=True, kw_only=True)
class KeyQuery:
    """`owner`: a Slack user id, None = everybody's and nobody's. `text`: a part of the name, "" = any."""

    filters: frozenset[KeyFilter] = frozenset()
    owner: str | None = None
    text: str = ""
    order: KeyOrder = KeyOrder.NEWEST

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out besides keys of other people."""
        return bool(self.filters or self.text)


EVERYTHING = KeyQuery()


def conditions(
    query: KeyQuery, *, now: float, clocks: Mapping[int, float] = MappingProxyType({})
) -> list[sa.ColumnElement[bool]]:
    """All of them hold for what is looked for. `now`: by the clock of the settings' gateway, Unix seconds; `clocks`: of
    others, by block.
    """
    moment = _of_gateway(now, clocks)
    found = [_filter(one, moment) for one in sorted(query.filters - STATES)]
    if states := [_filter(one, moment) for one in sorted(query.filters & STATES)]:
        found.append(sa.or_(*states))
    if query.owner is not None:
        found.append(keys.c.owner_id == query.owner)
    if query.text:
        found.append(inventory.c.folded.icontains(query.text, autoescape=True))
    return found


def order(query: KeyQuery, dollars: Dollars) -> Sequence[sa.ColumnElement[object]]:
    """By which columns the list is ordered; equal ones newest first. Amounts by what they are worth."""
    i = inventory.c
    units = _of_gateway(1.0, {block: number / dollars.usual for block, number in dollars.others.items()})
    never_last = sa.case((i.expired_time == NEVER, 1), else_=0)
    unlimited_first = sa.case((i.unlimited_quota, 0), else_=1)
    first: dict[KeyOrder, Sequence[sa.ColumnElement[object]]] = {
        KeyOrder.NEWEST: (),
        KeyOrder.NAME: (sa.func.lower(i.folded),),
        KeyOrder.QUOTA: (unlimited_first, (i.remain_quota / units).desc()),
        KeyOrder.USED: ((i.used_quota / units).desc(),),
        KeyOrder.EXPIRY: (never_last, i.expired_time),
    }
    return [*first[query.order], i.key_id.desc()]


def _of_gateway(usual: float, others: Mapping[int, float]) -> Any:
    """A number that each gateway has its own of, for the key of the row. `others`: by block."""
    key_id = inventory.c.key_id
    found = [(key_id.between(first_of(block), first_of(block + 1) - 1), value) for block, value in others.items()]
    return sa.case(*found, else_=usual) if found else sa.literal(usual)


def _filter(wanted: KeyFilter, now: Any) -> sa.ColumnElement[bool]:
    i = inventory.c
    enabled, past = i.status == int(KeyStatus.ENABLED), (i.expired_time != NEVER) & (i.expired_time < now)
    spent = ~i.unlimited_quota & (i.remain_quota <= 0)
    billed = sa.case((i.accessed_time > i.created_time, i.accessed_time), else_=i.created_time)
    found: dict[KeyFilter, sa.ColumnElement[bool]] = {
        KeyFilter.ACTIVE: enabled & ~past & ~spent,
        KeyFilter.DISABLED: i.status == int(KeyStatus.DISABLED),
        KeyFilter.EXPIRED: (i.status == int(KeyStatus.EXPIRED)) | (enabled & past),
        KeyFilter.EXHAUSTED: (i.status == int(KeyStatus.EXHAUSTED)) | (enabled & ~past & spent),
        KeyFilter.EXPIRING: enabled & i.expired_time.between(now, now + EXPIRING_SECONDS),
        KeyFilter.FOREVER: i.expired_time == NEVER,
        KeyFilter.UNLIMITED: sa.and_(i.unlimited_quota),
        KeyFilter.IDLE: enabled & ~past & (billed < now - IDLE_SECONDS),
        KeyFilter.OWNERLESS: keys.c.key_id.is_(None),
        KeyFilter.LOCKED: i.key_id.in_(sa.select(key_locks.c.key_id)),
    }
    return found[wanted]
