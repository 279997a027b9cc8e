"""What owners were told of their keys."""

import sqlalchemy as sa

_KEY_CARE = """
CREATE TABLE key_care (
    key_id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, born_at BIGINT NOT NULL, expires BIGINT NOT NULL,
    expires_since DOUBLE PRECISION NOT NULL, expiry_told BIGINT, quota_base BIGINT, quota_total BIGINT,
    quota_told VARCHAR(10), quota_told_at BIGINT
)"""


def upgrade(c: sa.Connection) -> None:
    """Create the table; what is so already at the first round over all keys is told to nobody."""
    c.execute(sa.text(_KEY_CARE))
