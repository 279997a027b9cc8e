"""Who holds a lease, for tests. The bot itself never asks: it takes a lease or does not get it."""

import sqlalchemy as sa

from bot.db.leases import leases


def holder_of(c: sa.Connection, name: str, *, now: float) -> str | None:
    """Who holds the lease now, None when nobody does."""
    holder: str | None = c.scalar(sa.select(leases.c.holder).where(leases.c.name == name, leases.c.until > now))
    return holder
