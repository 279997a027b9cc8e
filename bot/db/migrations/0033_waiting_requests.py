"""An index for how many requests of one person wait: it is asked before each new one, and people keep old ones."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Create it."""
    c.execute(sa.text("CREATE INDEX requests_by_requester_and_status ON requests (requester_id, status)"))
