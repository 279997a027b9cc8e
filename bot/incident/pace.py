"""How many keys of a batch are written together, and how long the gateway's limit on calls makes the rest take."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.db import named_values
from bot.gateway.limiter import CallLimiter
from bot.incident.models import BatchForecast, forecast_name

ROUND = 100
"""Keys that are judged and written together: one call reads so many records back."""
# Calls of a round beside its writes: reads before and after. A round is not begun for fewer keys than WORTH_IT.
READS, WORTH_IT = 8, 20
# A forecast shorter than this is not worth a line on the card.
FORECAST_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class BatchPace:
    """By what the limiter knows. `clock` in Unix seconds."""

    limiter: CallLimiter
    clock: Callable[[], float]

    def number(self, ready: int) -> int:
        """How many keys the next round may have, so that what it writes can be read back within the same limit."""
        room = self.limiter.room()
        if room is None:
            return min(ready, ROUND)
        number = min(ready, ROUND, room - READS)
        if number >= min(ready, WORTH_IT):
            return number
        # Where it is not known whether there is a limit, one key finds out.
        return int(room > 0 and self.limiter.holds is None)

    def pause(self, ready: int) -> float:
        """Seconds until a round can be begun."""
        return self.limiter.until_room(min(ready, WORTH_IT) + READS)

    def seconds(self, waiting: int) -> float:
        """How long so many keys take; 0.0 where no limit is known."""
        return self.limiter.forecast(waiting + math.ceil(waiting / ROUND) * READS) or 0.0

    def foretell(self, c: sa.Connection, batch_id: int, waiting: int) -> bool:
        """Note how long the rest takes, for the card; nothing where no limit makes it long. Whether that changed."""
        seconds = self.seconds(waiting)
        known: BatchForecast | None = named_values.get(c, forecast_name(batch_id))
        if seconds < FORECAST_SECONDS:
            if known is not None:
                forget(c, batch_id)
            return known is not None
        until = self.clock() + seconds
        if known is not None and abs(known["until"] - until) <= FORECAST_SECONDS:
            return False
        forecast = BatchForecast(until=until, seconds=seconds, per_minute=self.limiter.per_minute)
        named_values.put(c, forecast_name(batch_id), forecast)
        return True


def forget(c: sa.Connection, batch_id: int) -> None:
    """Forget the forecast of a batch that has nothing left to wait for."""
    named_values.remove(c, forecast_name(batch_id))
