"""Prices in people's words."""

from decimal import Decimal

import pytest

from bot.gateway.prices import ModelPrice
from bot.keys.prices import price_text, prices_text

UNITS = 500_000


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (ModelPrice(input=Decimal(4), output=Decimal("24.5")), "$4.00 in, $24.50 out per million tokens"),
        (
            ModelPrice(input=Decimal(75_000), output=Decimal(300_000), in_units=True),
            "$0.15 in, $0.60 out per million tokens",
        ),
        (ModelPrice(input=Decimal("0.0123456")), "$0.0123 per million tokens"),
        (ModelPrice(input=Decimal(1500)), "$1,500.00 per million tokens"),
        (ModelPrice(input=Decimal(0)), "$0.00 per million tokens"),
        (ModelPrice(per_request=Decimal("0.04")), "$0.04 a request"),
        (ModelPrice(per_second=Decimal("0.0000125")), "$0.0000125 a second"),
        (ModelPrice(output=Decimal(3)), ""),
    ],
)
def test_a_price(price: ModelPrice, text: str) -> None:
    assert price_text(price, units_per_usd=UNITS) == text


def test_the_chosen_models_with_what_is_known_of_them() -> None:
    prices = {f"m{number}": ModelPrice(per_request=Decimal(number)) for number in range(1, 20)}
    assert (
        prices_text(["m1", "unknown", "m2"], prices, units_per_usd=UNITS) == "m1: $1.00 a request; m2: $2.00 a request"
    )
    assert prices_text(["unknown"], prices, units_per_usd=UNITS) == ""
    assert prices_text(list(prices), prices, units_per_usd=UNITS).endswith("m12: $12.00 a request; 7 more")
