"""The tables of the review room. Times are Unix seconds, quota is in units."""

import sqlalchemy as sa

from bot.db.safe_types import SafeJson, SafeText

metadata = sa.MetaData()

# `open_mark` is 1 until the review is closed, then NULL: there is one open review at a time. `version` grows with every
# change, which is a compare-and-set on it; so it does in the rows of the keys.
reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("open_mark", sa.Integer, unique=True),
    sa.Column("asked_by", sa.String(20), nullable=False),
    sa.Column("asked_at", sa.Float(53), nullable=False),
    sa.Column("opened_at", sa.Float(53)),
    sa.Column("closed_at", sa.Float(53)),
    sa.Column("reminded", sa.Integer, nullable=False),
    sa.Column("reminded_at", sa.Float(53)),
)

review_cards = sa.Table(
    "review_cards",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("review_id", sa.Integer, nullable=False),
    sa.Column("roles", SafeJson, nullable=False),
    sa.Column("security", sa.Boolean, nullable=False),
    sa.Index("review_cards_by_review", "review_id"),
)

# The columns are those of models.ReviewedKey.
review_keys = sa.Table(
    "review_keys",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("review_id", sa.Integer, nullable=False),
    sa.Column("card_id", sa.Integer, nullable=False),
    sa.Column("key_id", sa.BigInteger, nullable=False),
    sa.Column("born_at", sa.BigInteger, nullable=False),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("owner_id", sa.String(40)),
    sa.Column("reasons", SafeJson, nullable=False),
    sa.Column("snapshot", SafeJson, nullable=False),
    sa.Column("spent", sa.BigInteger, nullable=False),
    sa.Column("target", sa.BigInteger),
    sa.Column("verdict", sa.String(10), nullable=False),
    sa.Column("departure", sa.String(20)),
    sa.Column("decided_by", sa.String(40)),
    sa.Column("decided_at", sa.Float(53)),
    sa.Column("request_id", sa.Integer),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("settled_at", sa.Float(53)),
    sa.Column("undo_id", sa.Integer),
    sa.Column("undone_by", sa.String(40)),
    sa.Column("undone_at", sa.Float(53)),
    sa.Index("review_keys_by_card", "card_id", "id"),
    sa.Index("review_keys_by_review", "review_id", "verdict", "id"),
    sa.Index("review_keys_by_key", "key_id"),
    sa.Index("review_keys_by_request", "request_id"),
    sa.Index("review_keys_by_undo", "undo_id"),
)
