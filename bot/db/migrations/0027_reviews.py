"""Reviews: what was looked at by whom, and what was decided."""

import sqlalchemy as sa

_REVIEWS = """
CREATE TABLE reviews (
    id {serial}, version INTEGER NOT NULL, status VARCHAR(10) NOT NULL, open_mark INTEGER UNIQUE,
    asked_by VARCHAR(20) NOT NULL, asked_at DOUBLE PRECISION NOT NULL, opened_at DOUBLE PRECISION,
    closed_at DOUBLE PRECISION, reminded INTEGER NOT NULL, reminded_at DOUBLE PRECISION
)"""
_CARDS = """
CREATE TABLE review_cards (
    id {serial}, review_id INTEGER NOT NULL, roles JSON NOT NULL, security BOOLEAN NOT NULL
)"""
_KEYS = """
CREATE TABLE review_keys (
    id {serial}, version INTEGER NOT NULL, review_id INTEGER NOT NULL, card_id INTEGER NOT NULL,
    key_id BIGINT NOT NULL, born_at BIGINT NOT NULL, name TEXT NOT NULL, owner_id VARCHAR(40), reasons JSON NOT NULL,
    snapshot JSON NOT NULL, spent BIGINT NOT NULL, target BIGINT, verdict VARCHAR(10) NOT NULL, departure VARCHAR(20),
    decided_by VARCHAR(40), decided_at DOUBLE PRECISION, request_id INTEGER, attempt INTEGER NOT NULL,
    settled_at DOUBLE PRECISION, undo_id INTEGER, undone_by VARCHAR(40), undone_at DOUBLE PRECISION
)"""
_INDEXES = {
    "review_cards_by_review": "review_cards (review_id)",
    "review_keys_by_card": "review_keys (card_id, id)",
    "review_keys_by_review": "review_keys (review_id, verdict, id)",
    "review_keys_by_key": "review_keys (key_id)",
    "review_keys_by_request": "review_keys (request_id)",
    "review_keys_by_undo": "review_keys (undo_id)",
}


def upgrade(c: sa.Connection) -> None:
    """Create the tables; no review was ever begun."""
    serial = "SERIAL PRIMARY KEY" if c.dialect.name == "postgresql" else "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
    for table in (_REVIEWS, _CARDS, _KEYS):
        c.execute(sa.text(table.format(serial=serial)))
    for name, columns in _INDEXES.items():
        c.execute(sa.text(f"CREATE INDEX {name} ON {columns}"))
