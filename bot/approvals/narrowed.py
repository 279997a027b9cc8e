"""Approve with changes: what would be granted instead, as facts, and whether that only shrinks. Pure."""

import math
from dataclasses import replace

from bot.approvals.models import ApprovalRequest
from bot.errors import InputError
from bot.languages import said, tr
from bot.operations import Expiry, Offer
from bot.permissions.models import Facts
from bot.permissions.narrowing import growth


def narrowed(request: ApprovalRequest, offer: Offer, *, now: float) -> Facts:
    """The facts of the outcome with the changes. Raises InputError when a field would be more than was asked."""
    asked = _at(request, now)
    facts = asked
    if offer.remain_quota is not None:
        facts = replace(facts, remain_quota=offer.remain_quota, increase=offer.remain_quota, unlimited_quota=False)
        # A new key is filled up to its quota.
        facts = replace(facts, allowance=offer.remain_quota) if facts.allowance else facts
    if offer.delta is not None:
        left = asked.remain_quota
        if left is not None and asked.increase is not None:
            left += offer.delta - asked.increase
        facts = replace(facts, remain_quota=left, increase=offer.delta, unlimited_quota=False)
    if offer.allowance is not None:
        increase = None if asked.increase is None else min(asked.increase, offer.allowance)
        facts = replace(facts, allowance=offer.allowance, increase=increase)
    if offer.expiry is not None:
        facts = replace(facts, lifetime=_lifetime(offer.expiry, now))
    if offer.models is not None:
        facts = replace(facts, models=frozenset(offer.models))
    more = growth(asked, facts)
    if more:
        grown = "; ".join(map(said, more))
        raise InputError({_block(offer): tr("Changes can only give less than was asked: {grown}.", grown=grown)})
    return facts


def _at(request: ApprovalRequest, now: float) -> Facts:
    """What was asked for, with its lifetime counted from now."""
    facts, expiry = request.judgement.facts, request.input.get("expiry")
    return replace(facts, lifetime=_lifetime(Expiry.model_validate(expiry), now)) if expiry else facts


def _lifetime(expiry: Expiry, now: float) -> float:
    moment = expiry.moment(now)
    return math.inf if moment < 0 else moment - now


def _block(offer: Offer) -> str:
    """The form's field under which the sentence stands."""
    if offer.allowance is not None:
        return "allowance"
    if offer.expiry is not None:
        return "expired_time"
    if offer.models is not None:
        return "model_limits"
    return "remain_quota" if offer.delta is None else "delta"
