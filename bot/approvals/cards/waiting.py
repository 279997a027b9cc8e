"""What an open request waits for: its stage, those that follow, the answer to an offer, its end. No clients."""

from bot.approvals.cards.terms import no_approver_blocks
from bot.approvals.models import WAITING, ApprovalRequest, Status
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
    lapses = request.lapses_at
    until = tr("It waits until {when}.", when=date(lapses)) if lapses else tr("It waits without an end.")
    called = request.progress.called
    lines = [section(joined(text, until))]
    lines += [context(tr("Called: {people}", people=mention_all(called)))] if called else []
    lines += [context(f":warning: {request.progress.silence}")] if request.progress.silence else []
    return lines + no_approver_blocks(request)


def until_text(request: ApprovalRequest) -> str:
    """The last part of a line of a list: until when it waits; "" where it does not, or without an end."""
    if request.status not in WAITING or not request.lapses_at:
        return ""
    until = trc("how long a request waits", "until {when}", when=date(request.lapses_at))
    return f" · {until}"


def end_blocks(request: ApprovalRequest) -> list[Block]:
    """For the one who asked: until when it waits, and what happens then."""
    if request.status is not Status.PENDING or not request.lapses_at:
        return []
    return [
        context(
            tr(
                "It waits until {when}. Without a decision by then it expires: nothing is changed, and you can ask "
                "again.",
                when=date(request.lapses_at),
            )
        )
    ]


def answer_blocks(request: ApprovalRequest) -> list[Block]:
    """Who answers an offer, and until when."""
    if request.status is not Status.OFFERED:
        return []
    who = mention(request.requester_id)
    if not request.lapses_at:
        return [section(tr("{who} accepts the offer, or withdraws.", who=who))]
    return [section(tr("{who} accepts the offer, or withdraws, until {when}.", who=who, when=date(request.lapses_at)))]


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
