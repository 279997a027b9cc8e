"""What the account had and spent over time: its counters as they were last read, sampled as those of a key are.

They tell what all keys together spent, those that are gone included, without reading the history of each. Its samples
are stored under the number below every key of its gateway, which no key has.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.db import named_values
from bot.db.tables import key_samples
from bot.gateway.models import GatewayAccount
from bot.gateway.numbers import first_of, in_block
from bot.keys import inventory_store
from bot.keys.inventory_store import History

_LAST = "inventory.account"


@dataclass(frozen=True, kw_only=True)
class AccountCounters:
    """The account as it was last read. `known_since`: since when it was read."""

    user: int
    quota: int
    used: int
    read_at: float
    known_since: float


def write(c: sa.Connection, account: GatewayAccount, *, at: float, block: int = 0) -> None:
    """Take in a reading of the account; another account begins anew."""
    old, number = last(c, block), first_of(block)
    if old is not None and old.user != account.id:
        c.execute(sa.delete(key_samples).where(key_samples.c.key_id == number))
        old = None
    if old is not None and (old.quota, old.used) != (account.quota, account.used_quota):
        ended = (old.read_at, old.used, old.quota, 0, 0)
        inventory_store.sample(c, {number: (at, ended)})
    known_since = at if old is None else old.known_since
    values = {"user": account.id, "quota": account.quota, "used": account.used_quota}
    if old is None or any(getattr(old, name) != value for name, value in values.items()):
        named_values.put(c, in_block(_LAST, block), {**values, "read_at": at, "known_since": known_since})


def last(c: sa.Connection, block: int = 0) -> AccountCounters | None:
    """The account as it was last found different; None when it never was read."""
    value = named_values.get(c, in_block(_LAST, block))
    return None if value is None else AccountCounters(**value)


def history(c: sa.Connection, block: int = 0) -> History:
    """How its counters moved."""
    return inventory_store.histories(c, [first_of(block)])[first_of(block)]
