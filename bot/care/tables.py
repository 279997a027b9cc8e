"""The tables of the care room, but those of single kinds. Times are Unix seconds, quota is in units."""

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
    # Who was told; NULL in rows of older versions.
    sa.Column("owner_id", sa.String(40)),
)

# What stands in which message about which key, so that the message says when there is nothing left to do. `outcome`
# NULL: there is. `expires`: the end that was told.
care_notices = sa.Table(
    "care_notices",
    metadata,
    sa.Column("post_id", sa.String(120), primary_key=True),
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("born_at", sa.BigInteger, nullable=False),
    sa.Column("owner_id", sa.String(40), nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.String(20)),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Index("care_notices_by_key", "key_id"),
    sa.Index("care_notices_by_owner", "owner_id", "at"),
)

# How much a person was told on the last day they were told anything. `day`: of their own zone, since 1970.
care_days = sa.Table(
    "care_days",
    metadata,
    sa.Column("person_id", sa.String(40), primary_key=True),
    sa.Column("day", sa.BigInteger, nullable=False),
    sa.Column("told", sa.BigInteger, nullable=False),
)
