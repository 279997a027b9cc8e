"""Approve with changes: the form asks for what the request speaks of, and reads only what differs."""

from dataclasses import replace
from typing import Any

import pytest

from bot.approvals.cards.offer_form import (
    ALLOWANCE,
    DELTA,
    EXPIRY,
    KEEP,
    MODELS,
    OFFER,
    QUOTA,
    REASON,
    build_offer_modal,
    parse_offer,
)
from bot.approvals.models import ApprovalRequest, Status
from bot.errors import InputError
from bot.operations import Expiry
from bot.permissions.models import Approval
from tests.approvals.kit import NOW, new_request
from tests.features.kit import UNITS, block_ids

DAY = 86_400


def request(**wanted: Any) -> ApprovalRequest:
    return ApprovalRequest(**dict(new_request(input=wanted)), id=3, version=1, status=Status.PENDING, lapses_at=None)


NEW_KEY = request(
    name="search", remain_quota=2_000_000, expiry={"seconds": 30 * DAY, "at": None}, models=["gpt-5", "o4"]
)


def filled(quota: str = "2M", expiry: str = KEEP, models: tuple[str, ...] = ("gpt-5", "o4")) -> dict[str, Any]:
    return {
        QUOTA: {"value": {"value": quota}},
        EXPIRY: {"value": {"selected_option": {"value": expiry}}},
        MODELS: {"value": {"selected_options": [{"value": model} for model in models]}},
    }


def test_it_asks_for_what_the_request_speaks_of() -> None:
    view = build_offer_modal(NEW_KEY, units_per_usd=UNITS)
    assert (view["callback_id"], block_ids(view)) == (OFFER, [QUOTA, EXPIRY, MODELS, REASON])
    assert "90 days" not in str(view)
    assert block_ids(build_offer_modal(request(delta=500, key_id=7), units_per_usd=UNITS)) == [DELTA, REASON]


def test_what_cannot_be_granted_in_part_has_no_form() -> None:
    view = build_offer_modal(request(key_id=7), units_per_usd=UNITS)
    assert block_ids(view) == []
    assert "submit" not in view


@pytest.mark.parametrize(
    ("counter_offer", "title", "submit"),
    [(kind, "Approve with changes", "Approve with changes") for kind in ("ask", "stand")],
)
def test_it_is_an_offer_only_where_the_requester_must_accept(counter_offer: Any, title: str, submit: str) -> None:
    decision = replace(
        NEW_KEY.judgement.decision, approval=Approval(stages=(), expires=60.0, counter_offer=counter_offer)
    )
    judgement = NEW_KEY.judgement.model_copy(update={"decision": decision})
    view = build_offer_modal(NEW_KEY.model_copy(update={"judgement": judgement}), units_per_usd=UNITS)
    assert (view["title"]["text"], view["submit"]["text"]) == (title, submit)
    assert ("Nothing is made or changed before" in str(view)) == (counter_offer == "ask")


def test_only_what_differs_is_offered() -> None:
    offer = parse_offer(NEW_KEY, filled("1M", "7d", ("o4",)), now=NOW, units_per_usd=UNITS)
    assert (offer.remain_quota, offer.expiry, offer.models) == (1_000_000, Expiry(seconds=7 * DAY), ("o4",))
    offer = parse_offer(NEW_KEY, filled("1M"), now=NOW, units_per_usd=UNITS)
    assert (offer.expiry, offer.models) == (None, None)


@pytest.mark.parametrize(
    ("state", "field"),
    [(filled(), QUOTA), (filled("much"), QUOTA), (filled("1M", models=()), MODELS)],
)
def test_nothing_or_nonsense_is_told_at_its_field(state: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_offer(NEW_KEY, state, now=NOW, units_per_usd=UNITS)
    assert list(caught.value.fields) == [field]


def test_a_later_expiry_than_asked_is_refused() -> None:
    soon = request(remain_quota=5, expiry={"seconds": None, "at": int(NOW) + DAY})
    with pytest.raises(InputError, match="later than was asked"):
        parse_offer(soon, {EXPIRY: {"value": {"selected_option": {"value": "7d"}}}}, now=NOW, units_per_usd=UNITS)


def test_blocks_that_the_form_does_not_show_are_not_read() -> None:
    forged = filled("2M") | {DELTA: {"value": {"value": "+1000"}}}
    with pytest.raises(InputError):
        parse_offer(NEW_KEY, forged, now=NOW, units_per_usd=UNITS)
    raise_only = request(delta=500, key_id=7)
    offer = parse_offer(raise_only, filled("1") | {DELTA: {"value": {"value": "+100"}}}, now=NOW, units_per_usd=UNITS)
    assert offer.model_dump(exclude_none=True) == {"delta": 100}


REFILLED = request(key_id=7, terms={"amount": 500_000, "period": "week", "rollover": False})


def refills(amount: str) -> dict[str, Any]:
    return {ALLOWANCE: {"value": {"value": amount}}}


def test_less_in_each_refill_may_be_offered() -> None:
    view = build_offer_modal(REFILLED, units_per_usd=UNITS)
    assert block_ids(view) == [ALLOWANCE, REASON]
    offer = parse_offer(REFILLED, refills("$0.50"), now=NOW, units_per_usd=UNITS)
    assert offer.model_dump(exclude_none=True) == {"allowance": 250_000}
    for wrong, why in (("500k", "Nothing differs"), ("0", "adds nothing"), ("lots", "not an amount")):
        with pytest.raises(InputError, match=why):
            parse_offer(REFILLED, refills(wrong), now=NOW, units_per_usd=UNITS)
    with pytest.raises(InputError, match="Nothing differs"):
        parse_offer(request(key_id=7, terms=None), refills("5"), now=NOW, units_per_usd=UNITS)


def test_a_request_that_waits_for_nobody_has_no_word_of_an_offer() -> None:
    granted = new_request(input={"remain_quota": 5})
    judgement = granted.judgement.model_copy(update={"decision": replace(granted.judgement.decision, approval=None)})
    plain = NEW_KEY.model_copy(update={"judgement": judgement})
    assert "accepts the offer" not in str(build_offer_modal(plain, units_per_usd=UNITS))
    assert "accepts the offer" in str(build_offer_modal(NEW_KEY, units_per_usd=UNITS))
