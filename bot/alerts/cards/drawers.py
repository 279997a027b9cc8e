"""Draws the messages of an alert from its rows, whenever the outbox posts or corrects one."""

import functools
from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.call_times import CallPlan, OnCall, call_plan
from bot.alerts.cards.call_lines import call_message, over_call
from bot.alerts.cards.card import KEYS_SHOWN, card
from bot.alerts.cards.key_state import Requests
from bot.alerts.cards.notices import author_notice, owner_notice, thread_answer
from bot.alerts.cards.notifications import AUTHOR, CALL, CARD, OWNER, THREAD, UNKNOWN, untold_owners
from bot.alerts.cards.sightings import SIGHTINGS_SHOWN, Sightings, joined_card
from bot.alerts.cards.standing import BatchProgress, DisabledCount, standing_of
from bot.alerts.cards.unknown import UNKNOWN_ALERTS_SHOWN, unknown_card
from bot.alerts.models import Alert
from bot.approvals.cards.lock_notices import locked_texts
from bot.gateway.dollars import Dollars
from bot.keys import locks
from bot.permissions.rules import Policy
from bot.slack.blocks import Message
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

Plan = Callable[[Alert], CallPlan]


def drawers(
    *,
    dollars: Dollars,
    batch_progress: BatchProgress,
    policy: Callable[[], Policy],
    on_call: OnCall,
    clock: Callable[[], float],
) -> dict[str, Drawer]:
    """Post kind → what draws it."""

    def plan(alert: Alert) -> CallPlan:
        return call_plan(alert, policy(), on_call=on_call, now=clock())

    return {
        CARD: functools.partial(_card, dollars=dollars, batch_progress=batch_progress, policy=policy, plan=plan),
        UNKNOWN: functools.partial(_unknown, dollars=dollars, plan=plan),
        OWNER: functools.partial(_owner, policy=policy),
        THREAD: _thread,
        AUTHOR: _author,
        CALL: functools.partial(_call, batch_progress=batch_progress, clock=clock),
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
    plan: Plan,
) -> Message | None:
    found = _drawn(c, post)
    if found is None:
        return None
    if found[0].is_sighting:
        return joined_card(found[0])
    batch = _batch(c, found[0], batch_progress)
    locked, untold = locked_of(c, found[0], policy()), untold_owners(c, found[0])
    seen = Sightings(
        tuple(sightings.of_card(c, found[0].id, limit=SIGHTINGS_SHOWN)),
        sightings.count(c, found[0].id),
        sightings.last_seen(c, found[0]),
    )
    called = plan(found[0])
    if post.ts is None:
        # A new message calls whom it mentions, and its thread does that; one that is edited calls nobody.
        called = replace(called, people={})
    return card(*found, dollars=dollars, plan=called, batch=batch, untold=untold, locked=locked, seen=seen)


def _batch(c: sa.Connection, alert: Alert, progress: BatchProgress) -> DisabledCount | None:
    return None if alert.batch_id is None else DisabledCount(*progress(c, alert.batch_id))


def _unknown(c: sa.Connection, post: PostRow, *, dollars: Dollars, plan: Plan) -> Message | None:
    """The alerts of a minute that name no known key. One alone looks like any other alert."""
    found, number = store.without_card(c, int(post.subject), limit=UNKNOWN_ALERTS_SHOWN)
    if number == 1:
        return card(found[0], store.requests_of(c, found[0]), dollars=dollars, plan=plan(found[0]))
    return unknown_card(found, number, minute=int(post.subject))


def _author(c: sa.Connection, post: PostRow) -> Message | None:
    found = _told_of(c, post)
    return None if found is None else author_notice(*found)


def _call(
    c: sa.Connection, post: PostRow, *, batch_progress: BatchProgress, clock: Callable[[], float]
) -> Message | None:
    found, number, now = _drawn(c, post), post.body.get("number"), clock()
    if found is None:
        return None
    batch = _batch(c, found[0], batch_progress)
    if number is not None and not found[0].calls.still_calls(int(number)):
        return over_call(*found, batch, now=now)
    standing = standing_of(*found, batch, now=now)
    return call_message(*found, post.body, standing=standing, batch=batch, now=now)


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
