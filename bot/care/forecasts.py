"""When keys run dry at their pace, asked in every round: samples are read once a day for each key.

The pace is that of whole days, so it changes at midnight (UTC). What is left is taken anew in each round.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.gateway.models import Key
from bot.keys.spending import DAY, Spending, dry_at, pace

# Keys whose pace is remembered, under 300 bytes each. That of others is computed in each round.
MOST_KEYS = 100_000

# What a working day and a day of a weekend cost, by whether it is one; None: too little is known.
_Pace = tuple[float, float] | None


@dataclass(kw_only=True, eq=False)
class Forecasts:
    """One per process, for one round at a time. `clock` says when a day is over."""

    clock: Callable[[], float]
    most: int = MOST_KEYS
    _day: int = field(default=0, init=False)
    # By number: the birth, so that another key with this number has a pace of its own, and the pace.
    _paces: dict[int, tuple[int, _Pace]] = field(default_factory=dict, init=False)

    def needs_spending(self, key: Key) -> bool:
        """Whether its spending must be read before `dry_at` is asked."""
        self._begin_day()
        return self._paces.get(int(key.id), (None,))[0] != key.created_time

    def dry_at(self, key: Key, spent: Spending | None, *, now: float) -> float | None:
        """When the key runs dry, None = too little is known, nothing is spent, or it lasts for more than a year.

        `now`: by the clock of its gateway.
        """
        if not self.needs_spending(key):
            paces = self._paces[int(key.id)][1]
        elif spent is None:
            return None
        else:
            paces = _pace_of(spent, now)
            if len(self._paces) < self.most or int(key.id) in self._paces:
                self._paces[int(key.id)] = key.created_time, paces
        return None if paces is None else dry_at(paces, remain=key.remain_quota, now=now)

    def _begin_day(self) -> None:
        day = math.floor(self.clock() / DAY)
        if day != self._day:
            self._day, self._paces = day, {}


def _pace_of(spent: Spending, now: float) -> _Pace:
    found = pace(spent, now=now)
    return None if found is None else (found[False].middle, found[True].middle)
