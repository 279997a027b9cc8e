"""Judge an approved request once more, just before it runs, with today's rules and roles. Pure."""

from collections.abc import Sequence

from bot.approvals.models import ApprovalRequest
from bot.approvals.review import given_votes
from bot.permissions.models import Actor, Ask
from bot.permissions.policy import decide, may_approve
from bot.permissions.rules import Policy


def refusal_today(policy: Policy, request: ApprovalRequest, requester: Actor, voters: Sequence[Actor]) -> str:
    """Why it may no longer be done; "" when it may. `voters`: who approved, in order, as Slack shows them now."""
    judgement = request.judgement
    ask = Ask(actor=requester, operation=request.operation, own=judgement.own, facts=judgement.facts)
    today = decide(policy, ask)
    if today.outcome == "deny":
        return f"The policy no longer allows this. {today.sentence}"
    approval = judgement.decision.approval
    if approval is None:
        return "" if today.allowed else "The policy changed and now wants an approval for this; ask again."
    given = given_votes(request)
    for number, (voter, vote) in enumerate(zip(voters, given, strict=True)):
        verdict = may_approve(
            policy,
            approver=voter,
            ask=ask,
            approval=approval,
            given=given[:number],
            asked_at=request.asked_at,
            now=vote.at,
        )
        if not verdict.allowed:
            name = voter.name or voter.slack_user_id
            return f"{name} approved this but may not any more; ask again. {verdict.sentence}"
    return ""
