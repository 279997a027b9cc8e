"""What keys are refilled with, once per period."""

import sqlalchemy as sa

_ALLOWANCES = """
CREATE TABLE allowances (
    key_id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, born_at BIGINT NOT NULL, amount BIGINT NOT NULL,
    period VARCHAR(10) NOT NULL, rollover BOOLEAN NOT NULL, request_id BIGINT NOT NULL, rule VARCHAR(80) NOT NULL,
    set_at DOUBLE PRECISION NOT NULL, ended_at DOUBLE PRECISION, covered_from VARCHAR(10), covered_until VARCHAR(10),
    covered_amount BIGINT, covered_period VARCHAR(10), covered_for VARCHAR(40), refill_id BIGINT,
    failed_at DOUBLE PRECISION
)"""


def upgrade(c: sa.Connection) -> None:
    """Create the table; no key has an allowance yet."""
    c.execute(sa.text(_ALLOWANCES))
