"""What models cost, in the two forms that gateways tell it, and whatever makes no sense is left out."""

from decimal import Decimal
from typing import Any

import pytest

from bot.gateway.errors import GatewayRejected, Refusal
from bot.gateway.prices import ModelPrice, catalogue_prices, ratio_prices
from tests.gateway.kit import client_of, fake_gateway
from tests.keys.records import FACTS

BY_TOKENS = {"currency": "USD / M Tokens", "input": 4, "output": "24.5", "per_request": None, "per_second": None}


@pytest.mark.parametrize(
    ("profile", "price"),
    [
        ("cometapi", ModelPrice(input=Decimal("2.5"), output=Decimal(10))),
        ("upstream-g2", ModelPrice(input=Decimal(1_250_000), output=Decimal(5_000_000), in_units=True)),
    ],
)
async def test_the_prices_of_each_kind_of_gateway(profile: str, price: ModelPrice) -> None:
    fake = fake_gateway(profile)
    client = client_of(fake)
    await client.newest_keys()
    assert (await client.list_prices()).of_group("default")["gpt-4o"] == price


async def test_a_gateway_without_prices_tells_none() -> None:
    client = client_of(fake_gateway("cometapi", request_id_header="X-Oneapi-Request-Id"))
    assert (await client.list_prices()).models["gpt-4o"].input == Decimal("2.5")
    fake = fake_gateway("upstream-g1", upstream_endpoints=False)
    assert not (await client_of(fake).list_prices()).models


async def test_a_refusal_for_another_reason_is_not_taken_for_no_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(fake_gateway("upstream-g2"))

    async def refuse(*_args: Any, **_more: Any) -> Any:
        raise GatewayRejected(Refusal.GROUP_DENIED, facts=FACTS)

    monkeypatch.setattr(client._wire, "ask", refuse)
    with pytest.raises(GatewayRejected):
        await client.list_prices()


def test_the_catalogue_in_dollars() -> None:
    rows = [
        {"id": "a", "pricing": BY_TOKENS},
        {"id": "b", "pricing": {"currency": "USD / Request", "per_request": 0.04}},
        {"id": "c", "pricing": {"currency": "USD / Second", "per_second": "0.1"}},
    ]
    assert catalogue_prices(rows).of_group("any") == {
        "a": ModelPrice(input=Decimal(4), output=Decimal("24.5")),
        "b": ModelPrice(per_request=Decimal("0.04")),
        "c": ModelPrice(per_second=Decimal("0.1")),
    }


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        ["a"],
        [{"id": "a"}],
        [{"id": 7, "pricing": BY_TOKENS}],
        [{"id": "a", "pricing": {"currency": "EUR / M Tokens", "input": 1}}],
        [{"id": "a", "pricing": {"currency": "USD", "input": 1}}],
        [{"id": "a", "pricing": BY_TOKENS | {"input": -1, "output": "NaN"}}],
        [{"id": "a", "pricing": BY_TOKENS | {"input": True, "output": "1" * 40}}],
        [{"id": "a", "pricing": BY_TOKENS | {"input": "four", "output": []}}],
    ],
)
def test_a_catalogue_that_makes_no_sense_has_no_prices(data: Any) -> None:
    assert catalogue_prices(data).models == {}


def test_ratios_are_units_and_groups_multiply() -> None:
    rows = [
        {"model_name": "a", "quota_type": 0, "model_ratio": 1.25, "completion_ratio": 4},
        {"model_name": "b", "quota_type": 0, "model_ratio": 2},
        {"model_name": "c", "quota_type": 1, "model_price": 0.5},
    ]
    told = ratio_prices({"data": rows, "group_ratio": {"default": 1, "vip": 0.5, "odd": "x"}})
    assert told.of_group("vip") == {
        "a": ModelPrice(input=Decimal(625_000), output=Decimal(2_500_000), in_units=True),
        "b": ModelPrice(input=Decimal(1_000_000), in_units=True),
        "c": ModelPrice(per_request=Decimal("0.25")),
    }
    assert told.of_group("default")["b"].input == 2_000_000
    # What the automatic group, or one that is not told, will cost is not known.
    assert told.of_group("auto") == told.of_group("odd") == {}


@pytest.mark.parametrize(
    "document", [{}, {"data": 7, "group_ratio": 7}, {"data": [7, {"model_name": ""}, {"model_name": "a"}]}]
)
def test_ratios_that_make_no_sense_are_no_prices(document: dict[str, Any]) -> None:
    assert ratio_prices(document).models == {}
