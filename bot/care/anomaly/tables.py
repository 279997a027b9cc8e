"""The table of the pace of keys. Times are Unix seconds, `used` is in units."""

import sqlalchemy as sa

metadata = sa.MetaData()

# A key that moved lately, as judgement.py describes it. `version` grows with every change, which is a compare-and-set.
key_pace = sa.Table(
    "key_pace",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("born_at", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("hot", sa.SmallInteger, nullable=False),
    sa.Column("cool", sa.SmallInteger, nullable=False),
    sa.Column("told", sa.Boolean, nullable=False),
    sa.Column("told_at", sa.Float(53), nullable=False),
    sa.Column("muted_until", sa.Float(53), nullable=False),
)
