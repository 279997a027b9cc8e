"""How security is told of an anomaly: whose key, how fast, with the button that stops it."""

import functools

import sqlalchemy as sa

from bot.care import told
from bot.care.messages import disable_now
from bot.care.notice import Notice
from bot.care.notice_text import notice_text, outcome_text
from bot.gateway.dollars import Dollars
from bot.languages import joined, tr
from bot.slack.blocks import Block, Message, actions, context, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

SECURITY = "care_security"


def drawers(*, dollars: Dollars) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {SECURITY: functools.partial(_security, dollars=dollars)}


def _security(c: sa.Connection, row: PostRow, *, dollars: Dollars) -> Message | None:
    [kept] = row.body["notices"]
    notice, over = Notice.of_stored(kept), told.outcomes(c, row.id)
    outcome = over.get((notice.key_id, notice.kind))
    if row.ts is None and outcome is not None:
        return None
    owner = row.body["owners"][str(notice.key_id)]
    whose = tr("Its owner is {owner}.", owner=mention(owner)) if owner else tr("Nobody owns it.")
    text = joined(notice_text(notice, units_per_usd=dollars.of(notice.key_id)), whose)
    last: Block = actions(disable_now(notice)) if outcome is None else context(outcome_text(outcome))
    return Message(text, [section(text), last])
