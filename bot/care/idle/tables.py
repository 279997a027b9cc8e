"""The table of idle keys. Times are Unix seconds."""

import sqlalchemy as sa

metadata = sa.MetaData()

# A key that somebody was ever asked about, as judgement.py describes it. `version` grows with every change, which is a
# compare-and-set on it, and never begins anew.
key_idle = sa.Table(
    "key_idle",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("born_at", sa.BigInteger, nullable=False),
    sa.Column("owner_id", sa.String(40), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("since", sa.Float(53), nullable=False),
    sa.Column("due", sa.Float(53), nullable=False),
    sa.Column("request_id", sa.BigInteger),
)
