"""Catches every error of a handler and answers with a sentence where the person is looking. Knows no feature.

| While                    | the person sees |
|--------------------------|-----------------|
| submitting a modal       | the sentence under its field, else at the top of the form: nothing typed is lost |
| using a command          | an ephemeral answer |
| clicking, or a shortcut  | a window over the modal or Home, else an ephemeral message, else a DM |
| typing into a select     | no choices |

A copy of a command or a click that opens a form is answered with nothing: the person looks at the form.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import InputError, PermissionDenied
from bot.languages import joined, said, tr
from bot.slack.blocks import harmless, truncate
from bot.slack.delivery import Ack, Delivery, Ephemeral, FieldErrors, Kind, Options, Replace
from bot.slack.error_report import report
from bot.slack.errors import TriggerUsed
from bot.slack.form_problem import with_problem
from bot.slack.responder import error_view

logger = logging.getLogger(__name__)

# Slack documents no limit for texts under a field; the limit of a label is the closest.
_FIELD_ERROR_LIMIT = 2000
_OPENING = frozenset({Kind.COMMAND, Kind.ACTION, Kind.SHORTCUT, Kind.MESSAGE_SHORTCUT})


async def answer_error(error: Exception, delivery: Delivery) -> Ack:
    """Log `error` and return what the person sees. Never raises."""
    if isinstance(error, TriggerUsed) and delivery.kind in _OPENING:
        logger.info("%s %s came before; what it opens is open", delivery.kind, delivery.id)
        return None
    sentence = report(error, doing=f"{delivery.kind} {delivery.id}")
    if delivery.kind is Kind.VIEW_SUBMISSION:
        return _in_modal(error, sentence, delivery)
    if delivery.kind is Kind.COMMAND:
        return Ephemeral(harmless(sentence))
    if delivery.kind is Kind.OPTIONS:
        return Options(())
    if delivery.kind in _OPENING:
        delivery.responder.later(delivery.responder.warn(delivery, sentence))
    return None


def _in_modal(error: Exception, sentence: str, delivery: Delivery) -> Ack:
    fields = input_blocks(delivery.view or {})
    if not fields:
        return Replace(error_view(sentence))
    if isinstance(error, PermissionDenied):
        sentence = joined(sentence, tr("Nothing was sent: change the form, and send it again."))
    if not isinstance(error, InputError):
        return _without_field(sentence, fields, delivery)
    # Slack refuses the whole answer for one id that is not an input of this view.
    known = {block_id: said(text) for block_id, text in error.fields.items() if block_id in fields}
    homeless = [said(text) for block_id, text in error.fields.items() if block_id not in fields]
    if homeless and not known:
        return _without_field(" ".join(homeless), fields, delivery)
    if homeless:
        known[fields[0]] = " ".join([*([known[fields[0]]] if fields[0] in known else []), *homeless])
    return FieldErrors({block_id: truncate(text, _FIELD_ERROR_LIMIT) for block_id, text in known.items()})


def _without_field(sentence: str, fields: Sequence[str], delivery: Delivery) -> Ack:
    under_the_first = FieldErrors({fields[0]: truncate(said(sentence), _FIELD_ERROR_LIMIT)})
    return with_problem(delivery, said(sentence)) or under_the_first


def input_blocks(view: Mapping[str, Any]) -> list[str]:
    """The block ids of a view's input blocks, top down."""
    blocks = view.get("blocks")
    found = [block for block in blocks if isinstance(block, Mapping)] if isinstance(blocks, list) else []
    return [str(block["block_id"]) for block in found if block.get("type") == "input" and block.get("block_id")]
