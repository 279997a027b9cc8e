"""The only SQL of alerts. Every function takes the caller's transaction; changes are made on the locked row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.dialects import postgresql, sqlite

from bot.alerts.detection.fingerprints import from_text, to_text
from bot.alerts.detection.key_index import IndexEntry
from bot.alerts.intake.sources import IncomingAlert
from bot.alerts.models import Alert, AlertStatus, HeldMessage, MoreFinding
from bot.alerts.tables import alert_keys, alerts, fingerprints, held_messages, sightings
from bot.approvals import store as requests_store
from bot.approvals.models import ApprovalRequest
from bot.db.tables import posts
from bot.languages.sentence import to_stored

_CHUNK = 500
_NEWEST = 100


def _insert(c: sa.Connection, table: sa.Table) -> Any:
    return (postgresql if c.dialect.name == "postgresql" else sqlite).insert(table)


def receive(
    c: sa.Connection,
    incoming: IncomingAlert,
    *,
    findings: Sequence[Mapping[str, Any]],
    notes: Sequence[str],
    at: float,
    more: Sequence[MoreFinding] = (),
) -> tuple[Alert, bool]:
    """Store an alert once per (source, their_id); a repeated one is only counted. Returns it and whether it is new."""
    values = {
        "source": incoming.source,
        "their_id": incoming.their_id,
        "status": AlertStatus.OPEN.value,
        "title": incoming.title,
        "text": incoming.text,
        "url": incoming.url,
        "place": dict(incoming.place),
        "findings": list(findings),
        "more_findings": [list(one) for one in more],
        "keys": {},
        "actions": {},
        "notes": [to_stored(note) for note in notes],
        "events": [{"id": incoming.event_id, "at": at, "sentence": to_stored(incoming.event)}],
        "deliveries": 1,
        "received_at": at,
    }
    statement = _insert(c, alerts).values(values).on_conflict_do_nothing(index_elements=["source", "their_id"])
    row_id = c.scalar(statement.returning(alerts.c.id))
    if row_id is not None:
        return get(c, row_id), True
    mine = (alerts.c.source == incoming.source) & (alerts.c.their_id == incoming.their_id)
    c.execute(sa.update(alerts).where(mine).values(deliveries=alerts.c.deliveries + 1))
    return _load(c.execute(sa.select(alerts).where(mine)).one()), False


def find(c: sa.Connection, alert_id: int, *, lock: bool = False) -> Alert | None:
    """One alert; `lock` holds its row to the end of the transaction."""
    statement = sa.select(alerts).where(alerts.c.id == alert_id)
    row = c.execute(statement.with_for_update() if lock else statement).one_or_none()
    return None if row is None else _load(row)


def get(c: sa.Connection, alert_id: int, *, lock: bool = False) -> Alert:
    """The same, for an id from our own rows. Raises LookupError."""
    alert = find(c, alert_id, lock=lock)
    if alert is None:
        raise LookupError(f"alert {alert_id}")
    return alert


def lock_all(c: sa.Connection, alert_ids: Iterable[int]) -> dict[int, Alert]:
    """These alerts by their numbers, each locked to the end of the transaction.

    By rising number, so that two who lock several never wait for each other.
    """
    found: dict[int, Alert] = {}
    ids = sorted(set(alert_ids))
    for start in range(0, len(ids), _CHUNK):
        statement = sa.select(alerts).where(alerts.c.id.in_(ids[start : start + _CHUNK])).order_by(alerts.c.id)
        found |= {alert.id: alert for alert in map(_load, c.execute(statement.with_for_update()))}
    return found


def change(c: sa.Connection, /, alert_id: int, **values: Any) -> Alert:
    """Set fields of an alert, models included. Whoever computes them from the row holds its lock."""
    if "notes" in values:
        values["notes"] = [to_stored(note) for note in values["notes"]]
    plain = to_jsonable_python(values)
    if "calls" in plain:
        plain["called"] = int(plain["calls"]["step"] > 0)
    c.execute(sa.update(alerts).where(alerts.c.id == alert_id).values(plain))
    rows = [{"key_id": int(key_id), "alert_id": alert_id} for key_id in values.get("keys", ())]
    if rows:
        c.execute(_insert(c, alert_keys).values(rows).on_conflict_do_nothing())
    return get(c, alert_id)


def in_open_alerts(c: sa.Connection, key_ids: Collection[int]) -> dict[int, int]:
    """Of these keys those that an open alert names, with the newest such alert's number."""
    found: dict[int, int] = {}
    ids, joined = sorted(key_ids), alert_keys.join(alerts, alerts.c.id == alert_keys.c.alert_id)
    for start in range(0, len(ids), _CHUNK):
        mine = alert_keys.c.key_id.in_(ids[start : start + _CHUNK]) & (alerts.c.status == AlertStatus.OPEN.value)
        newest = sa.select(alert_keys.c.key_id, sa.func.max(alerts.c.id).label("number")).select_from(joined)
        found |= {row.key_id: row.number for row in c.execute(newest.where(mine).group_by(alert_keys.c.key_id))}
    return found


def requests_of(c: sa.Connection, alert: Alert) -> dict[int, ApprovalRequest]:
    """The requests behind an alert's actions, by their id."""
    found = (requests_store.find(c, action.request_id) for action in alert.actions.values())
    return {request.id: request for request in found if request is not None}


def several(c: sa.Connection, ids: sa.Select[tuple[int]]) -> list[Alert]:
    """The alerts with these ids, the newest first."""
    return [_load(row) for row in c.execute(sa.select(alerts).where(alerts.c.id.in_(ids)).order_by(alerts.c.id.desc()))]


def recent(c: sa.Connection, *, limit: int = 50) -> list[Alert]:
    """Alerts, the newest first."""
    return [_load(row) for row in c.execute(sa.select(alerts).order_by(alerts.c.id.desc()).limit(limit))]


def with_unknown(c: sa.Connection, *, since: float, limit: int = 100) -> list[Alert]:
    """Alerts since a time, newest first: those whose unknown findings may be known now, false alarms left out."""
    young = (alerts.c.received_at >= since) & (alerts.c.status != AlertStatus.FALSE_ALARM.value)
    rows = c.execute(sa.select(alerts).where(young).order_by(alerts.c.id.desc()).limit(limit))
    return [alert for alert in map(_load, rows) if alert.unknown]


def called(c: sa.Connection, *, limit: int = 500) -> list[Alert]:
    """Open alerts that security is called to, oldest first."""
    where = (alerts.c.status == AlertStatus.OPEN.value) & (alerts.c.called == 1)
    return [_load(row) for row in c.execute(sa.select(alerts).where(where).order_by(alerts.c.id).limit(limit))]


def naming(c: sa.Connection, key_id: int) -> list[Alert]:
    """The newest alerts of whose keys this one was looked at, closed ones too: their cards show how it stands."""
    mine = sa.select(alert_keys.c.alert_id).where(alert_keys.c.key_id == key_id)
    newest = mine.order_by(alert_keys.c.alert_id.desc()).limit(_NEWEST)
    rows = c.execute(sa.select(alerts).where(alerts.c.id.in_(newest)).order_by(alerts.c.id.desc()))
    return [alert for alert in map(_load, rows) if key_id in alert.keys and key_id not in alert.elsewhere]


def without_card(c: sa.Connection, minute: int, *, limit: int) -> tuple[list[Alert], int]:
    """The alerts of one minute (since 1970) that have no card of their own: the first of them, and how many."""
    card = sa.literal("alert:") + sa.cast(alerts.c.id, sa.String) + ":card"
    of_minute = (alerts.c.received_at >= minute * 60.0) & (alerts.c.received_at < (minute + 1) * 60.0)
    shown_elsewhere = sa.exists().where(sightings.c.alert_id == alerts.c.id)
    where = of_minute & ~sa.exists().where(posts.c.id == card) & ~shown_elsewhere
    number = c.scalar(sa.select(sa.func.count()).select_from(alerts).where(where)) or 0
    rows = c.execute(sa.select(alerts).where(where).order_by(alerts.c.id).limit(limit))
    return [_load(row) for row in rows], number


def key_changed(c: sa.Connection, key_id: int, *, state: str, at: float, gone: bool = False) -> list[Alert]:
    """Note a key's new state in the newest alerts that name it; returns those that said otherwise, newest first."""
    changed = []
    # Locked before they are changed: a look at their keys may be writing down what it saw earlier.
    for alert in lock_all(c, [alert.id for alert in naming(c, key_id)]).values():
        seen = alert.keys.get(key_id)
        if seen is not None and (seen.state, seen.gone) != (state, gone):
            now_seen = seen.model_copy(update={"state": state, "gone": gone, "looked_at": at})
            changed.append(change(c, alert.id, keys={**alert.keys, key_id: now_seen}))
    return changed[::-1]


def of_batch(c: sa.Connection, batch_id: int) -> Alert | None:
    """The alert whose keys a batch disables."""
    row = c.execute(sa.select(alerts).where(alerts.c.batch_id == batch_id)).one_or_none()
    return None if row is None else _load(row)


def load_entries(c: sa.Connection, scheme: str) -> list[IndexEntry]:
    """Every fingerprint that was taken with this secret."""
    query = sa.select(fingerprints.c.key_id, fingerprints.c.hint, fingerprints.c.fingerprint)
    rows = c.execute(query.where(fingerprints.c.scheme == scheme))
    return [IndexEntry(key_id, hint, None if text is None else from_text(text)) for key_id, hint, text in rows]


def entries_since(c: sa.Connection, scheme: str, *, since: float) -> list[IndexEntry]:
    """Fingerprints that any process has stored since then (Unix seconds)."""
    query = sa.select(fingerprints.c.key_id, fingerprints.c.hint, fingerprints.c.fingerprint)
    rows = c.execute(query.where(fingerprints.c.scheme == scheme, fingerprints.c.seen_at >= since))
    return [IndexEntry(key_id, hint, None if text is None else from_text(text)) for key_id, hint, text in rows]


def save_entries(c: sa.Connection, entries: Sequence[IndexEntry], scheme: str, *, at: float) -> None:
    """Keep fingerprints; a known one is never replaced by a hidden one."""
    for start in range(0, len(entries), _CHUNK):
        rows = [
            {
                "key_id": entry.key_id,
                "fingerprint": None if entry.fingerprint is None else to_text(entry.fingerprint),
                "hint": entry.hint,
                "scheme": scheme,
                "seen_at": at,
            }
            for entry in entries[start : start + _CHUNK]
        ]
        statement = _insert(c, fingerprints).values(rows)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=["key_id"],
            set_={"fingerprint": new.fingerprint, "hint": new.hint, "scheme": new.scheme, "seen_at": new.seen_at},
            where=new.fingerprint.is_not(None) | (fingerprints.c.scheme != scheme),
        )
        c.execute(statement)


def drop_entries(c: sa.Connection, key_ids: Sequence[int]) -> None:
    """Forget keys that are gone from the gateway."""
    for start in range(0, len(key_ids), _CHUNK):
        c.execute(sa.delete(fingerprints).where(fingerprints.c.key_id.in_(key_ids[start : start + _CHUNK])))


def hold_message(c: sa.Connection, message: HeldMessage, *, most: int, now: float) -> None:
    """Keep a message to be looked at again; those whose time is over go, and the rest of more than `most`.

    The oldest ones of whoever has most go first, so that one author's noise does not push out what another wrote.
    """
    values = {
        "channel": message.channel,
        "ts": message.ts,
        "place": dict(message.place),
        "findings": [list(one) for one in message.findings],
        "held_until": message.held_until,
    }
    statement = _insert(c, held_messages).values(values)
    changed = {name: statement.excluded[name] for name in ("place", "findings", "held_until")}
    c.execute(statement.on_conflict_do_update(index_elements=["channel", "ts"], set_=changed))
    c.execute(sa.delete(held_messages).where(held_messages.c.held_until < now))
    if (c.scalar(sa.select(sa.func.count()).select_from(held_messages)) or 0) <= most:
        return
    row = held_messages.c
    # Other apps' messages name no author: those of a channel count as one's.
    author = sa.func.coalesce(sa.func.nullif(row.place["by"].as_string(), ""), row.channel)
    newest = (row.held_until.desc(), row.ts.desc())
    turn = sa.func.row_number().over(partition_by=author, order_by=newest)
    for channel, ts in c.execute(sa.select(row.channel, row.ts).order_by(turn, *newest).offset(most)).all():
        c.execute(sa.delete(held_messages).where(row.channel == channel, row.ts == ts))


def held(c: sa.Connection, *, now: float) -> list[HeldMessage]:
    """The messages that are still to be looked at again."""
    rows = c.execute(sa.select(held_messages).where(held_messages.c.held_until >= now)).mappings()
    return [
        HeldMessage(
            channel=row["channel"],
            ts=row["ts"],
            place=row["place"],
            findings=tuple((str(fingerprint), str(hint)) for fingerprint, hint in row["findings"]),
            held_until=row["held_until"],
        )
        for row in rows
    ]


def drop_held(c: sa.Connection, message: HeldMessage) -> None:
    """Delete a held message: it was reported."""
    mine = (held_messages.c.channel == message.channel) & (held_messages.c.ts == message.ts)
    c.execute(sa.delete(held_messages).where(mine))


def _load(row: Any) -> Alert:
    return Alert.model_validate(dict(row._mapping))  # noqa: SLF001  # SQLAlchemy's documented way to a row by name
