"""What is offered and who must approve, in words."""

import pytest

from bot.approvals.cards.terms import approval_text, offer_text
from bot.operations import Expiry, Offer
from bot.permissions.models import Approval, Stage
from tests.approvals.kit import NOW

UNITS = 500_000


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (Offer(remain_quota=500_000), "Quota "),
        (Offer(delta=500_000), "more quota"),
        (Offer(expiry=Expiry(seconds=86_400)), "Lifetime 1 day"),
        (Offer(expiry=Expiry(at=int(NOW))), "Lifetime <!date"),
        (Offer(allowance=500_000), "500k units ($1.00) in each refill"),
        (Offer(models=("gpt-5", "o4")), "Models `gpt-5`, `o4`"),
        (Offer(models=()), "Models all"),
    ],
)
def test_an_offer_in_words(offer: Offer, words: str) -> None:
    assert words in offer_text(offer, UNITS)


def test_who_must_approve_in_words() -> None:
    stages = (Stage(roles=("manager", "owner")), Stage(roles=("security",), count=2))
    assert approval_text(Approval(stages=stages, expires=1.0)) == "*manager* or *owner*, then 2 people of *security*"
