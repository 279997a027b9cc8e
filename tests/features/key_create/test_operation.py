"""Asking for a key: the facts it is judged by, a name that is taken, and what an offer may cut."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_create.operation import OPERATION, CreateKey
from bot.operations import Expiry, Offer
from tests.approvals.kit import Offered
from tests.features.kit import ADA, look_on
from tests.gateway.kit import client_of, fake_gateway

WISH = CreateKey(name="search", remain_quota=100, expiry=Expiry(seconds=86_400), models=("a", "b"))


async def test_a_new_key_is_ones_own_and_adds_its_quota() -> None:
    look = look_on(client_of(fake_gateway()))
    found = await OPERATION.inspect(look, ADA, WISH)
    assert (found.own, found.key, found.facts.increase, found.facts.lifetime) == (True, None, 100, 86_400.0)


async def test_a_name_that_is_taken_is_told_at_its_field_but_not_in_the_live_line() -> None:
    taken = Offered()
    taken.taken = ("search",)
    client = client_of(fake_gateway())
    with pytest.raises(InputError) as caught:
        await OPERATION.inspect(look_on(client, inventory=taken), ADA, WISH)
    assert list(caught.value.fields) == ["name"]
    assert await OPERATION.inspect(look_on(client, inventory=taken, preview=True), ADA, WISH)


def test_an_offer_cuts_the_wish_down() -> None:
    less = OPERATION.with_offer(WISH, Offer(remain_quota=50, expiry=Expiry(seconds=60), models=("a",)))
    assert (less.remain_quota, less.expiry.seconds, less.models, less.name) == (50, 60, ("a",), "search")
    unlimited = WISH.model_copy(update={"unlimited_quota": True})
    assert OPERATION.with_offer(unlimited, Offer(remain_quota=500)).unlimited_quota is False


@pytest.mark.parametrize("more", [{"remain_quota": 101}, {"models": ("a", "c")}])
def test_an_offer_never_grants_more(more: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        OPERATION.with_offer(WISH, Offer(**more))
