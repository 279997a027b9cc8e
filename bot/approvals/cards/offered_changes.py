"""The facts of a request with what an approver offers in place of what was asked. Pure."""

from bot.approvals.models import ApprovalRequest
from bot.gateway.models import Key
from bot.keys.text import allowance_text, expiry_text, quota_text
from bot.languages import trc
from bot.languages.formats import with_commas
from bot.operations import AllowanceTerms, Change, Offer
from bot.units import format_quota

QUOTA, DELTA, EXPIRY, MODELS, ALLOWANCE = "remain_quota", "delta", "expired_time", "model_limits", "allowance"


def shown_changes(request: ApprovalRequest, units_per_usd: int) -> tuple[Change, ...]:
    """What the request would change as it stands: with an offer the offered values, beside those that were asked."""
    offer = request.counter_offer
    if offer is None:
        return request.summary
    return tuple(_offered(change, offer, request, units_per_usd) for change in request.summary)


def _offered(change: Change, offer: Offer, request: ApprovalRequest, units_per_usd: int) -> Change:
    after = _value(change.field, offer, request, units_per_usd)
    if after is None or after == change.after:
        return change
    before = change.after if change.before is None else change.before
    return change.model_copy(update={"before": before, "after": after})


def _value(field: str, offer: Offer, request: ApprovalRequest, units_per_usd: int) -> str | None:
    """What a field is by the offer; None where it says nothing of it, or it cannot be told."""
    if field in {QUOTA, DELTA}:
        return _quota(field, offer, request, units_per_usd)
    if field == EXPIRY and offer.expiry is not None:
        return expiry_text(offer.expiry)
    if field == ALLOWANCE:
        return _allowance(offer, request, units_per_usd)
    if field == MODELS and offer.models is not None:
        return with_commas(offer.models)
    return None


def _allowance(offer: Offer, request: ApprovalRequest, units_per_usd: int) -> str | None:
    """A new key is filled up to its quota; of another the amount of each refill is offered."""
    refill, terms = request.input.get("refill"), request.input.get("terms")
    if refill is not None and offer.remain_quota is not None:
        terms = {"amount": offer.remain_quota, "period": refill}
    elif terms is not None and offer.allowance is not None:
        terms = {**terms, "amount": offer.allowance}
    else:
        return None
    return allowance_text(AllowanceTerms.model_validate(terms), units_per_usd=units_per_usd)


def _quota(field: str, offer: Offer, request: ApprovalRequest, units_per_usd: int) -> str | None:
    if field == QUOTA and offer.remain_quota is not None:
        return quota_text(offer.remain_quota, unlimited=False, units_per_usd=units_per_usd)
    if field == QUOTA and offer.delta is not None and isinstance(request.before, Key):
        left = request.before.remain_quota + offer.delta
        return quota_text(left, unlimited=False, units_per_usd=units_per_usd)
    if field == DELTA and offer.delta is not None:
        amount = format_quota(offer.delta, units_per_usd)
        return trc("an amount that is added", "+{amount}", amount=amount) if offer.delta > 0 else amount
    return None
