"""What is offered, and who must approve, in words. Functions of values; no clients."""

from bot.approvals.cards.change_lines import change_value
from bot.approvals.cards.offered_changes import shown_changes
from bot.approvals.models import IN_HAND, ApprovalRequest, Status
from bot.languages import said, tr, trc, trn
from bot.languages.formats import all_of, one_of
from bot.operations import Offer
from bot.permissions.models import Approval
from bot.slack.blocks import Block, code, context, date, inert, quote, section
from bot.units import format_duration, format_quota


def offer_blocks(request: ApprovalRequest, units_per_usd: int, *, asker: bool = False) -> list[Block]:
    """What stands instead of what was asked, if somebody offered less: wherever the request is shown.

    `asker`: to the one who asked, beside an offer that waits for them: with what they asked for.
    """
    if request.counter_offer is None:
        return []
    agreed = request.status in {Status.PENDING, *IN_HAND, Status.SUCCEEDED, Status.FAILED}
    label = tr("Granted instead of what was asked") if agreed else tr("Offered instead")
    lines = _asked_and_offered(request, units_per_usd) if asker and not agreed else []
    text = "\n".join(lines) or offer_text(request.counter_offer, units_per_usd)
    blocks = [section(f"*{label}*\n{text}")]
    reason = request.counter_offer.reason
    return [*blocks, section(quote(reason))] if reason else blocks


def _asked_and_offered(request: ApprovalRequest, units_per_usd: int) -> list[str]:
    pairs = zip(request.summary, shown_changes(request, units_per_usd), strict=True)
    return [
        tr(
            "{field}: you asked for {asked}; offered: *{offered}*.",
            field=said(asked.label),
            asked=change_value(asked, asked.after),
            offered=change_value(offered, offered.after),
        )
        for asked, offered in pairs
        if offered.after != asked.after
    ]


def offer_text(offer: Offer, units_per_usd: int) -> str:
    """A counter-offer in words."""
    parts: list[str] = []
    if offer.remain_quota is not None:
        parts.append(tr("Quota {amount}", amount=format_quota(offer.remain_quota, units_per_usd)))
    if offer.delta is not None:
        parts.append(tr("{amount} more quota", amount=format_quota(offer.delta, units_per_usd)))
    if offer.allowance is not None:
        parts.append(tr("{amount} in each refill", amount=format_quota(offer.allowance, units_per_usd)))
    if offer.expiry is not None:
        life = format_duration(offer.expiry.seconds) if offer.expiry.seconds else date(offer.expiry.moment(0))
        parts.append(tr("Lifetime {time}", time=life))
    if offer.models is not None:
        models = ", ".join(code(model) for model in offer.models)
        parts.append(tr("Models {models}", models=models) if models else tr("Models all"))
    return " · ".join(parts)


def break_glass_blocks(request: ApprovalRequest) -> list[Block]:
    """To whoever used break-glass: that it was, and who looks at it afterwards."""
    approval = request.approval
    if not request.break_glass or approval is None:
        return []
    who = approval_text(approval)
    return [context(tr(":rotating_light: By break-glass: without an approval. {who} reviews it.", who=who))]


def approval_text(approval: Approval) -> str:
    """Who must approve, for the live line of a modal."""
    stages = []
    for stage in approval.stages:
        roles = one_of(f"*{inert(role)}*" for role in stage.roles)
        stages.append(roles if stage.count == 1 else _several(stage.count, roles))
    text = stages[0] if stages else ""
    for following in stages[1:]:
        text = trc("stages of an approval", "{first}, then {second}", first=text, second=following)
    return text


def _several(count: int, roles: str) -> str:
    return trn("{count} person of {roles}", "{count} people of {roles}", count, roles=roles)


def no_approver_blocks(request: ApprovalRequest) -> list[Block]:
    """That nobody can approve it now, for those who wait and those who can mend it."""
    approval = request.approval
    if request.status is not Status.PENDING or approval is None or request.progress.no_approver_since is None:
        return []
    roles = all_of(f"*{inert(role)}*" for stage in approval.stages for role in stage.roles)
    text = tr(
        ":warning: Nobody can approve this now: among {roles} is no full member besides who asked. "
        "An administrator must mend the policy or the user group.",
        roles=roles,
    )
    return [context(text)]
