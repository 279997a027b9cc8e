"""Since when keys have been looked at without a gap: what was not watched is not judged.

A gap is a process that did not run for days, or a clock that was moved: which of them cannot be told apart, and after
either nobody may be held to a time that has passed without them.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.keys.spending import DAY, HOUR

_NAME = "care.watch"
# Weekends and holidays without Keydesk are no gap.
GAP_SECONDS = 7 * DAY
# Not every look is worth a write.
NOTE_SECONDS = HOUR


async def look(database: Database, now: float) -> float:
    """All keys are looked at now; returns since when this was so without a gap, 0 = always. `now`: the gateway's."""
    kept: Mapping[str, float] | None = await database.read(_kept)
    passed = NOTE_SECONDS if kept is None else abs(now - kept["last"])
    since = now if passed > GAP_SECONDS else 0.0 if kept is None else kept["since"]
    if passed >= NOTE_SECONDS:
        await database.run(named_values.put, _NAME, {"since": since, "last": now})
    return since


def _kept(c: sa.Connection) -> Any:
    return named_values.get(c, _NAME)
