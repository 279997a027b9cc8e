"""*Ask again*: the button under an old request. Its form, filled with the old wish, is opened by bot/features/forms."""

from bot.approvals.models import FINAL, ApprovalRequest, OriginKind, Status
from bot.languages import tr
from bot.operations import Operation
from bot.slack.blocks import Block, actions, button


def again_action(operation: Operation) -> str:
    """The action id of *Ask again*, which opens the form of this operation."""
    return f"{operation.name}.again"


def again_blocks(request: ApprovalRequest, operation: Operation) -> list[Block]:
    """*Ask again* under a request that came to nothing; the form opens filled with its wish."""
    changed = request.outcome is not None and request.outcome.changed_since
    over = request.status in FINAL and request.status is not Status.SUCCEEDED and not changed
    return [actions(again_button(request, operation))] if over and request.origin.kind is OriginKind.PERSON else []


def again_button(request: ApprovalRequest, operation: Operation) -> Block:
    """The button; its value is the old request."""
    return button(tr("Ask again"), again_action(operation), value=str(request.id))
