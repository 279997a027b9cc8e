"""Whether what follows a request was begun: the answer to its form waits for its row alone (announcement.py)."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add it. Whatever is there, or comes from an older version, was announced in the transaction that stored it."""
    c.execute(sa.text("ALTER TABLE requests ADD COLUMN announced BOOLEAN NOT NULL DEFAULT true"))
    c.execute(sa.text("CREATE INDEX requests_unannounced ON requests (id) WHERE NOT announced"))
