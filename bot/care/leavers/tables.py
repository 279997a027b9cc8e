"""The tables of departures. Times are Unix seconds."""

import sqlalchemy as sa

from bot.db.safe_types import SafeJson

metadata = sa.MetaData()

# Somebody who has left and owned keys. `due_at` NULL: their keys are not disabled by themselves. `ended_at`: when those
# that nobody took over were disabled. `keys`: [number, birth, name] of each; `posts`: ids of the messages about it.
departures = sa.Table(
    "departures",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("person_id", sa.String(40), nullable=False, index=True),
    sa.Column("left_at", sa.Float(53), nullable=False),
    sa.Column("due_at", sa.Float(53)),
    sa.Column("returned_at", sa.Float(53)),
    sa.Column("ended_at", sa.Float(53)),
    sa.Column("keys", SafeJson, nullable=False),
    sa.Column("posts", SafeJson, nullable=False),
)
# The departure that a key is part of: so that it is told once.
departure_keys = sa.Table(
    "departure_keys",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("born_at", sa.BigInteger),
    sa.Column("departure_id", sa.BigInteger, nullable=False, index=True),
)
