"""A handler's answer → the body of the HTTP response (or Socket Mode ack), as far as the kind of payload takes one.

Slack takes words only after a command, and views only after a submission. What a handler returns elsewhere is
done with a call in the background instead, so that a feature need not know the difference. slack.md A1, A4.
"""

import logging
from typing import Any

from bot.languages import said
from bot.slack.blocks import OPTIONS_LIMIT, Message
from bot.slack.delivery import (
    Ack,
    CloseAll,
    Delivery,
    Ephemeral,
    FieldErrors,
    Kind,
    Options,
    Push,
    Replace,
)

logger = logging.getLogger(__name__)


def body_of(ack: Ack, delivery: Delivery) -> dict[str, Any] | None:
    """The body, None for an empty 200. Starts background calls where Slack takes no such answer."""
    if delivery.kind is Kind.OPTIONS:
        return {"options": [dict(item) for item in ack.options[:OPTIONS_LIMIT]] if isinstance(ack, Options) else []}
    if isinstance(ack, Ephemeral):
        return _words(ack, delivery)
    if delivery.kind is Kind.VIEW_SUBMISSION:
        return _for_submission(ack, delivery)
    if isinstance(ack, Replace) and delivery.in_modal:
        delivery.responder.later(delivery.responder.update_modal(delivery, ack.view), delivery=delivery)
    elif isinstance(ack, Push | Replace):
        show = delivery.responder.push_modal if delivery.in_modal else delivery.responder.open_modal
        delivery.responder.later(_shown(show(delivery, ack.view)), delivery=delivery)
    elif isinstance(ack, FieldErrors):
        delivery.responder.later(delivery.responder.warn(delivery, " ".join(map(said, ack.errors.values()))))
    elif isinstance(ack, CloseAll | Options):
        logger.warning("%s %s: Slack takes no %s here", delivery.kind, delivery.id, type(ack).__name__)
    return None


def _words(ack: Ephemeral, delivery: Delivery) -> dict[str, Any] | None:
    if delivery.kind is Kind.COMMAND:
        return {"response_type": "ephemeral", **Message(ack.text, list(ack.blocks)).to_slack()}
    if delivery.user_id:
        delivery.responder.later(delivery.responder.tell(delivery, ack.text, ack.blocks, in_place=ack.in_place))
    return None


def _for_submission(ack: Ack, delivery: Delivery) -> dict[str, Any] | None:
    if isinstance(ack, FieldErrors):
        return {"response_action": "errors", "errors": {block_id: said(text) for block_id, text in ack.errors.items()}}
    if isinstance(ack, Replace | Push):
        view = delivery.responder.view_seal.close(ack.view, delivery)
        return {"response_action": "update" if isinstance(ack, Replace) else "push", "view": view}
    return {"response_action": "clear"} if isinstance(ack, CloseAll) else None


async def _shown(opening: Any) -> None:
    await opening
