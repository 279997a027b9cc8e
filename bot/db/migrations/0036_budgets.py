"""Budgets of people and roles, and which grants count against which of them."""

import sqlalchemy as sa

_BUDGETS = """
CREATE TABLE budgets (
    number %s, holder VARCHAR(60) NOT NULL, version BIGINT NOT NULL, amount BIGINT NOT NULL,
    period VARCHAR(10) NOT NULL, rollover BOOLEAN NOT NULL, request_id INTEGER NOT NULL, rule VARCHAR(80) NOT NULL,
    set_at DOUBLE PRECISION NOT NULL, ended_at DOUBLE PRECISION, first VARCHAR(10) NOT NULL,
    until VARCHAR(10) NOT NULL, present BIGINT NOT NULL, carried BIGINT NOT NULL
)"""
_GRANTS = """
CREATE TABLE budget_grants (
    budget INTEGER NOT NULL, request_id INTEGER NOT NULL, PRIMARY KEY (budget, request_id)
)"""


def upgrade(c: sa.Connection) -> None:
    """Create both."""
    serial = "SERIAL PRIMARY KEY" if c.dialect.name == "postgresql" else "INTEGER PRIMARY KEY"
    c.execute(sa.text(_BUDGETS % serial))
    c.execute(sa.text("CREATE UNIQUE INDEX budgets_by_holder ON budgets (holder)"))
    c.execute(sa.text(_GRANTS))
