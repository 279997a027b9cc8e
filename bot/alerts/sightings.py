"""One card per leaked key: later alerts about a key that a card shows are sightings, shown by that card.

A key that an alert names by its whole value is shown by the oldest open alert that names it so; of a key that no longer
works only for a day after it was last seen, then a new leak is a new card. A card that was closed takes no more. What
is said of a mask is no sighting before the value is proven, nor is an alert that names more keys than a card shows:
its batch says how they stand, not how each of them stands, so it takes no sightings either.

Locks are taken in one order: the rows of alerts by number, then those of `leaked_keys` by number. So two processes that
store alerts about one key at once make one card, none joins a card that is being closed, and nobody waits for somebody
who waits in turn.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.alerts import store
from bot.alerts.cards.key_state import is_working
from bot.alerts.models import Alert, AlertStatus
from bot.alerts.tables import alerts, leaked_keys, sightings

# A dead key that is seen again within this time is the same leak.
SAME_LEAK_SECONDS = 86_400.0
# Sightings that are listed or corrected; the newest ones.
MOST_LISTED = 100


def claim(c: sa.Connection, alert: Alert, *, now: float) -> Alert:
    """Find out which card shows each key that the alert proves; returns it as it is then.

    The alert's row is new or locked. A key about which something was begun here stays here.
    """
    if alert.is_mass_leak or alert.status is not AlertStatus.OPEN:
        return alert
    joined: dict[int, int] = {}
    for key_id in sorted(set(alert.sure_keys) - alert.actions.keys()):
        shown_by = _card_of(c, key_id, alert.id)
        if shown_by != alert.id:
            card = store.find(c, shown_by)
            if card is not None and _takes(c, card, key_id, now=now):
                joined[key_id] = shown_by
            else:
                _show_here(c, key_id, alert.id)
    if not joined:
        return alert
    for shown_by in sorted(set(joined.values())):
        row = {"shown_by": shown_by, "alert_id": alert.id}
        c.execute(_insert(c, sightings).values(row).on_conflict_do_nothing())
    return store.change(c, alert.id, elsewhere={**alert.elsewhere, **joined})


def _insert(c: sa.Connection, table: sa.Table) -> Any:
    return (postgresql if c.dialect.name == "postgresql" else sqlite).insert(table)


def _card_of(c: sa.Connection, key_id: int, alert_id: int) -> int:
    """The alert whose card shows the key, this one where there is none. Its row is locked afterwards."""
    statement = _insert(c, leaked_keys).values(key_id=key_id, alert_id=alert_id)
    same = statement.on_conflict_do_update(index_elements=["key_id"], set_={"key_id": statement.excluded.key_id})
    return int(c.execute(same.returning(leaked_keys.c.alert_id)).scalar_one())


def _show_here(c: sa.Connection, key_id: int, alert_id: int) -> None:
    c.execute(sa.update(leaked_keys).where(leaked_keys.c.key_id == key_id).values(alert_id=alert_id))


def _takes(c: sa.Connection, card: Alert, key_id: int, *, now: float) -> bool:
    """Whether a card still takes sightings of this key."""
    if card.status is not AlertStatus.OPEN or card.is_mass_leak or key_id not in card.sure_keys:
        return False
    return is_working(card, key_id, store.requests_of(c, card)) or now - last_seen(c, card) < SAME_LEAK_SECONDS


def of_card(c: sa.Connection, alert_id: int, *, limit: int = MOST_LISTED) -> list[Alert]:
    """The alerts that this alert's card shows beside its own, the newest first."""
    mine = sa.select(sightings.c.alert_id).where(sightings.c.shown_by == alert_id)
    return store.several(c, mine.order_by(sightings.c.alert_id.desc()).limit(limit))


def count(c: sa.Connection, alert_id: int) -> int:
    """How many alerts this alert's card shows beside its own."""
    found = sa.select(sa.func.count()).select_from(sightings).where(sightings.c.shown_by == alert_id)
    return c.scalar(found) or 0


def last_seen(c: sa.Connection, alert: Alert) -> float:
    """When its keys were last seen where they should not be, by any alert that its card shows."""
    mine = sa.select(sa.func.max(alerts.c.received_at)).join_from(
        sightings, alerts, alerts.c.id == sightings.c.alert_id
    )
    later: float | None = c.scalar(mine.where(sightings.c.shown_by == alert.id))
    said = max((event.at for event in alert.events), default=alert.received_at)
    return max(alert.received_at, said, later or 0.0)


def whole(c: sa.Connection, alert: Alert) -> Alert:
    """The alert with what the cards say that show its keys: for whoever asks of this alert alone."""
    if not alert.elsewhere:
        return alert
    keys, actions = dict(alert.keys), dict(alert.actions)
    for key_id, shown_by in alert.elsewhere.items():
        card = store.find(c, shown_by)
        if card is not None:
            keys |= {key_id: card.keys[key_id]} if key_id in card.keys else {}
            actions |= {key_id: card.actions[key_id]} if key_id in card.actions else {}
    return alert.model_copy(update={"keys": keys, "actions": actions, "elsewhere": {}})


def card_of(c: sa.Connection, alert_id: int, key_id: int) -> Alert:
    """The alert whose card shows this key of an alert. Raises LookupError."""
    alert = store.get(c, alert_id)
    return store.get(c, alert.elsewhere[key_id]) if key_id in alert.elsewhere else alert


def on_open_cards(c: sa.Connection, alert: Alert) -> dict[int, int]:
    """Of its keys those that another alert's card shows which is still open, with that alert's id."""
    cards = {shown_by: store.find(c, shown_by) for shown_by in set(alert.elsewhere.values())}
    is_open = {number for number, card in cards.items() if card is not None and card.status is AlertStatus.OPEN}
    return {key_id: shown_by for key_id, shown_by in alert.elsewhere.items() if shown_by in is_open}


def ids_of_card(c: sa.Connection, alert_id: int) -> list[int]:
    """The numbers of all alerts that this alert's card shows beside its own."""
    return list(c.scalars(sa.select(sightings.c.alert_id).where(sightings.c.shown_by == alert_id)))


def close(c: sa.Connection, alert: Alert) -> Sequence[int]:
    """The alert was closed: its card takes no more. Returns the ids of the alerts that are closed with it.

    Those are the ones of whose keys no other card is open. The caller has locked them, since one may just be told of
    another key; all but those that joined a moment ago, which nobody changes any more.
    """
    mine = leaked_keys.c.alert_id == alert.id
    c.execute(sa.select(leaked_keys.c.key_id).where(mine).order_by(leaked_keys.c.key_id).with_for_update())
    c.execute(sa.delete(leaked_keys).where(mine))
    # Read after the delete, which waits for whoever is joining the card.
    seen = store.lock_all(c, ids_of_card(c, alert.id)).values()
    return [one.id for one in seen if one.is_sighting and set(on_open_cards(c, one).values()) <= {alert.id}]
