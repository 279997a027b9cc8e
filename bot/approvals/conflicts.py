"""What somebody is told who comes second: how the request was decided before. Functions of the row."""

from bot.approvals.models import WAITING, WORDS, ApprovalRequest, Status
from bot.errors import ApprovalConflict, BotError
from bot.languages import tr
from bot.slack.blocks import mention

# How a request was decided, where it is known by whom and where it is not.
_DECIDED = {
    Status.DENIED: (
        tr("Request {number} was denied already by {who}; it is {status} now."),
        tr("Request {number} was denied already; it is {status} now."),
    ),
    Status.WITHDRAWN: (
        tr("Request {number} was withdrawn already by {who}; it is {status} now."),
        tr("Request {number} was withdrawn already; it is {status} now."),
    ),
    Status.APPROVED: (
        tr("Request {number} was approved already by {who}; it is {status} now."),
        tr("Request {number} was approved already; it is {status} now."),
    ),
}


def not_waiting(request: ApprovalRequest) -> BotError | None:
    """The truth for whoever came second."""
    if request.status in WAITING:
        return None
    number = request.number
    if request.status is Status.EXPIRED:
        return ApprovalConflict(
            tr("Request {number} has expired: nobody decided in time. Ask again if needed.", number=number)
        )
    by_whom, by_somebody = _DECIDED.get(request.status, _DECIDED[Status.APPROVED])
    told, who = (by_whom, mention(request.decided_by)) if request.decided_by else (by_somebody, "")
    return ApprovalConflict(told.filled(number=number, who=who, status=WORDS[request.status]))


def not_open(request: ApprovalRequest) -> BotError | None:
    """The same for those who decide: while an offer waits, only the requester moves it."""
    if request.status is Status.OFFERED:
        who = mention(request.requester_id)
        return ApprovalConflict(
            tr("Request {number} waits for {who} to accept an offer.", number=request.number, who=who)
        )
    return not_waiting(request)
