"""The buttons of a request, wherever it is shown. A button's value is the id of the request, or of its key."""

from bot.approvals.models import FINAL, ApprovalRequest, Status
from bot.languages import tr, trc
from bot.slack.blocks import Block, actions, button, confirm, option, overflow

# What else can be done with a waiting request, in a menu beside its buttons: word of the value → text.
MORE = {
    "approve_with_changes": tr("Approve with changes…"),
    "take": tr("I'll look"),
    "remind": tr("Remind approvers"),
    "withdraw": tr("Withdraw"),
}


def card_buttons(request: ApprovalRequest) -> list[Block]:
    """What can be done with it now, on its card. Whoever may not is told at the click: nothing is confirmed before."""
    row = str(request.id)
    if request.status is Status.PENDING:
        return [
            actions(
                button(trc("button", "Approve"), "approve", value=row, style="primary"),
                button(trc("button", "Deny"), "deny", value=row, style="danger"),
                overflow("more", *(option(text, f"{word}:{row}") for word, text in MORE.items())),
            )
        ]
    if request.status is Status.OFFERED:
        menu = overflow(
            "more", option(tr("Take the offer back"), f"take_back:{row}"), option(tr("Withdraw"), f"withdraw:{row}")
        )
        return [actions(accept_button(request), menu)]
    if request.break_glass and not request.reviewed_by and request.status in FINAL:
        return [actions(button(trc("button: I have looked at it", "Reviewed"), "reviewed", value=row))]
    return []


def withdraw_button(row: str) -> Block:
    """The button with which the requester withdraws the request."""
    sure = confirm(
        tr("Withdraw this request?"), tr("It can be asked again at any time."), yes=tr("Withdraw"), no=tr("Keep it")
    )
    return button(tr("Withdraw"), "withdraw", value=row, confirm=sure)


def accept_button(request: ApprovalRequest) -> Block:
    """The button with which the requester accepts a counter-offer."""
    return button(tr("Accept the offer"), "accept_offer", value=str(request.id), style="primary")


def reveal_button(request: ApprovalRequest) -> Block:
    """The button that shows the value of a new key to its owner."""
    return button(trc("button", "Reveal"), "reveal", value=str(request.id), style="primary")


def details_button(request: ApprovalRequest) -> Block:
    """The button that shows a finished card whole, in a window, to those who may see it."""
    label = tr("Details of request {number}", number=request.number)
    return button(trc("button", "Details"), "look_at_request", value=str(request.id), label=label)


def enable_again_blocks(request: ApprovalRequest) -> list[Block]:
    """Under a disabled key: the way back, judged like any wish; a locked key as the policy says."""
    if request.operation != "key.disable" or request.status is not Status.SUCCEEDED or request.key_id is None:
        return []
    return [actions(button(tr("Enable again…"), "key.enable", value=str(request.key_id)))]
