"""Since when keys have been looked at without a gap: what was not watched is not judged.

A gap is a process that did not run for days, or a clock that was moved: which of them cannot be told apart, and after
either nobody may be held to a time that has passed without them.
"""

import sqlalchemy as sa

from bot.db import named_values
from bot.keys.spending import DAY

_NAME = "care.watch"
# Weekends and holidays without Keydesk are no gap.
GAP_SECONDS = 7 * DAY


def look(c: sa.Connection, now: float) -> float:
    """All keys are looked at now; returns since when this was so without a gap, 0 = always. `now`: the gateway's."""
    kept = named_values.get(c, _NAME) or {"since": 0.0, "last": now}
    gap = abs(now - kept["last"]) > GAP_SECONDS
    since = now if gap else kept["since"]
    named_values.put(c, _NAME, {"since": since, "last": now})
    return float(since)
