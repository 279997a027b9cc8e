"""The window after a form was sent: what becomes of the request, redrawn as it moves (receipt_windows.py)."""

from typing import Any

import sqlalchemy as sa

from bot.approvals.cards.again import again_blocks
from bot.approvals.cards.buttons import withdraw_button
from bot.approvals.cards.change_lines import change_lines
from bot.approvals.cards.copies import copy_blocks
from bot.approvals.cards.terms import approval_text, break_glass_blocks
from bot.approvals.cards.views import (
    aftermath_blocks,
    mark_of,
    notice_sentence,
    outcome_blocks,
)
from bot.approvals.cards.waiting import end_blocks, own_answer
from bot.approvals.models import FINAL, ApprovalRequest, Status
from bot.keys import owners
from bot.languages import tr, trc
from bot.operations import Effect, Operation
from bot.slack.blocks import actions, bold_name, button, channel_link, context, modal, quote, section

_MAKING = frozenset({Effect.CREATES, Effect.REPLACES})


def receipt(request: ApprovalRequest, operation: Operation, *, channel: str, mine: bool = False) -> dict[str, Any]:
    """The view that takes the form's place. It promises nothing that has not happened yet.

    `mine`: the key that was made is the requester's own, to be revealed.
    """
    blocks = [section(f"{mark_of(request)} {_sentence(request, operation, channel)}")]
    blocks += [*break_glass_blocks(request), *end_blocks(request)]
    if request.denial:
        blocks.append(section(quote(request.denial)))
    row = str(request.id)
    if request.status is Status.SUCCEEDED and operation.effect in _MAKING and mine:
        blocks.append(actions(button(trc("button", "Reveal"), "reveal", value=row, style="primary")))
    if request.status is Status.OFFERED:
        blocks.append(section(own_answer(request)))
        blocks.append(
            actions(button(tr("Accept the offer"), "accept_offer", value=row, style="primary"), withdraw_button(row))
        )
    blocks += [*outcome_blocks(request), *aftermath_blocks(request), *change_lines(request.summary)]
    blocks += copy_blocks(request)
    blocks.append(context(tr("Request {number}", number=request.number)))
    if request.status is Status.PENDING:
        blocks.append(actions(withdraw_button(row)))
    blocks += again_blocks(request, operation)
    return modal("receipt", operation.title, blocks, close=tr("Close"))


def read_receipt(c: sa.Connection, request: ApprovalRequest, operation: Operation, *, channel: str) -> dict[str, Any]:
    """The same for a request of any age: whose the key is, is read."""
    key_id = None if request.outcome is None else request.outcome.key_id
    owner = None if key_id is None else owners.last_owner_of(c, key_id)
    return receipt(request, operation, channel=channel, mine=owner == request.requester_id)


def _sentence(request: ApprovalRequest, operation: Operation, channel: str) -> str:
    decision, name = request.judgement.decision, bold_name(request.key_name)
    if request.status is Status.PENDING and decision.approval is not None:
        return tr(
            "Your request for key {name} waits for a decision by {who} in {channel}. "
            "This window shows it, and you will hear from me in a direct message.",
            name=name,
            who=approval_text(decision.approval),
            channel=channel_link(channel),
        )
    held = request.progress.postponed or request.waits_for_acceptance
    if request.status in FINAL or request.status in {Status.OFFERED, Status.UNKNOWN} or held:
        return notice_sentence(request, operation)
    if operation.effect is Effect.CREATES:
        return tr("Your request is granted. Creating key {name}… This window says when the gateway has it.", name=name)
    return tr("Your request for key {name} is granted and being applied… This window says when it is done.", name=name)
