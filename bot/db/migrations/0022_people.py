"""People who have left and own keys, and keys that were made outside Keydesk: what was told of them."""

import sqlalchemy as sa

_DEPARTURES = """
CREATE TABLE departures (
    id {id} NOT NULL PRIMARY KEY, person_id VARCHAR(40) NOT NULL, left_at DOUBLE PRECISION NOT NULL,
    due_at DOUBLE PRECISION, returned_at DOUBLE PRECISION, ended_at DOUBLE PRECISION, keys JSON NOT NULL,
    posts JSON NOT NULL
)"""
_DEPARTURE_KEYS = """
CREATE TABLE departure_keys (
    key_id BIGINT NOT NULL PRIMARY KEY, born_at BIGINT, departure_id BIGINT NOT NULL
)"""
_UNKNOWN_KEYS = """
CREATE TABLE unknown_keys (
    key_id BIGINT NOT NULL PRIMARY KEY, born_at BIGINT NOT NULL, card BIGINT, told_at DOUBLE PRECISION,
    ignored_by VARCHAR(40), ignored_at DOUBLE PRECISION
)"""


def upgrade(c: sa.Connection) -> None:
    """Create the tables; keys without an owner that are there already are remembered by the first round."""
    c.execute(sa.text(_DEPARTURES.format(id="BIGSERIAL" if c.dialect.name == "postgresql" else "INTEGER")))
    c.execute(sa.text("CREATE INDEX departures_by_person ON departures (person_id)"))
    c.execute(sa.text(_DEPARTURE_KEYS))
    c.execute(sa.text("CREATE INDEX departure_keys_by_departure ON departure_keys (departure_id)"))
    c.execute(sa.text(_UNKNOWN_KEYS))
    c.execute(sa.text("CREATE INDEX unknown_keys_by_card ON unknown_keys (card)"))
