"""Leases: one holder per name until a time. The one mutual exclusion across replicas; knows not what it guards.

A lease is a row (name, holder, until). Taking it is one compare-and-set statement, the same on both databases.
`now` and `until` are Unix seconds. A holder that was frozen may wake after `until`: whoever works under a lease
asks `renew` before each effect and stops when it answers False.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

metadata = sa.MetaData()
leases = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("holder", sa.String(200), nullable=False),
    sa.Column("until", sa.Float(53), nullable=False),
)


def acquire(c: sa.Connection, name: str, holder: str, *, seconds: float, now: float) -> bool:
    """Take the lease, or prolong it when `holder` has it already. False: somebody else holds it."""
    values = {"name": name, "holder": holder, "until": now + seconds}
    insert = postgresql.insert(leases) if c.dialect.name == "postgresql" else sqlite.insert(leases)
    statement = insert.values(values).on_conflict_do_update(
        index_elements=[leases.c.name],
        set_={"holder": holder, "until": now + seconds},
        where=(leases.c.until <= now) | (leases.c.holder == holder),
    )
    # The row comes back only when it was written; a count of rows is not given for this statement by every driver.
    return c.execute(statement.returning(leases.c.name)).first() is not None


def renew(c: sa.Connection, name: str, holder: str, *, seconds: float, now: float) -> bool:
    """Prolong a lease that `holder` still has. False: it ran out or went to somebody else; stop the work."""
    mine = (leases.c.name == name) & (leases.c.holder == holder) & (leases.c.until > now)
    return c.execute(sa.update(leases).where(mine).values(until=now + seconds)).rowcount == 1


def release(c: sa.Connection, name: str, holder: str) -> None:
    """Give the lease back; nothing happens when `holder` does not have it."""
    c.execute(sa.delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def clear(c: sa.Connection) -> None:
    """Take every lease away. Only for a process that has the database to itself, before it works."""
    c.execute(sa.delete(leases))
