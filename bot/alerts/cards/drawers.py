"""Draws the messages of an alert from its rows, whenever the outbox posts or corrects one."""

import functools

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.cards.card import BatchProgress, DisabledCount, card
from bot.alerts.cards.key_state import Requests
from bot.alerts.cards.notices import author_notice, owner_notice, thread_answer
from bot.alerts.cards.notifications import AUTHOR, CARD, OWNER, THREAD, untold_owners
from bot.alerts.models import Alert
from bot.approvals import store as requests_store
from bot.slack.blocks import Message
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow


def drawers(*, units_per_usd: int, batch_progress: BatchProgress) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {
        CARD: functools.partial(_card, units_per_usd=units_per_usd, batch_progress=batch_progress),
        OWNER: _owner,
        THREAD: _thread,
        AUTHOR: _author,
    }


def requests_of(c: sa.Connection, alert: Alert) -> Requests:
    """The requests behind an alert's actions, by their id."""
    found = (requests_store.find(c, action.request_id) for action in alert.actions.values())
    return {request.id: request for request in found if request is not None}


def _drawn(c: sa.Connection, post: PostRow) -> tuple[Alert, Requests] | None:
    alert = store.find(c, int(post.subject))
    return None if alert is None else (alert, requests_of(c, alert))


def _card(c: sa.Connection, post: PostRow, *, units_per_usd: int, batch_progress: BatchProgress) -> Message | None:
    found = _drawn(c, post)
    if found is None:
        return None
    batch_id = found[0].batch_id
    batch = None if batch_id is None else DisabledCount(*batch_progress(c, batch_id))
    return card(*found, units_per_usd=units_per_usd, batch=batch, untold=untold_owners(c, found[0]))


def _author(c: sa.Connection, post: PostRow) -> Message | None:
    found = _drawn(c, post)
    return None if found is None else author_notice(*found)


def _owner(c: sa.Connection, post: PostRow) -> Message | None:
    found = _drawn(c, post)
    return None if found is None else owner_notice(found[0], int(post.body.get("key_id", 0)), found[1])


def _thread(c: sa.Connection, post: PostRow) -> Message | None:
    found = _drawn(c, post)
    return None if found is None else thread_answer(*found)
