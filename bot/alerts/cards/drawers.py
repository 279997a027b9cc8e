"""Draws the messages of an alert from its rows, whenever the outbox posts or corrects one."""

import functools
from collections.abc import Callable

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.call_times import roles_called
from bot.alerts.cards.card import KEYS_SHOWN, BatchProgress, DisabledCount, card, over_call
from bot.alerts.cards.key_state import Requests
from bot.alerts.cards.notices import author_notice, owner_notice, thread_answer
from bot.alerts.cards.notifications import AUTHOR, CALL, CARD, OWNER, THREAD, UNKNOWN, untold_owners
from bot.alerts.cards.sightings import SIGHTINGS_SHOWN, Sightings, joined_card
from bot.alerts.cards.unknown import UNKNOWN_ALERTS_SHOWN, unknown_card
from bot.alerts.models import Alert
from bot.approvals.cards.lock_notices import locked_texts
from bot.gateway.dollars import Dollars
from bot.keys import locks
from bot.languages.formats import all_of
from bot.languages.sentence import from_stored
from bot.permissions.roles import is_person
from bot.permissions.rules import Policy
from bot.slack.blocks import Message, code, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow


def drawers(*, dollars: Dollars, batch_progress: BatchProgress, policy: Callable[[], Policy]) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {
        CARD: functools.partial(_card, dollars=dollars, batch_progress=batch_progress, policy=policy),
        UNKNOWN: functools.partial(_unknown, dollars=dollars),
        OWNER: functools.partial(_owner, policy=policy),
        THREAD: _thread,
        AUTHOR: _author,
        CALL: _call,
    }


def locked_of(c: sa.Connection, alert: Alert, policy: Policy) -> dict[int, str]:
    """Of the keys that it may mean and that are locked: why, and what brings them back."""
    found = {key_id: locks.lock_of(c, key_id) for key_id in alert.possible_keys[:KEYS_SHOWN]}
    return locked_texts({key_id: lock for key_id, lock in found.items() if lock is not None}, policy=policy)


def _drawn(c: sa.Connection, post: PostRow) -> tuple[Alert, Requests] | None:
    alert = store.find(c, int(post.subject))
    return None if alert is None else (alert, store.requests_of(c, alert))


def _told_of(c: sa.Connection, post: PostRow) -> tuple[Alert, Requests] | None:
    """The same for what answers one message: with what other cards say of its keys."""
    alert = store.find(c, int(post.subject))
    if alert is None:
        return None
    whole = sightings.whole(c, alert)
    return whole, store.requests_of(c, whole)


def _card(
    c: sa.Connection,
    post: PostRow,
    *,
    dollars: Dollars,
    batch_progress: BatchProgress,
    policy: Callable[[], Policy],
) -> Message | None:
    found = _drawn(c, post)
    if found is None:
        return None
    if found[0].is_sighting:
        return joined_card(found[0])
    batch_id = found[0].batch_id
    batch = None if batch_id is None else DisabledCount(*batch_progress(c, batch_id))
    locked, untold = locked_of(c, found[0], policy()), untold_owners(c, found[0])
    seen = Sightings(
        tuple(sightings.of_card(c, found[0].id, limit=SIGHTINGS_SHOWN)),
        sightings.count(c, found[0].id),
        sightings.last_seen(c, found[0]),
    )
    called = _called_next(found[0], policy())
    return card(*found, dollars=dollars, batch=batch, untold=untold, locked=locked, seen=seen, called=called)


def _called_next(alert: Alert, policy: Policy) -> str:
    """The roles, without a mention: a card that is drawn again must not call them. People are mentioned."""
    return all_of(mention(name) if is_person(name) else code(name) for name in roles_called(policy, alert.calls.step))


def _unknown(c: sa.Connection, post: PostRow, *, dollars: Dollars) -> Message | None:
    """The alerts of a minute that name no known key. One alone looks like any other alert."""
    found, number = store.without_card(c, int(post.subject), limit=UNKNOWN_ALERTS_SHOWN)
    if number == 1:
        return card(found[0], store.requests_of(c, found[0]), dollars=dollars)
    return unknown_card(found, number, minute=int(post.subject))


def _author(c: sa.Connection, post: PostRow) -> Message | None:
    found = _told_of(c, post)
    return None if found is None else author_notice(*found)


def _call(c: sa.Connection, post: PostRow) -> Message | None:
    text = from_stored(post.body.get("text", ""))
    if not text:
        return None
    found, number = _drawn(c, post), post.body.get("number")
    if found is None or number is None or found[0].calls.still_calls(int(number)):
        return Message(text, [section(text)])
    return over_call(*found)


def _owner(c: sa.Connection, post: PostRow, *, policy: Callable[[], Policy]) -> Message | None:
    found = _drawn(c, post)
    if found is None:
        return None
    key_id = int(post.body.get("key_id", 0))
    locked = locked_of(c, found[0], policy()).get(key_id, "")
    number, last = sightings.count(c, found[0].id), sightings.last_seen(c, found[0])
    return owner_notice(found[0], key_id, found[1], locked=locked, sightings=number, last_seen=last)


def _thread(c: sa.Connection, post: PostRow) -> Message | None:
    found = _told_of(c, post)
    return None if found is None else thread_answer(*found)
