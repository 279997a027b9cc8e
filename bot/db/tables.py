"""The tables of the spine, as SQLAlchemy Core. Times are Unix seconds (float).

No column holds a key's value or a Slack or gateway token.
"""

import sqlalchemy as sa

from bot.db.safe_types import SafeJson, SafeSentence, SafeText

metadata = sa.MetaData()

# One row per thing somebody asked for. `version` grows by one with every transition: each is a compare-and-set on it.
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("delivery_id", sa.String(255), nullable=False, unique=True),
    sa.Column("operation", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("requester_id", sa.String(40), nullable=False),
    sa.Column("requester_team", sa.String(40), nullable=False),
    sa.Column("channel_id", sa.String(40), nullable=False),
    sa.Column("key_id", sa.BigInteger),
    sa.Column("key_name", SafeText, nullable=False),
    sa.Column("reason", SafeSentence, nullable=False),
    sa.Column("input", SafeJson, nullable=False),
    sa.Column("before", SafeJson),
    sa.Column("summary", SafeJson, nullable=False),
    sa.Column("decision", SafeJson, nullable=False),
    sa.Column("votes", SafeJson, nullable=False),
    sa.Column("taken_by", sa.String(40)),
    sa.Column("counter_offer", SafeJson),
    sa.Column("decided_by", sa.String(40)),
    sa.Column("decided_at", sa.Float),
    sa.Column("denial", SafeText, nullable=False, server_default=""),
    sa.Column("break_glass", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("announced", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("origin", SafeJson, nullable=False, server_default='{"kind": "person"}'),
    sa.Column("asked_at", sa.Float, nullable=False),
    sa.Column("lapses_at", sa.Float),
    sa.Column("settled_at", sa.Float),
    sa.Column("progress", SafeJson, nullable=False),
    sa.Column("outcome", SafeJson),
    sa.Column("reviewed_by", sa.String(40)),
    sa.Index("requests_by_status", "status", "id"),
    sa.Index("requests_by_requester", "requester_id", "id"),
    sa.Index("requests_by_requester_and_status", "requester_id", "status"),
    sa.Index("requests_by_key", "key_id", "id"),
    sa.Index(
        "requests_unannounced",
        "id",
        sqlite_where=sa.text("NOT announced"),
        postgresql_where=sa.text("NOT announced"),
    ),
)

# Whose key is it: one row per key that Keydesk made or adopted. The gateway has one account; people are ours to know.
keys = sa.Table(
    "keys",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("owner_id", sa.String(40), nullable=False),
    sa.Column("owner_team", sa.String(40), nullable=False),
    sa.Column("request_id", sa.Integer),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("deleted_at", sa.Float),
    sa.Column("reveals", sa.Integer, nullable=False),
    sa.Column("born_at", sa.BigInteger),  # created_time at the gateway; None = not learnt yet
    sa.Column("disabled_at", sa.Float(53)),
    sa.Column("owner_roles", SafeJson),  # names of the roles that the owner had when the key was made; NULL = not known
    sa.Index("keys_by_owner", "owner_id", "key_id"),
    sa.Index("keys_by_name", "name"),
)

# Every key of the account as it was last read, whoever read it; owner, lineage and lock are in the tables beside it.
# `read_at`: when it was last found different. `gone_at`: when it was found to be no more (the row stays).
inventory = sa.Table(
    "inventory",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("folded", SafeText, nullable=False),  # the name as typed_text.fold compares it
    sa.Column("hint", sa.String(20), nullable=False),
    sa.Column("masked", sa.Boolean, nullable=False),
    sa.Column("status", sa.BigInteger, nullable=False),
    sa.Column("created_time", sa.BigInteger, nullable=False),
    sa.Column("accessed_time", sa.BigInteger, nullable=False),
    sa.Column("expired_time", sa.BigInteger, nullable=False),
    sa.Column("remain_quota", sa.BigInteger, nullable=False),
    sa.Column("used_quota", sa.BigInteger, nullable=False),
    sa.Column("unlimited_quota", sa.Boolean, nullable=False),
    sa.Column("model_limits_enabled", sa.Boolean, nullable=False),
    sa.Column("model_limits", SafeText, nullable=False),
    sa.Column("allow_ips", SafeText),
    sa.Column("group", SafeText, nullable=False),
    sa.Column("cross_group_retry", sa.Boolean, nullable=False),
    sa.Column("known_since", sa.Float(53), nullable=False),
    sa.Column("read_at", sa.Float(53), nullable=False),
    sa.Column("gone_at", sa.Float(53)),
    sa.Index("inventory_by_folded", "folded"),
)

# How the counters of a key moved (keys/samples.py), a row per key and grain: 0 = hours, 1 = days.
key_samples = sa.Table(
    "key_samples",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("grain", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

# Keys that replaced one another in rotations: a row per key of such a line, also of keys that nobody owns. `first`: the
# oldest key of the line. `rotation`: the request that replaces the key, set before its successor is made.
# `shares`: it gave its successor what it had left, and gives it the rest when it ends.
lineage = sa.Table(
    "lineage",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("replaces", sa.BigInteger),
    sa.Column("replaced_by", sa.BigInteger),
    sa.Column("rotation", sa.Integer),
    sa.Column("shares", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("born_at", sa.BigInteger),  # created_time at the gateway; None = not known
    sa.Index("lineage_by_rotation", "rotation"),
)

# One row per Slack message that must come to be. `wanted` grows when its subject changed; `drawn` is what Slack shows.
posts = sa.Table(
    "posts",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(40), nullable=False),
    sa.Column("target", sa.String(40), nullable=False),
    sa.Column("thread_of", sa.String(80)),
    sa.Column("channel", sa.String(40)),
    sa.Column("ts", sa.String(40)),
    sa.Column("wanted", sa.Integer, nullable=False),
    sa.Column("drawn", sa.Integer, nullable=False),
    sa.Column("intent_at", sa.Float),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", SafeText),
    sa.Column("body", SafeJson),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Index("posts_by_message", "channel", "ts"),
)

# Keys that only `key.unlock` brings back, whoever owns them. `born_at`: as in `keys`; a number may be used again.
key_locks = sa.Table(
    "key_locks",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("born_at", sa.BigInteger),
    sa.Column("cause", sa.String(20), nullable=False),  # alert, incident, person, leaver
    sa.Column("locked_by", sa.String(40), nullable=False),  # "" = Keydesk itself
    sa.Column("locked_at", sa.Float(53), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # of the alert, the batch or the request
    sa.Column("rule", sa.String(80), nullable=False),
)

# What was granted, one line a request. `units` NULL: without a limit. Rules with counting conditions compare the sums.
grants = sa.Table(
    "grants",
    metadata,
    sa.Column("request_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.String(40), nullable=False),
    sa.Column("units", sa.BigInteger),
    sa.Column("adds_key", sa.Boolean, nullable=False),
    sa.Column("granted_at", sa.Float(53), nullable=False),
    sa.Column("place", sa.BigInteger, nullable=False, default=0, server_default="0"),
    sa.Column("block", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Index("grants_by_person", "person_id", "granted_at"),
    sa.Index("grants_by_place", "place"),
)

# What all keys of a person, or of everybody in a role, may be given per period. `holder`: a Slack user id, or
# "role:NAME". `version` grows with every change, a compare-and-set on it. `first`, `until` (ISO dates, from and up to):
# the present period, for which there are `present` units, `highest` at its most, and what is `carried` into it. The row
# of a budget that has ended stays.
budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("holder", sa.String(60), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("period", sa.String(10), nullable=False),
    sa.Column("rollover", sa.Boolean, nullable=False),
    sa.Column("request_id", sa.Integer, nullable=False),
    sa.Column("rule", sa.String(80), nullable=False),
    sa.Column("set_at", sa.Float(53), nullable=False),
    sa.Column("ended_at", sa.Float(53)),
    sa.Column("first", sa.String(10), nullable=False),
    sa.Column("until", sa.String(10), nullable=False),
    sa.Column("present", sa.BigInteger, nullable=False),
    sa.Column("highest", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("carried", sa.BigInteger, nullable=False),
    sa.Index("budgets_by_holder", "holder", unique=True),
)

# Which grants count against which budgets: as people belonged to roles when they were granted.
budget_grants = sa.Table(
    "budget_grants",
    metadata,
    sa.Column("budget", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("request_id", sa.Integer, primary_key=True, autoincrement=False),
)

# What keys are refilled with, once per period. A row stays when the allowance ends, so that it is known which period
# was refilled. `version` grows with every change, a compare-and-set on it. `covered_*`: the days of the last refill
# (ISO dates, from and up to), what the terms were then, and whose key it was. `refill_id`: the request of a refill that
# is under way. `failed_at`: when the last one failed, which was told. Quota in units, times in Unix seconds.
allowances = sa.Table(
    "allowances",
    metadata,
    sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("born_at", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("period", sa.String(10), nullable=False),
    sa.Column("rollover", sa.Boolean, nullable=False),
    sa.Column("request_id", sa.BigInteger, nullable=False),
    sa.Column("rule", sa.String(80), nullable=False),
    sa.Column("set_at", sa.Float(53), nullable=False),
    sa.Column("ended_at", sa.Float(53)),
    sa.Column("covered_from", sa.String(10)),
    sa.Column("covered_until", sa.String(10)),
    sa.Column("covered_amount", sa.BigInteger),
    sa.Column("covered_period", sa.String(10)),
    sa.Column("covered_for", sa.String(40)),
    sa.Column("refill_id", sa.BigInteger),
    sa.Column("failed_at", sa.Float(53)),
)

# The gateways that this database ever had, for ever: a key's number is block * 10**12 + its number there.
# `units_per_usd`: how it counted dollars when Keydesk started last with it, NULL = not known.
gateways = sa.Table(
    "gateways",
    metadata,
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(30), nullable=False, unique=True),
    sa.Column("units_per_usd", sa.BigInteger),
)
