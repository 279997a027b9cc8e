"""Reads what models cost, as far as a gateway tells: CometAPI's catalogue in dollars, new-api in ratios. Pure.

A price is only told, never counted with, so whatever makes no sense is left out and nothing here is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

MILLION = 1_000_000
_PER_REQUEST = 1
"""`quota_type` of a model that costs the same for each request, whatever its length."""
_LONGEST_NUMBER = 30


@dataclass(frozen=True, kw_only=True)
class ModelPrice:
    """What one model costs; None = not told. `input`, `output`: per million tokens, in dollars or `in_units` of quota.

    `per_request`, `per_second`: dollars.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    per_request: Decimal | None = None
    per_second: Decimal | None = None
    in_units: bool = False

    @property
    def told(self) -> bool:
        """Whether anything is known."""
        return any(one is not None for one in (self.input, self.output, self.per_request, self.per_second))

    def times(self, ratio: Decimal) -> "ModelPrice":
        """The price in a group that charges so many times as much."""
        return replace(
            self,
            input=_times(self.input, ratio),
            output=_times(self.output, ratio),
            per_request=_times(self.per_request, ratio),
            per_second=_times(self.per_second, ratio),
        )


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Prices by model, and by how much each group multiplies them; no ratios = groups cost the same."""

    models: Mapping[str, ModelPrice] = field(default_factory=dict)
    ratios: Mapping[str, Decimal] = field(default_factory=dict)

    def of_group(self, group: str) -> dict[str, ModelPrice]:
        """The prices in this group; none where it is not known what the group costs, as with the automatic one."""
        if not self.ratios:
            return dict(self.models)
        ratio = self.ratios.get(group)
        return {} if ratio is None else {model: price.times(ratio) for model, price in self.models.items()}


def catalogue_prices(data: Any) -> Prices:
    """Of CometAPI's public list: objects with `id` and `pricing` in dollars (gateway-api.md, section 2, row 12)."""
    found = {}
    for row in data if isinstance(data, list) else ():
        pricing = row.get("pricing") if isinstance(row, dict) else None
        model = row.get("id") if isinstance(row, dict) else None
        if not (isinstance(model, str) and model and isinstance(pricing, dict)):
            continue
        currency = str(pricing.get("currency", "")).casefold()
        by_tokens = "m tokens" in currency
        price = ModelPrice(
            input=_amount(pricing.get("input")) if by_tokens else None,
            output=_amount(pricing.get("output")) if by_tokens else None,
            per_request=_amount(pricing.get("per_request")),
            per_second=_amount(pricing.get("per_second")),
        )
        if "usd" in currency and price.told:
            found[model] = price
    return Prices(models=found)


def ratio_prices(document: Mapping[str, Any]) -> Prices:
    """Of new-api's `/api/pricing`: a ratio is units of quota per token, and groups multiply (section 2, row 12b)."""
    found = {}
    data = document.get("data")
    for row in data if isinstance(data, list) else ():
        model = row.get("model_name") if isinstance(row, dict) else None
        price = _ratio_price(row) if isinstance(model, str) and model else ModelPrice()
        if price.told:
            found[str(model)] = price
    told = document.get("group_ratio")
    ratios = {str(name): _amount(ratio) for name, ratio in told.items()} if isinstance(told, dict) else {}
    return Prices(models=found, ratios={name: ratio for name, ratio in ratios.items() if ratio is not None})


def _ratio_price(row: Mapping[str, Any]) -> ModelPrice:
    if row.get("quota_type") == _PER_REQUEST:
        return ModelPrice(per_request=_amount(row.get("model_price")))
    ratio, completion = _amount(row.get("model_ratio")), _amount(row.get("completion_ratio"))
    per_million = None if ratio is None else ratio * MILLION
    output = None if per_million is None or completion is None else per_million * completion
    return ModelPrice(input=per_million, output=output, in_units=True)


def _amount(value: Any) -> Decimal | None:
    """A number of zero or more, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > _LONGEST_NUMBER:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _times(price: Decimal | None, ratio: Decimal) -> Decimal | None:
    return None if price is None else price * ratio
