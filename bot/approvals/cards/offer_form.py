"""Approve with changes: the form for less than was asked, and how it is read. Only fields the request speaks of."""

from collections.abc import Mapping
from typing import Any

from bot.approvals.models import ApprovalRequest
from bot.errors import InputError
from bot.languages import tr
from bot.operations import Expiry, Offer
from bot.slack.blocks import Block, bold_name, context, mention, modal, option, section
from bot.slack.inputs import State, checkboxes, input_block, select, text_input, ticked, typed
from bot.typed_text import clean, clean_number
from bot.units import format_duration, parse_delta, parse_quota, short_quota

OFFER = "request.offer"
QUOTA, DELTA, EXPIRY, MODELS, ALLOWANCE = "remain_quota", "delta", "expired_time", "model_limits", "allowance"
REASON = "reason"
KEEP = "keep"
_DAY = 86_400
_SPANS = {"1d": _DAY, "7d": 7 * _DAY, "30d": 30 * _DAY, "90d": 90 * _DAY, "365d": 365 * _DAY}


def build_offer_modal(request: ApprovalRequest, *, units_per_usd: int) -> dict[str, Any]:
    """Prefilled with what was asked for; what stays is granted as asked."""
    wanted = request.input
    asks_first = request.approval is not None and request.approval.counter_offer == "ask"
    title = tr("Approve with changes")
    blocks = [section(about(request))]
    units = f"{units_per_usd:,}"
    hint = tr("Units or money; $1 = {units} units. At most what was asked for.", units=units)
    if wanted.get("remain_quota") is not None:
        asked = "" if wanted.get("unlimited_quota") else short_quota(wanted["remain_quota"])
        blocks.append(
            input_block(QUOTA, tr("Quota"), text_input(initial=asked, max_length=60), hint=hint, optional=True)
        )
    if _has_delta(wanted):
        delta = wanted["delta"] or 0
        asked = f"{'+' if delta > 0 else ''}{short_quota(delta)}" if delta else ""
        blocks.append(input_block(DELTA, tr("More quota"), text_input(initial=asked, max_length=60), hint=hint))
    if (amount := _amount(wanted)) is not None:
        element = text_input(initial=short_quota(amount), max_length=60)
        blocks.append(input_block(ALLOWANCE, tr("Amount of each refill"), element, hint=hint))
    if isinstance(wanted.get("expiry"), dict):
        asked_for = Expiry.model_validate(wanted["expiry"])
        longest = asked_for.seconds or float("inf")
        options = [option(tr("As asked"), KEEP)]
        options += [
            option(tr("{time} after approval", time=format_duration(span)), n)
            for n, span in _SPANS.items()
            if span < longest
        ]
        blocks.append(input_block(EXPIRY, tr("Expires"), select(options, initial=KEEP)))
    blocks += _model_boxes(request)
    if len(blocks) == 1:
        blocks.append(
            section(tr("There is nothing in this request that could be granted in part. Approve it, or deny it."))
        )
        return modal(OFFER, title, blocks, close=tr("Close"))
    why = text_input(multiline=True, max_length=300)
    blocks.append(input_block(REASON, tr("Why"), why, hint=tr("The requester reads it."), optional=True))
    if asks_first:
        who = mention(request.requester_id)
        blocks.insert(1, context(tr("Nothing is made or changed before {who} accepts the offer.", who=who)))
    return modal(OFFER, title, blocks, submit=title, private_metadata=str(request.id))


def _model_boxes(request: ApprovalRequest) -> list[Block]:
    models = [model for model in request.input.get("models") or () if len(model) <= 75][:10]
    if not models:
        return []
    boxes = checkboxes([option(model, model) for model in models], initial=models)
    return [input_block(MODELS, tr("Models"), boxes, hint=tr("At least one."))]


def about(request: ApprovalRequest) -> str:
    """Whose request about which key a window is."""
    return tr(
        "Request {number}: {who}, key {name}.",
        number=request.number,
        who=mention(request.requester_id),
        name=bold_name(request.key_name),
    )


def parse_offer(request: ApprovalRequest, state: State, *, now: float, units_per_usd: int) -> Offer:
    """What is offered. Raises InputError, also when nothing differs from what was asked."""
    changes: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for read, block_id in ((_quota, QUOTA), (_delta, DELTA), (_allowance, ALLOWANCE)):
        try:
            changes |= read(request.input, state, units_per_usd)
        except ValueError as error:
            errors[block_id] = str(error)
    for look, block_id in ((_expiry, EXPIRY), (_models, MODELS)):
        try:
            changes |= look(request.input, state, now)
        except ValueError as error:
            errors[block_id] = str(error)
    if errors:
        raise InputError(errors)
    if not changes:
        first = next((name for name in (QUOTA, DELTA, ALLOWANCE, EXPIRY, MODELS) if name in state), QUOTA)
        same = tr("Nothing differs from what was asked for. Use Approve to grant it as it is.")
        raise InputError({first: same})
    return Offer.model_validate({**changes, "reason": clean(typed(state, REASON)) or None})


def _quota(wanted: Mapping[str, Any], state: State, units_per_usd: int) -> dict[str, Any]:
    text = clean_number(typed(state, QUOTA))
    # A forged form may hold blocks that this request's form does not show.
    if not text or wanted.get("remain_quota") is None:
        return {}
    units = parse_quota(text, units_per_usd)
    return {"remain_quota": units} if wanted.get("unlimited_quota") or units != wanted["remain_quota"] else {}


def _has_delta(wanted: Mapping[str, Any]) -> bool:
    """Whether more quota can be offered: it was asked for, or no limit at all was."""
    return wanted.get("delta") is not None or ("delta" in wanted and bool(wanted.get("unlimited_quota")))


def _delta(wanted: Mapping[str, Any], state: State, units_per_usd: int) -> dict[str, Any]:
    if DELTA not in state or not _has_delta(wanted):
        return {}
    delta = parse_delta(typed(state, DELTA), units_per_usd)
    return {"delta": delta} if delta != wanted.get("delta") else {}


def _amount(wanted: Mapping[str, Any]) -> int | None:
    """Units of each refill that is asked for; None where none is."""
    terms = wanted.get("terms")
    return int(terms["amount"]) if isinstance(terms, dict) else None


def _allowance(wanted: Mapping[str, Any], state: State, units_per_usd: int) -> dict[str, Any]:
    asked = _amount(wanted)
    if ALLOWANCE not in state or asked is None:
        return {}
    amount = parse_quota(typed(state, ALLOWANCE), units_per_usd)
    if amount == 0:
        raise ValueError(tr("A refill of 0 adds nothing; offer some, or deny the request."))
    return {"allowance": amount} if amount != asked else {}


def _expiry(wanted: Mapping[str, Any], state: State, now: float) -> dict[str, Any]:
    span = _SPANS.get(typed(state, EXPIRY))
    if span is None or not isinstance(wanted.get("expiry"), dict):
        return {}
    asked_for = Expiry.model_validate(wanted["expiry"])
    if asked_for.at is not None and now + span > asked_for.at:
        raise ValueError(tr("That is later than was asked for."))
    return {"expiry": Expiry(seconds=span)}


def _models(wanted: Mapping[str, Any], state: State, _now: float) -> dict[str, Any]:
    if MODELS not in state or not wanted.get("models"):
        return {}
    models = ticked(state, MODELS)
    if not models:
        raise ValueError(tr("Leave at least one model."))
    return {"models": models} if set(models) != set(wanted.get("models") or ()) else {}
