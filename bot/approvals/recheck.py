"""Judge an approved request once more, just before it runs, with today's rules and roles. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from bot.approvals.models import ApprovalRequest
from bot.gateway.models import Key
from bot.languages import joined, tr
from bot.operations import facts_of
from bot.permissions.models import GIVES_A_KEY, Actor, Ask, Decision, Facts
from bot.permissions.policy import binding_terms, decide, may_approve
from bot.permissions.rules import Policy
from bot.permissions.stages import missing


def adds_to(request: ApprovalRequest) -> int | None:
    """The units that the request adds to what its key has when it runs; None for wishes that add nothing."""
    delta = request.input.get("delta")
    return int(delta) if delta is not None else None


def by_today(request: ApprovalRequest) -> bool:
    """Whether what it gives hangs on what its key has when it runs."""
    return adds_to(request) is not None or request.operation in GIVES_A_KEY


def outgrown(policy: Policy, request: ApprovalRequest, requester: Actor, fresh: Key) -> str:
    """Why a delta on today's numbers, or a key with what is on it today, is not what was judged; "" when it is, or when
    the policy now simply allows it.

    Other requests may have come first: each was judged as if it were alone, and together they may be too much.
    """
    if request.operation in GIVES_A_KEY:
        return _has_more(policy, request, requester, fresh)
    delta, seen = adds_to(request), request.judgement.facts.remain_quota
    if delta is None or (seen is not None and fresh.remain_quota + delta <= seen):
        return ""  # usage only lowers the quota below what was judged
    facts = replace(request.judgement.facts, remain_quota=fresh.remain_quota + delta, increase=delta)
    return _changed(_otherwise(policy, request, requester, facts))


def _has_more(policy: Policy, request: ApprovalRequest, requester: Actor, fresh: Key) -> str:
    """The same for a key that comes to somebody with what is left on it."""
    judged, rest = request.judgement.facts, 0 if fresh.unlimited_quota else max(0, fresh.remain_quota)
    more = judged.increase is not None and rest > judged.increase
    if not more and (judged.unlimited_quota or not fresh.unlimited_quota):
        return ""
    facts = replace(judged, remain_quota=fresh.remain_quota, increase=rest, unlimited_quota=fresh.unlimited_quota)
    return _changed(_otherwise(policy, request, requester, facts))


def _changed(today: Decision | None) -> str:
    if today is None:
        return ""
    changed = tr(
        "The key's quota has changed since this was asked, and the policy now says: {sentence}", sentence=today.sentence
    )
    return joined(changed, _next(today))


def read_late(policy: Policy, request: ApprovalRequest, requester: Actor, fresh: Key, now: float) -> str:
    """Why a key that could not be read when this was asked is not what the rules were about; "" when it may go on."""
    judged = request.judgement.facts
    facts = facts_of(fresh.settings(), now=now, increase=0, reason=judged.reason, channel=request.channel_id)
    facts = replace(facts, account_group=judged.account_group)
    today = _otherwise(policy, request, requester, facts)
    if today is None:
        return ""
    late = tr("The key could be read only now, and the policy says: {sentence}", sentence=today.sentence)
    alive = tr("The key is not disabled.") if request.operation == "key.disable" else ""
    return joined(late, alive, _next(today))


def _next(today: Decision) -> str:
    """Asking again helps where people can approve it; the same wish gets the same no."""
    return "" if today.outcome == "deny" else tr("Ask again.")


def _otherwise(policy: Policy, request: ApprovalRequest, requester: Actor, facts: Facts) -> Decision | None:
    """What today's policy says to these facts, unless it allows them or says the same as to those that were judged."""
    judged, now = (
        decide(policy, Ask(actor=requester, operation=request.operation, own=request.judgement.own, facts=each))
        for each in (request.judgement.facts, facts)
    )
    return None if now.allowed or (now.rule, now.approval) == (judged.rule, judged.approval) else now


def refusal_today(policy: Policy, request: ApprovalRequest, requester: Actor, voters: Sequence[Actor]) -> str:
    """Why it may no longer be done; "" when it may. `voters`: who approved, in order, as Slack shows them now."""
    judgement = request.judgement
    ask = Ask(
        actor=requester,
        operation=request.operation,
        own=judgement.own,
        facts=judgement.facts,
        receiver=request.counted_for,
    )
    today = decide(policy, ask)
    if today.outcome == "deny":
        return joined(tr("The policy no longer allows this."), today.sentence)
    approval = judgement.decision.approval
    if approval is None:
        return "" if today.allowed else _wants_approval(today, judgement.facts)
    given = request.given
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
            return joined(tr("{name} approved this but may not any more; ask again.", name=name), verdict.sentence)
    if missing(binding_terms(policy, ask=ask, approval=approval, given=given), given) and not approval.break_glass:
        return tr("The policy changed and now wants more approvals for this; ask again.")
    return ""


def _wants_approval(today: Decision, facts: Facts) -> str:
    if facts.lock is not None:
        return joined(tr("The key was locked after this was asked."), today.sentence, tr("Ask again."))
    return tr("The policy changed and now wants an approval for this; ask again.")
