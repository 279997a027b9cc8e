"""What keys were like when they were last compared, and what was changed of them outside Keydesk since."""

import sqlalchemy as sa

_KEY_DRIFTS = """
CREATE TABLE key_drifts (
    key_id BIGINT NOT NULL PRIMARY KEY, born_at BIGINT, read_at DOUBLE PRECISION, written_at DOUBLE PRECISION,
    counted_at DOUBLE PRECISION, reading JSON, drift JSON, card BIGINT, told_at DOUBLE PRECISION, shown JSON,
    outcome VARCHAR(20), answered_by VARCHAR(40), requests JSON, tries BIGINT NOT NULL
)"""


def upgrade(c: sa.Connection) -> None:
    """Create the table; every key is as it should be when it is compared for the first time."""
    c.execute(sa.text(_KEY_DRIFTS))
    c.execute(sa.text("CREATE INDEX key_drifts_by_card ON key_drifts (card)"))
