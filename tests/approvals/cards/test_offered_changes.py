"""A card with a counter-offer shows the offered values, beside those that were asked or are now."""

from typing import Any

import pytest

from bot.approvals.cards.offered_changes import shown_changes
from bot.approvals.models import ApprovalRequest, Status
from bot.operations import Change, Expiry, Offer
from tests.approvals.kit import new_request
from tests.gateway.test_models import key

UNITS = 500_000


def row(change: Change, offer: Offer | None, **changes: Any) -> ApprovalRequest:
    new = dict(new_request(summary=(change,), **changes))
    return ApprovalRequest(**new, id=1, version=1, status=Status.OFFERED, lapses_at=None, counter_offer=offer)


def line(field: str, *, before: str | None = None, after: str = "asked") -> Change:
    return Change(field=field, label="Label", before=before, after=after)


@pytest.mark.parametrize(
    ("field", "offer", "after"),
    [
        ("remain_quota", Offer(remain_quota=500_000), "500k units ($1.00)"),
        ("delta", Offer(delta=500_000), "+500k units ($1.00)"),
        ("delta", Offer(delta=-500_000), "-500k units (-$1.00)"),
        ("expired_time", Offer(expiry=Expiry(seconds=86_400)), "1 day after approval"),
        ("model_limits", Offer(models=("a", "b")), "a, b"),
    ],
)
def test_an_offered_value_stands_beside_what_was_asked(field: str, offer: Offer, after: str) -> None:
    (shown,) = shown_changes(row(line(field), offer), UNITS)
    assert (shown.before, str(shown.after)) == ("asked", after)


def test_an_offered_refill_stands_beside_what_was_asked() -> None:
    terms = {"amount": 1_000_000, "period": "week", "rollover": True}
    (shown,) = shown_changes(row(line("allowance"), Offer(allowance=500_000), input={"terms": terms}), UNITS)
    assert (shown.before, str(shown.after)) == ("asked", "500k units ($1.00) added every week")


def test_a_new_key_is_refilled_with_the_offered_quota() -> None:
    of_new = {"remain_quota": 1_000_000, "refill": "day"}
    (shown,) = shown_changes(row(line("allowance"), Offer(remain_quota=500_000), input=of_new), UNITS)
    assert str(shown.after) == "filled up to 500k units ($1.00) every day"
    change = line("allowance")
    assert shown_changes(row(change, Offer(models=("a",)), input=of_new), UNITS) == (change,)


def test_what_a_key_would_have_left_follows_the_offer() -> None:
    before = key(remain_quota=1_000_000)
    change = line("remain_quota", before="1M units ($2.00)", after="3M units ($6.00)")
    (shown,) = shown_changes(row(change, Offer(delta=500_000), before=before), UNITS)
    assert (shown.before, str(shown.after)) == ("1M units ($2.00)", "1.5M units ($3.00)")
    # Of an older row the record is not known: what was asked is left as it is.
    assert shown_changes(row(change, Offer(delta=500_000), before=None), UNITS) == (change,)


@pytest.mark.parametrize("offer", [None, Offer(), Offer(models=("a",)), Offer(expiry=Expiry(seconds=1))])
def test_what_an_offer_does_not_speak_of_stays(offer: Offer | None) -> None:
    for change in (line("remain_quota"), line("delta"), line("name")):
        assert shown_changes(row(change, offer), UNITS) == (change,)


def test_the_same_value_is_no_change() -> None:
    change = line("model_limits", after="a")
    assert shown_changes(row(change, Offer(models=("a",))), UNITS) == (change,)
