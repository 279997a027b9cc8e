"""The highest amount that a budget was in its present period: lowering one frees nothing that was given by it."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add it. What is known of budgets that are there is what they are now."""
    c.execute(sa.text("ALTER TABLE budgets ADD COLUMN highest BIGINT NOT NULL DEFAULT 0"))
    c.execute(sa.text("UPDATE budgets SET highest = present"))
