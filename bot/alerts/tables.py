"""The tables of the alerts room. No column holds a key's value: findings are masked texts and keyed fingerprints.

Times are Unix seconds. `actions` and `keys` are small JSON objects by key id, as models.py describes them.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

# One row per alert, whoever sent it and however often. (source, their_id) is the source's own name for it.
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(20), nullable=False),
    sa.Column("their_id", sa.String(200), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("place", sa.JSON, nullable=False),
    sa.Column("findings", sa.JSON, nullable=False),
    sa.Column("keys", sa.JSON, nullable=False),
    sa.Column("actions", sa.JSON, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),
    sa.Column("deliveries", sa.Integer, nullable=False),
    sa.Column("received_at", sa.Float(53), nullable=False),
    sa.Column("closed_by", sa.String(40)),
    sa.Column("closed_at", sa.Float(53)),
    sa.UniqueConstraint("source", "their_id", name="alerts_by_their_id"),
)

# One row per key of the account: how a pasted value is recognised without keeping it. `fingerprint` NULL: the gateway
# hides the value, so only `hint` (first and last four characters) can be compared. `scheme` names the secret used.
fingerprints = sa.Table(
    "fingerprints",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("fingerprint", sa.String(32)),
    sa.Column("hint", sa.String(8), nullable=False),
    sa.Column("scheme", sa.String(16), nullable=False),
    sa.Column("seen_at", sa.Float(53), nullable=False),
    sa.Index("fingerprints_by_seen", "seen_at"),
)

# Incident mode: one row per batch, and one per key in it. `undoes` is the batch that this one takes back. `proof` is
# what trying a disabled key itself has shown; the times are in `progress`.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("delivery_id", sa.String(255), nullable=False, unique=True),
    sa.Column("operation", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("requester_id", sa.String(40), nullable=False),
    sa.Column("requester_team", sa.String(40), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("undoes", sa.Integer),
    sa.Column("stopped_by", sa.String(40)),
    sa.Column("asked_at", sa.Float(53), nullable=False),
    sa.Column("settled_at", sa.Float(53)),
)
batch_keys = sa.Table(
    "batch_keys",
    metadata,
    sa.Column("batch_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("own", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("status_before", sa.Integer, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("progress", sa.JSON, nullable=False),
    sa.Column("proof", sa.String(20), nullable=False, server_default=""),
    sa.Index("batch_keys_by_status", "batch_id", "status"),
)
