"""A refusal that belongs to no field, at the top of the form that was sent: everything typed stays where it is.

Slack takes the form anew in its answer to a submission, but says nothing where it refuses a block of it. So the answer
holds a section, which every workspace takes, and the `alert` block follows by a call until it is known to be taken.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from bot.slack.blocks import VIEW_BLOCKS_LIMIT, Block, harmless, length, mrkdwn, room, section
from bot.slack.delivery import Ack, Delivery, Replace
from bot.slack.errors import SlackRefused, ViewChanged, ViewClosed

PROBLEM = "problem"
# The line of a form that says what would be decided: what it said before the refusal is not true any more.
LIVE_LINE = "decision"
ALERT_LIMIT = 200
# The answer must have put the form in place before it is drawn once more.
AFTER_SECONDS = 0.5
_KEPT = ("type", "callback_id", "title", "submit", "close", "notify_on_close", "clear_on_close", "private_metadata")


def with_problem(delivery: Delivery, sentence: str) -> Ack:
    """The form that was sent, with the sentence at its top; None where it cannot be drawn anew."""
    view = delivery.view or {}
    blocks = view.get("blocks")
    # What nothing proves that we wrote is not drawn anew: our seal would prove it then.
    if delivery.written_at is None or not isinstance(blocks, list) or len(blocks) >= VIEW_BLOCKS_LIMIT:
        return None
    kept = [one for one in blocks if isinstance(one, Mapping) and one.get("block_id") not in {PROBLEM, LIVE_LINE}]
    form = {name: view[name] for name in _KEPT if view.get(name) is not None}
    shown = {**form, "blocks": [_section(sentence), *kept]}
    alerts = delivery.responder.form_alerts
    alert = {"type": "alert", "block_id": PROBLEM, "text": mrkdwn(harmless(sentence), ALERT_LIMIT), "level": "error"}
    fits = length(harmless(sentence)) <= room(ALERT_LIMIT, sentence)
    if alerts is None or not fits:
        return Replace(shown)
    better = {**form, "blocks": [alert, *kept]}
    if alerts.seen:
        return Replace(better)
    delivery.responder.later(_try(delivery, better))
    return Replace(shown)


def _section(sentence: str) -> Block:
    return section(f":no_entry: {harmless(sentence)}", block_id=PROBLEM)


async def _try(delivery: Delivery, view: Mapping[str, Any]) -> None:
    alerts = delivery.responder.form_alerts
    if alerts is None or not await alerts.taken():
        return
    await asyncio.sleep(AFTER_SECONDS)
    try:
        with contextlib.suppress(ViewClosed, ViewChanged):
            await delivery.responder.update_modal(delivery, view)
            alerts.seen = True
    except SlackRefused as error:
        if not await alerts.refused(error):
            raise
