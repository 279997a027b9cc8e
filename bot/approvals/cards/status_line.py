"""The line of a card that says where its request stands: the status, who decided, whom it waits for. No clients."""

from bot.approvals.models import IN_HAND, STATES, ApprovalRequest, Status
from bot.gateway.numbers import first_of, gateway_of
from bot.languages import said, tr, trc
from bot.operations import Operation
from bot.slack.blocks import mention


def by_hand(request: ApprovalRequest) -> bool:
    """Whether nothing more will show what became of it, so that a person must look."""
    return request.status is Status.UNKNOWN and request.outcome is not None and request.outcome.by_hand


def status_line(request: ApprovalRequest, operation: Operation) -> str:
    """The status in bold, who decided, and what is special about it now."""
    done = request.status is Status.SUCCEEDED
    word = f"*{said((operation.description.ended if done else None) or STATES[request.status])}*"
    if request.decided_by and not request.break_glass:
        by = mention(request.decided_by)
        if done or request.status in {Status.FAILED, Status.UNKNOWN}:
            word = trc("status of a request and who approved it", "{status} · approved by {who}", status=word, who=by)
        elif request.status is Status.RUNNING:
            word = tr("*Approved* by {who} · applying", who=by)
        else:
            word = trc("status of a request and who decided it", "{status} by {who}", status=word, who=by)
    detail = _detail(request)
    return f"{word} · {detail}" if detail else word


def _held_up(why: str) -> str:
    # Of several gateways it matters which one is waited for.
    if gateway_of(first_of(0)):
        return tr("held up, still trying, nothing is lost: {why}", why=why)
    return tr("held up, still trying, nothing is lost")


def _awaited(request: ApprovalRequest) -> str:
    """Whose yes it waits for, where it is no approval."""
    if request.status is Status.OFFERED:
        return tr("waits for {who} to accept the offer", who=mention(request.requester_id))
    if request.waits_for_acceptance:
        return tr("waits for {who} to accept the key", who=mention(request.counted_for))
    return ""


def _detail(request: ApprovalRequest) -> str:
    if request.status is Status.UNKNOWN:
        checking = tr("the gateway's answer was lost; checking what it did before trying again")
        return tr("a person must look") if by_hand(request) else checking
    if awaited := _awaited(request):
        return awaited
    if request.status in IN_HAND and request.progress.postponed:
        return _held_up(request.progress.postponed.why)
    if request.break_glass and request.reviewed_by:
        return tr(
            ":rotating_light: break-glass: done at once without an approval; reviewed by {who}",
            who=mention(request.reviewed_by),
        )
    if request.break_glass:
        return tr(":rotating_light: break-glass: done at once without an approval; *not reviewed yet*")
    taken = request.status is Status.PENDING and request.taken_by
    return tr("{who} is looking at it", who=mention(request.taken_by or "")) if taken else ""
