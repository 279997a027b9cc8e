"""What models cost, in people's words: for the form and the card. Pure."""

import functools
from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.gateway.prices import ModelPrice
from bot.languages import Sentence, tr, trc, trn
from bot.operations import Change

# The line of prices beside the fields of a key; it is none itself.
PRICES = "prices"
_MOST = 12
_CENTS, _DIME = Decimal("0.01"), Decimal("0.1")


def price_text(price: ModelPrice, *, units_per_usd: int) -> str:
    """`$2.50 in, $10.00 out per million tokens`, `$0.04 a request`, `$0.10 a second`; "" when nothing is told."""
    scale = Decimal(units_per_usd) if price.in_units else Decimal(1)
    if price.input is not None and price.output is not None:
        into, out = _dollars(price.input / scale), _dollars(price.output / scale)
        return tr("{input} in, {output} out per million tokens", input=into, output=out)
    if price.input is not None:
        return tr("{price} per million tokens", price=_dollars(price.input / scale))
    if price.per_request is not None:
        return tr("{price} a request", price=_dollars(price.per_request))
    return "" if price.per_second is None else tr("{price} a second", price=_dollars(price.per_second))


def prices_text(models: Sequence[str], prices: Mapping[str, ModelPrice], *, units_per_usd: int) -> str:
    """What the chosen models cost, those that are told: `gpt-4o: $2.50 in, …`; "" when none is."""
    named = [model for model in models if model in prices]
    told: list[Sentence] = [
        tr("{model}: {price}", model=model, price=price_text(prices[model], units_per_usd=units_per_usd))
        for model in named[:_MOST]
    ]
    if len(named) > _MOST:
        told.append(trn("{count} more", "{count} more", len(named) - _MOST))
    if not told:
        return ""
    return functools.reduce(_joined, told)


def price_lines(models: Sequence[str], prices: Mapping[str, ModelPrice], *, units_per_usd: int) -> tuple[Change, ...]:
    """What the chosen models cost, as a line of its own; none where the gateway does not tell."""
    text = prices_text(models, prices, units_per_usd=units_per_usd)
    return (Change(field=PRICES, label=tr("Prices"), before=None, after=text),) if text else ()


def _joined(first: Sentence, rest: Sentence) -> Sentence:
    return trc("a list of prices", "{first}; {rest}", first=first, rest=rest)


def _dollars(amount: Decimal) -> str:
    """Cents, and for less than a dime three digits that tell something."""
    if amount == 0 or amount >= _DIME:
        return f"${amount.quantize(_CENTS):,}"
    digits = 2 - amount.adjusted()
    return f"${amount.quantize(Decimal(1).scaleb(-digits)).normalize():f}"
