"""The tables of the alerts room. No column holds a key's value: findings are masked texts and keyed fingerprints.

Times are Unix seconds. `actions` and `keys` are small JSON objects by key id, as models.py describes them.
"""

import sqlalchemy as sa

from bot.db.safe_types import SafeJson, SafeSentence, SafeText

metadata = sa.MetaData()

# One row per alert, whoever sent it and however often. (source, their_id) is the source's own name for it.
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(20), nullable=False),
    sa.Column("their_id", sa.String(200), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("title", SafeSentence, nullable=False),
    sa.Column("text", SafeText, nullable=False),
    sa.Column("url", SafeText, nullable=False),
    sa.Column("place", SafeJson, nullable=False),
    sa.Column("findings", SafeJson, nullable=False),
    sa.Column("keys", SafeJson, nullable=False),
    sa.Column("actions", SafeJson, nullable=False),
    sa.Column("notes", SafeJson, nullable=False),
    sa.Column("more_findings", SafeJson, nullable=False, server_default="[]"),
    sa.Column("batch_id", sa.Integer),
    sa.Column("events", SafeJson, nullable=False, server_default="[]"),
    sa.Column("deliveries", sa.Integer, nullable=False),
    sa.Column("received_at", sa.Float(53), nullable=False),
    sa.Column("looked_up_at", sa.Float(53)),
    sa.Column("calls", SafeJson, nullable=False, server_default="{}"),
    # Whether `calls` goes on: by it the few that do are found.
    sa.Column("called", sa.Integer, nullable=False, server_default="0"),
    sa.Column("elsewhere", SafeJson, nullable=False, server_default="{}"),
    sa.Column("acknowledged_by", sa.String(40)),
    sa.Column("acknowledged_at", sa.Float(53)),
    sa.Column("closed_by", sa.String(40)),
    sa.Column("closed_at", sa.Float(53)),
    sa.UniqueConstraint("source", "their_id", name="alerts_by_their_id"),
    sa.Index("alerts_by_status_and_called", "status", "called", "id"),
    sa.Index("alerts_by_time", "received_at"),
    sa.Index("alerts_by_batch", "batch_id"),
)

# Which alerts have a key among their `keys`, so that they are found by it.
alert_keys = sa.Table(
    "alert_keys",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("alert_id", sa.Integer, primary_key=True, autoincrement=False),
)

# One row per key that an alert proves to be leaked: the alert whose card shows it.
leaked_keys = sa.Table(
    "leaked_keys",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("alert_id", sa.Integer, nullable=False),
)

# Which alerts a card shows beside its own: those that have a key in their `elsewhere` that it shows.
sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("shown_by", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("alert_id", sa.Integer, primary_key=True, autoincrement=False),
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

# Messages with values that may be keys the index does not know yet: looked at again when it has grown, by whichever
# process learns the key first. `findings`: pairs of fingerprint and hint. `place`: what an alert about it would say.
held_messages = sa.Table(
    "held_messages",
    metadata,
    sa.Column("channel", sa.String(40), primary_key=True),
    sa.Column("ts", sa.String(40), primary_key=True),
    sa.Column("place", SafeJson, nullable=False),
    sa.Column("findings", SafeJson, nullable=False),
    sa.Column("held_until", sa.Float(53), nullable=False),
)
