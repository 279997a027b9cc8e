"""The table of what was changed outside Keydesk. Times are Unix seconds, quota is in units."""

import sqlalchemy as sa

from bot.db.safe_types import SafeJson

metadata = sa.MetaData()

# `reading`: the key as it was compared last (comparison.py), NULL = not yet; `read_at`: when that was read.
# `written_at`: when something here last wrote it, `counted_at`: the last such time that `reading` takes in.
# `drift`: what was changed since it was agreed, NULL = nothing. `card`: the number of the message, `shown`: what it
# says, `outcome`: how that ended. `requests`: those that put it back, by operation; `tries`: how often they ended.
key_drifts = sa.Table(
    "key_drifts",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("born_at", sa.BigInteger),
    sa.Column("read_at", sa.Float(53)),
    sa.Column("written_at", sa.Float(53)),
    sa.Column("counted_at", sa.Float(53)),
    sa.Column("reading", SafeJson(none_as_null=True)),
    sa.Column("drift", SafeJson(none_as_null=True)),
    sa.Column("card", sa.BigInteger, index=True),
    sa.Column("told_at", sa.Float(53)),
    sa.Column("shown", SafeJson(none_as_null=True)),
    sa.Column("outcome", sa.String(20)),
    sa.Column("answered_by", sa.String(40)),
    sa.Column("requests", SafeJson(none_as_null=True)),
    sa.Column("tries", sa.BigInteger, nullable=False),
)
