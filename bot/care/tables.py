"""The table of the care room. Times are Unix seconds, quota is in units."""

import sqlalchemy as sa

metadata = sa.MetaData()

# What was told of a key, as judgement.py describes it. `version` grows with every change, which is a compare-and-set on
# it. `quota_base` NULL: the key has no limit.
key_care = sa.Table(
    "key_care",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("born_at", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("expires_since", sa.Float(53), nullable=False),
    sa.Column("expiry_told", sa.BigInteger),
    sa.Column("quota_base", sa.BigInteger),
    sa.Column("quota_total", sa.BigInteger),
    sa.Column("quota_told", sa.String(10)),
    sa.Column("quota_told_at", sa.BigInteger),
)
