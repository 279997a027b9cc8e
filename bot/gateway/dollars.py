"""How many units make a dollar: the one place that says which number holds for which key.

An amount is stored in units of its key's gateway. Amounts of gateways that count differently are comparable only by
the dollars that they are worth; where one number must stand for them all, it is in units of the settings' gateway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.gateway.numbers import block_named, block_of
from bot.units import UNITS_PER_USD


@dataclass(frozen=True, kw_only=True)
class Dollars:
    """`usual`: units for a dollar at the gateway of the settings. `others`: by block, where a gateway counts others."""

    usual: int = UNITS_PER_USD
    others: Mapping[int, int] = field(default_factory=dict)

    def in_block(self, block: int) -> int:
        """Units for a dollar at the gateway with this block."""
        return self.others.get(block, self.usual)

    def of(self, key_id: int | None) -> int:
        """Units for a dollar at this key's gateway; at that of the settings where no key is known."""
        return self.usual if key_id is None else self.in_block(block_of(key_id))

    def at(self, gateway: str | None) -> int:
        """Units for a dollar at a gateway that is named; "" and None = that of the settings."""
        return self.in_block(block_named(gateway) if gateway else 0)

    def exchanged(self, units: int, *, block: int, into: int = 0) -> int:
        """Units of the gateway of `into` that are worth as much, a part of a unit rounded up: what was given."""
        return -self.afforded(-units, block=block, into=into)

    def afforded(self, units: int, *, block: int = 0, into: int = 0) -> int:
        """The same with a part of a unit left out: what may be given still."""
        ours, theirs = self.in_block(block), self.in_block(into)
        return units if ours == theirs else units * theirs // ours

    def together(self, amounts: Iterable[tuple[int, int]]) -> int:
        """What amounts, each with its key, are worth together, in units of the settings' gateway."""
        return sum(self.exchanged(units, block=block_of(key_id)) for key_id, units in amounts)


USUAL = Dollars()
