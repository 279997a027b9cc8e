"""What the keys of some people cost in a week: the sum, the week before, the first five, what lies idle, what ends.

Pure, and of the same size however many keys are added.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.gateway.dollars import Dollars
from bot.gateway.models import EffectiveState
from bot.gateway.numbers import block_of
from bot.keys.inventory_store import KnownKey
from bot.keys.spending import DAY, Spending

SHOWN = 5
WEEK = 7 * DAY


@dataclass(frozen=True, order=True)
class WeekLine:
    """One key. `amount`: units, or the moment of its end."""

    amount: int
    key_id: int
    name: str = field(compare=False)
    owner_id: str = field(compare=False)

    def stored(self) -> list[Any]:
        """Plain JSON."""
        return [self.amount, self.key_id, self.name, self.owner_id]


@dataclass
class WeekReport:
    """Units of the last seven days and of those before; `unused`: units of keys that were never billed. All in units of
    the settings' gateway: keys of several are added by the dollars.
    """

    spent: int = 0
    before: int = 0
    unused: int = 0
    unused_keys: int = 0
    ending_keys: int = 0
    most_spent: list[WeekLine] = field(default_factory=list)
    most_unused: list[WeekLine] = field(default_factory=list)
    next_ends: list[WeekLine] = field(default_factory=list)

    @property
    def says_something(self) -> bool:
        """Whether anything was spent, ends soon or lies unused."""
        return bool(self.spent or self.before or self.unused_keys or self.ending_keys)

    def add(self, known: KnownKey, spent: Spending | None, *, now: float, dollars: Dollars) -> None:
        """One more key. `now`: by its gateway's clock."""
        key, owner, block = known.key, known.owner_id or "", block_of(known.key.id)
        week = 0 if spent is None else dollars.exchanged(spent.last(WEEK, now=now), block=block)
        self.spent += week
        if spent is not None:
            self.before += dollars.exchanged(spent.between(now - 2 * WEEK, now - WEEK), block=block)
        if week:
            self._keep(self.most_spent, WeekLine(week, int(key.id), key.name, owner))
        if key.state(now) is not EffectiveState.ACTIVE:
            return
        # A key that was just made has not had the time to be used.
        if key.used_quota <= 0 and not key.unlimited_quota and now - key.created_time >= WEEK:
            unused = dollars.exchanged(key.remain_quota, block=block)
            self.unused += unused
            self.unused_keys += 1
            self._keep(self.most_unused, WeekLine(unused, int(key.id), key.name, owner))
        if 0 < key.expired_time - now <= WEEK:
            self.ending_keys += 1
            self._keep(self.next_ends, WeekLine(-key.expired_time, int(key.id), key.name, owner))

    def _keep(self, lines: list[WeekLine], line: WeekLine) -> None:
        heapq.heappush(lines, line)
        if len(lines) > SHOWN:
            heapq.heappop(lines)

    def stored(self) -> dict[str, Any]:
        """Plain JSON for the row of the message, the largest first; ends by their moment."""
        return {
            "spent": self.spent,
            "before": self.before,
            "unused": self.unused,
            "unused_keys": self.unused_keys,
            "ending_keys": self.ending_keys,
            "most_spent": [line.stored() for line in sorted(self.most_spent, reverse=True)],
            "most_unused": [line.stored() for line in sorted(self.most_unused, reverse=True)],
            "next_ends": [[-line.amount, *line.stored()[1:]] for line in sorted(self.next_ends, reverse=True)],
        }


def merged(reports: Iterable[WeekReport]) -> WeekReport:
    """All of them as one; no key is in two."""
    whole = WeekReport()
    for one in reports:
        whole.spent += one.spent
        whole.before += one.before
        whole.unused += one.unused
        whole.unused_keys += one.unused_keys
        whole.ending_keys += one.ending_keys
        for mine, theirs in (
            (whole.most_spent, one.most_spent),
            (whole.most_unused, one.most_unused),
            (whole.next_ends, one.next_ends),
        ):
            mine[:] = heapq.nlargest(SHOWN, [*mine, *theirs])
    return whole
