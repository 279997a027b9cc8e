"""The order in which requests were granted: `grants.place`.

The moment of a grant does not tell it: the clocks of two replicas differ. What was granted before has its place by that
moment, as it was compared so far. And an index for what somebody was told about their keys, which their Home shows.
"""

import sqlalchemy as sa

_GRANTS = sa.table(
    "grants",
    sa.column("request_id", sa.Integer),
    sa.column("granted_at", sa.Float),
    sa.column("place", sa.BigInteger),
)
_TOGETHER = 1_000


def upgrade(c: sa.Connection) -> None:
    """Add the column, fill it, and an index for the last place."""
    c.execute(sa.text("ALTER TABLE grants ADD COLUMN place BIGINT NOT NULL DEFAULT 0"))
    order = sa.select(_GRANTS.c.request_id).order_by(_GRANTS.c.granted_at, _GRANTS.c.request_id)
    rows = [{"request": row.request_id, "to": place} for place, row in enumerate(c.execute(order).all(), start=1)]
    statement = (
        sa.update(_GRANTS).where(_GRANTS.c.request_id == sa.bindparam("request")).values(place=sa.bindparam("to"))
    )
    for first in range(0, len(rows), _TOGETHER):
        c.execute(statement, rows[first : first + _TOGETHER])
    c.execute(sa.text("CREATE INDEX grants_by_place ON grants (place)"))
    c.execute(sa.text("CREATE INDEX care_notices_by_owner ON care_notices (owner_id, at)"))
