"""How each gateway counts dollars, and at which gateway something was granted: sums over gateways add dollars."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add the columns. What was granted so far was granted at the gateway of its request's key."""
    c.execute(sa.text("ALTER TABLE gateways ADD COLUMN units_per_usd BIGINT"))
    c.execute(sa.text("ALTER TABLE grants ADD COLUMN block INTEGER NOT NULL DEFAULT 0"))
    c.execute(
        sa.text(
            "UPDATE grants SET block = (SELECT requests.key_id / 1000000000000 FROM requests "
            "WHERE requests.id = grants.request_id) WHERE request_id IN "
            "(SELECT id FROM requests WHERE key_id >= 1000000000000)"
        )
    )
