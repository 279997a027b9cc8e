"""The table of keys that were made outside Keydesk. Times are Unix seconds."""

import sqlalchemy as sa

metadata = sa.MetaData()

# A key that nobody asked for here. `card` NULL: it was there at the first round, and is no news.
unknown_keys = sa.Table(
    "unknown_keys",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("born_at", sa.BigInteger, nullable=False),
    sa.Column("card", sa.BigInteger, index=True),
    sa.Column("told_at", sa.Float(53)),
    sa.Column("ignored_by", sa.String(40)),
    sa.Column("ignored_at", sa.Float(53)),
)
