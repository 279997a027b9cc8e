"""What a person sees in the modal's place right after asking: the request's number and what happens next."""

from typing import Any

from bot.approvals.cards.views import MARKS, approval_text, change_lines, withdraw_button
from bot.approvals.models import WORDS, ApprovalRequest, Status
from bot.operations import Operation
from bot.slack.blocks import actions, bold_name, channel_link, code, context, modal, section


def receipt(request: ApprovalRequest, operation: Operation, *, channel: str) -> dict[str, Any]:
    """The view that takes the form's place. It promises nothing that has not happened yet."""
    decision = request.judgement.decision
    name = bold_name(request.key_name)
    if request.status is Status.PENDING and decision.approval is not None:
        who = f"{approval_text(decision.approval)} in {channel_link(channel)}"
        sentence = (
            f"{MARKS[request.status]} Your request for key {name} waits for a decision by {who}. "
            "You will hear from me in a direct message."
        )
    elif request.status is Status.APPROVED:
        sentence = (
            f"{MARKS[request.status]} Your request for key {name} is granted and being applied. "
            "I will send you a direct message as soon as the gateway has confirmed it."
        )
    else:
        sentence = f"{MARKS[request.status]} Your request for key {name} is {WORDS[request.status]}."
    blocks = [section(sentence), *change_lines(request.summary)]
    blocks.append(context(f"Request {request.number} · rule {code(decision.rule or '')}"))
    if request.status is Status.PENDING:
        blocks.append(actions(withdraw_button(str(request.id))))
    return modal("receipt", operation.title, blocks, close="Close")
