"""The tables of incident mode: one row per batch, and one per key in it. Times are Unix seconds."""

import sqlalchemy as sa

from bot.db.safe_types import SafeJson, SafeSentence, SafeText

metadata = sa.MetaData()

# `undoes` is the batch that this one takes back. `proof` is what the revocation check has shown of a disabled key; the
# times are in `progress`.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("delivery_id", sa.String(255), nullable=False, unique=True),
    sa.Column("operation", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("requester_id", sa.String(40), nullable=False),
    sa.Column("requester_team", sa.String(40), nullable=False),
    sa.Column("what", SafeSentence, nullable=False),
    sa.Column("rule", sa.String(80), nullable=False, server_default=""),
    sa.Column("channel_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("reason", SafeSentence, nullable=False),
    sa.Column("undoes", sa.Integer),
    sa.Column("stopped_by", sa.String(40)),
    sa.Column("agreed_by", sa.String(40), nullable=False, server_default=""),
    sa.Column("agreed_team", sa.String(40), nullable=False, server_default=""),
    sa.Column("asked_at", sa.Float(53), nullable=False),
    sa.Column("settled_at", sa.Float(53)),
)
batch_keys = sa.Table(
    "batch_keys",
    metadata,
    sa.Column("batch_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("own", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("status_before", sa.Integer, nullable=False),
    sa.Column("sentence", SafeSentence, nullable=False),
    sa.Column("progress", SafeJson, nullable=False),
    sa.Column("proof", sa.String(20), nullable=False, server_default=""),
    sa.Index("batch_keys_by_status", "batch_id", "status"),
)
