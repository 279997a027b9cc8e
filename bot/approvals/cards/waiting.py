"""What an open request waits for: its stage, those that follow, the answer to an offer, its end. No clients."""

from bot.approvals.cards.terms import no_approver_blocks
from bot.approvals.models import ApprovalRequest, Status
from bot.languages import joined, tr, trc, trn
from bot.languages.formats import all_of, one_of
from bot.permissions.models import Stage
from bot.permissions.stages import open_stage, roles_who_may_answer
from bot.slack.blocks import Block, context, date, inert, mention, mention_all, section


def waiting_blocks(request: ApprovalRequest, *, now: float) -> list[Block]:
    """Who must approve now and who afterwards, until when it waits, who was called."""
    approval = request.approval
    waiting = None if approval is None else open_stage(approval, request.given, asked_at=request.asked_at)
    if request.status is not Status.PENDING or approval is None or waiting is None:
        return []
    allowed = roles_who_may_answer(approval, request.given, asked_at=request.asked_at, now=now)
    text = _needs(request, waiting.missing, _roles(allowed))
    later = approval.stages[waiting.index + 1 :]
    if later:
        text = joined(text, tr("Then: {people}.", people=all_of(_people(stage) for stage in later)))
    until = _end(request)
    called = request.progress.called
    lines = [section(joined(text, until))]
    lines += [context(tr("Called: {people}", people=mention_all(called)))] if called else []
    lines += [context(f":warning: {request.progress.silence}")] if request.progress.silence else []
    return lines + no_approver_blocks(request)


def _end(request: ApprovalRequest) -> str:
    """Until when it waits for a decision, and what happens then: for every reader."""
    if not request.lapses_at:
        return tr("It has no time limit.")
    return tr(
        "It waits until {when}. Without a decision by then it expires, and nothing is changed.",
        when=date(request.lapses_at),
    )


def until_text(request: ApprovalRequest) -> str:
    """The last part of a line of a list: for whom it waits, until when, and what happens then; "" where it does not."""
    who = _awaited(request)
    if not who:
        return ""
    if not request.lapses_at:
        endless = trc("a request in a list", "waits for {who}", who=who)
        return f" · {endless}"
    until = trc(
        "a request in a list", "waits for {who} until {when}, then it expires", who=who, when=date(request.lapses_at)
    )
    return f" · {until}"


def _awaited(request: ApprovalRequest) -> str:
    """Whose answer it waits for: of its open stage, or of whoever asked."""
    if request.status is Status.OFFERED:
        return mention(request.requester_id)
    approval = request.approval
    if request.status is not Status.PENDING or approval is None:
        return ""
    waiting = open_stage(approval, request.given, asked_at=request.asked_at)
    return "" if waiting is None else _roles(waiting.stage.roles)


def end_blocks(request: ApprovalRequest) -> list[Block]:
    """For the one who asked: until when it waits, and what happens then."""
    if request.status is not Status.PENDING or not request.lapses_at:
        return []
    return [context(joined(_end(request), tr("You can ask again then.")))]


def answer_blocks(request: ApprovalRequest) -> list[Block]:
    """On the card of an offer, which everybody sees alike: whose the answer is, until when, and what happens then."""
    if request.status is not Status.OFFERED:
        return []
    only = tr("Only {who} can accept this offer.", who=mention(request.requester_id))
    return [section(joined(only, _unanswered(request)))]


def own_answer(request: ApprovalRequest) -> str:
    """The same to the one who answers; "" where there is no offer."""
    if request.status is not Status.OFFERED:
        return ""
    if not request.lapses_at:
        return joined(tr("Accept the offer, or withdraw."), _unanswered(request))
    return tr(
        "Accept or withdraw by {when}. If you do neither, the offer lapses, and nothing is made or changed. "
        "You can ask again then.",
        when=date(request.lapses_at),
    )


def _unanswered(request: ApprovalRequest) -> str:
    if not request.lapses_at:
        return tr("It has no time limit.")
    return tr("Without an answer by {when} it lapses, and nothing is made or changed.", when=date(request.lapses_at))


def _needs(request: ApprovalRequest, lacking: int, roles: str) -> str:
    if request.votes:
        return trn(
            "Needs {count} more approval from {roles}; approved by {people}.",
            "Needs {count} more approvals from {roles}; approved by {people}.",
            lacking,
            roles=roles,
            people=all_of(mention(vote.by) for vote in request.votes),
        )
    return trn("Needs {count} approval from {roles}.", "Needs {count} approvals from {roles}.", lacking, roles=roles)


def _roles(roles: tuple[str, ...]) -> str:
    return one_of(f"*{inert(role)}*" for role in roles)


def _people(stage: Stage) -> str:
    if stage.count == 1:
        return _roles(stage.roles)
    return trn("{count} person of {roles}", "{count} people of {roles}", stage.count, roles=_roles(stage.roles))
